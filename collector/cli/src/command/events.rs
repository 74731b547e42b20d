//! `events tail|show`.

use server::http::model::{Event, EventSummary, Page};

use super::now_ns;
use crate::api::{Api, escape};
use crate::arguments::{Arguments, Events, Form};
use crate::failure::Failure;
use crate::output;
use crate::render::table::{pairs, table};
use crate::render::time::{ago, short};

/// How long one question waits for news.
const WAIT_MS: u32 = 10_000;

pub fn run(arguments: &Arguments, events: &Events) -> Result<(), Failure> {
    let api = Api::new(arguments)?;
    match events {
        Events::Show { key } => {
            let event: Event = api.get(&format!("/v1/events/{}", escape(key)), &[])?;
            output::answer(arguments.output, &event, show)
        }
        Events::Tail { limit, follow } => tail(arguments, &api, *limit, *follow),
    }
}

fn tail(arguments: &Arguments, api: &Api, limit: u32, follow: bool) -> Result<(), Failure> {
    let end: Page<EventSummary> = api.get("/v1/events", &[("from", "end".to_owned())])?;
    let query = [("newest", "true".to_owned()), ("limit", limit.to_string())];
    let mut newest: Page<EventSummary> = api.get("/v1/events", &query)?;
    newest.items.reverse();
    newest.next = None;
    print(arguments.output, &newest)?;
    let mut cursor = end.next;
    if !follow {
        return Ok(());
    }
    api.expect_news("--follow")?;
    loop {
        let mut query = vec![("wait_ms", WAIT_MS.to_string())];
        query.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
        let page: Page<EventSummary> = api.get("/v1/events", &query)?;
        if !page.items.is_empty() {
            print(arguments.output, &page)?;
        }
        cursor = page.next.or(cursor);
    }
}

fn print(form: Form, page: &Page<EventSummary>) -> Result<(), Failure> {
    output::answer(form, page, |page| {
        let about = |event: &EventSummary| event.job.as_ref().map(|job| job.name.clone()).unwrap_or_default();
        let row = |event: &EventSummary| {
            vec![
                event.leaf.to_string(),
                event.kind.clone(),
                event.event_type.clone().unwrap_or_default(),
                about(event),
                event.run_id.clone().unwrap_or_default(),
                ago(event.received_at, now_ns()),
            ]
        };
        table(
            &["leaf", "kind", "type", "job", "run", "received"],
            page.items.iter().map(row).collect(),
            "Nothing is recorded yet.",
        )
    })
}

fn show(event: &Event) -> String {
    let summary = &event.summary;
    let findings: Vec<String> = event
        .findings
        .iter()
        .map(|finding| format!("{} {} at {}: {}", finding.grade, finding.code, finding.path, finding.message))
        .collect();
    pairs(&[
        ("leaf", summary.leaf.to_string()),
        ("kind", summary.kind.clone()),
        ("event id", summary.event_id.clone().unwrap_or_default()),
        ("position", summary.position.to_string()),
        ("received", short(summary.received_at)),
        ("happened", summary.event_time.map(short).unwrap_or_default()),
        ("findings", findings.join("\n")),
        ("record", serde_json::to_string_pretty(&event.leaf).unwrap_or_default()),
    ])
}
