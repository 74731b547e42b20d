//! `events tail|show`.

use server::http::model::{Event, EventSummary, Page};

use super::{listing, now_ns};
use crate::api::{Api, escape};
use crate::arguments::{Arguments, Events, Form, Paging};
use crate::failure::Failure;
use crate::output;
use crate::render::table::{pairs, table};
use crate::render::time::{short, when};

/// How long one question waits for news.
const WAIT_MS: u32 = 10_000;

pub fn run(arguments: &Arguments, events: &Events) -> Result<(), Failure> {
    let api = Api::new(arguments)?;
    match events {
        Events::Show { key, body: true } => output::bytes(&api.bytes(&format!("/v1/events/{}/body", escape(key)))?),
        Events::Show { key, body: false } => {
            let event: Event = api.get(&format!("/v1/events/{}", escape(key)), &[])?;
            output::answer(arguments.output, &event, show)
        }
        Events::Tail { limit, follow, job, run, kind } => {
            let filters = [("job", job.clone()), ("run", run.clone()), ("kind", kind.clone())];
            tail(arguments, &api, &filters, *limit, *follow)
        }
    }
}

fn tail(
    arguments: &Arguments,
    api: &Api,
    filters: &[(&'static str, Option<String>)],
    limit: u32,
    follow: bool,
) -> Result<(), Failure> {
    let page = Paging { limit: Some(limit), cursor: None };
    let asked = |more: (&'static str, &str)| {
        let mut query = listing(filters, &page);
        query.push((more.0, more.1.to_owned()));
        query
    };
    // Asked first: what comes between the two questions is printed once and not left out.
    let end: Page<EventSummary> = api.get("/v1/events", &asked(("from", "end")))?;
    let mut newest: Page<EventSummary> = api.get("/v1/events", &asked(("newest", "true")))?;
    newest.items.reverse();
    newest.next = None;
    print(arguments.output, &newest)?;
    if !follow {
        return Ok(());
    }
    api.expect_news("--follow")?;
    let mut printed = newest.items.last().map(|event| event.leaf);
    let mut cursor = end.next;
    loop {
        let mut query = asked(("wait_ms", &WAIT_MS.to_string()));
        query.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
        let mut page: Page<EventSummary> = api.get("/v1/events", &query)?;
        page.items.retain(|event| Some(event.leaf) > printed);
        printed = page.items.last().map(|event| event.leaf).or(printed);
        cursor = page.next.take().or(cursor);
        if !page.items.is_empty() {
            print(arguments.output, &page)?;
        }
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
                when(event.received_at, now_ns()),
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
