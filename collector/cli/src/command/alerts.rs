//! `alerts list|watch|test`.

use server::http::model::{AlertState, AlertSummary, AlertTest, ControlReceipt, Page, Severity};

use super::{more, now_ns, paging};
use crate::api::Api;
use crate::arguments::{Alerts, Arguments, Form};
use crate::failure::Failure;
use crate::output::{self, BAD, DOUBTFUL, GOOD, painted};
use crate::render::table::table;
use crate::render::time::ago;

pub fn run(arguments: &Arguments, alerts: &Alerts) -> Result<(), Failure> {
    match alerts {
        Alerts::List(page) => {
            let mut query = paging(page);
            query.push(("newest", "true".to_owned()));
            let alerts: Page<AlertSummary> = Api::new(arguments)?.get("/v1/alerts", &query)?;
            print(arguments.output, &alerts, "Nothing has fired.")?;
            more(&alerts);
            Ok(())
        }
        Alerts::Watch => watch(arguments, &Api::new(arguments)?),
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

fn watch(arguments: &Arguments, api: &Api) -> Result<(), Failure> {
    api.expect_news("alerts watch")?;
    let mut cursor: Option<String> = None;
    loop {
        let mut query = vec![("wait_ms", "10000".to_owned())];
        query.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
        let page: Page<AlertSummary> = api.get("/v1/alerts", &query)?;
        if !page.items.is_empty() {
            print(arguments.output, &page, "")?;
        }
        cursor = page.next.or(cursor);
    }
}

fn print(form: Form, alerts: &Page<AlertSummary>, none: &str) -> Result<(), Failure> {
    output::answer(form, alerts, |alerts| {
        let severity = |alert: &AlertSummary| match alert.severity {
            Severity::Critical => painted("critical", BAD),
            Severity::Warning => painted("warning", DOUBTFUL),
            Severity::Info => "info".to_owned(),
        };
        let state = |alert: &AlertSummary| match alert.state {
            AlertState::Firing => painted("firing", BAD),
            AlertState::Updated => painted("updated", BAD),
            AlertState::Resolved => painted("resolved", GOOD),
        };
        let row = |alert: &AlertSummary| {
            vec![
                severity(alert),
                state(alert),
                alert.rule.clone(),
                alert.summary.clone(),
                ago(alert.at, now_ns()),
                alert.alert_id.get(..12).unwrap_or_default().to_owned(),
            ]
        };
        table(&["severity", "state", "rule", "what", "when", "alert"], alerts.items.iter().map(row).collect(), none)
    })
}
