//! `alerts list|show|watch|test`.

use server::http::model::{Alert, AlertState, AlertSummary, AlertTest, ControlReceipt, Page, Severity};

use super::{listing, more, now_ns};
use crate::api::{Api, escape};
use crate::arguments::{AlertFilter, Alerts, Arguments, Form};
use crate::failure::Failure;
use crate::output::{self, BAD, DOUBTFUL, GOOD, painted};
use crate::render::table::{pairs, table};
use crate::render::time::{ago, when};

/// How long one question waits for news.
const WAIT_MS: u32 = 10_000;

pub fn run(arguments: &Arguments, alerts: &Alerts) -> Result<(), Failure> {
    match alerts {
        Alerts::List(filter) => {
            let mut query = wanted(filter);
            query.push(("newest", "true".to_owned()));
            let alerts: Page<AlertSummary> = Api::new(arguments)?.get("/v1/alerts", &query)?;
            print(arguments.output, &alerts, "Nothing has fired.")?;
            more(&alerts);
            Ok(())
        }
        Alerts::Show { alert } => {
            let alert: Alert = Api::new(arguments)?.get(&format!("/v1/alerts/{}", escape(alert)), &[])?;
            output::answer(arguments.output, &alert, show)
        }
        Alerts::Watch(filter) => watch(arguments, &Api::new(arguments)?, filter),
        Alerts::Test { message } => {
            let api = Api::writing(arguments)?;
            let body = serde_json::to_vec(&AlertTest { message: message.clone() }).map_err(Failure::unasked)?;
            let receipt: ControlReceipt = api.order("/v1/alerts/test", body)?;
            output::answer(arguments.output, &receipt, |receipt| {
                format!("The test alert is on its way: {}", receipt.position)
            })
        }
    }
}

fn wanted(filter: &AlertFilter) -> Vec<(&'static str, String)> {
    let since = filter.since.map(|time| time.to_string());
    let rows = [
        ("state", filter.state.clone()),
        ("severity", filter.severity.clone()),
        ("rule", filter.rule.clone()),
        ("since", since),
    ];
    listing(&rows, &filter.page)
}

fn watch(arguments: &Arguments, api: &Api, filter: &AlertFilter) -> Result<(), Failure> {
    api.expect_news("alerts watch")?;
    let mut cursor = filter.page.cursor.clone();
    loop {
        let mut query = wanted(filter);
        query.retain(|(name, _)| *name != "cursor");
        query.push(("wait_ms", WAIT_MS.to_string()));
        query.push(cursor.clone().map_or(("from", "end".to_owned()), |cursor| ("cursor", cursor)));
        let page: Page<AlertSummary> = api.get("/v1/alerts", &query)?;
        if !page.items.is_empty() {
            print(arguments.output, &page, "")?;
        }
        cursor = page.next.or(cursor);
    }
}

fn show(alert: &Alert) -> String {
    let summary = &alert.summary;
    let text =
        |pointer: &str| alert.body.pointer(pointer).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let owners = alert.body["owners"].as_array().into_iter().flatten();
    let owners = owners.map(|owner| {
        let source = owner["source"].as_str().unwrap_or_default();
        format!("{} ({source})", owner["name"].as_str().unwrap_or_default())
    });
    let affected = |what: &str| alert.body["affected"][what].as_u64().unwrap_or(0);
    let leaves: Vec<String> = alert.evidence.iter().map(u64::to_string).collect();
    pairs(&[
        ("alert", summary.alert_id.clone()),
        ("what", summary.summary.clone()),
        ("state", format!("{}, message {}", state(summary), summary.sequence)),
        ("severity", severity(summary)),
        ("rule", summary.rule.clone()),
        ("subject", summary.subject.id.clone()),
        ("began", ago(summary.at, now_ns())),
        ("resolved", text("/resolved_at")),
        ("because", text("/resolution")),
        ("owners", owners.collect::<Vec<_>>().join("\n")),
        ("affected", format!("{} datasets, {} jobs downstream", affected("datasets"), affected("jobs"))),
        ("what to do", alert.remedy.join("\n")),
        ("runbook", text("/runbook")),
        ("leaves", leaves.join(", ")),
    ])
}

fn severity(alert: &AlertSummary) -> String {
    match alert.severity {
        Severity::Critical => painted("critical", BAD),
        Severity::Warning => painted("warning", DOUBTFUL),
        Severity::Info => "info".to_owned(),
    }
}

fn state(alert: &AlertSummary) -> String {
    match alert.state {
        AlertState::Firing => painted("firing", BAD),
        AlertState::Updated => painted("updated", BAD),
        AlertState::Resolved => painted("resolved", GOOD),
    }
}

fn print(form: Form, alerts: &Page<AlertSummary>, none: &str) -> Result<(), Failure> {
    output::answer(form, alerts, |alerts| {
        let row = |alert: &AlertSummary| {
            vec![
                severity(alert),
                state(alert),
                alert.rule.clone(),
                alert.summary.clone(),
                when(alert.at, now_ns()),
                alert.alert_id.get(..12).unwrap_or_default().to_owned(),
            ]
        };
        table(&["severity", "state", "rule", "what", "when", "alert"], alerts.items.iter().map(row).collect(), none)
    })
}
