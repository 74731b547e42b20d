//! `rejected list|show|replay`.

use server::http::model::{Page, Receipt, Rejected as Refused, RejectedSummary};

use super::{listing, more, now_ns};
use crate::api::{Api, escape};
use crate::arguments::{Arguments, Rejected};
use crate::failure::Failure;
use crate::output;
use crate::render::table::{pairs, table};
use crate::render::time::{short, when};

pub fn run(arguments: &Arguments, rejected: &Rejected) -> Result<(), Failure> {
    match rejected {
        Rejected::List { code, source, since, page } => {
            let since = since.map(|time| time.to_string());
            let query = listing(&[("code", code.clone()), ("source", source.clone()), ("since", since)], page);
            let refused: Page<RejectedSummary> = Api::new(arguments)?.get("/v1/rejected", &query)?;
            output::answer(arguments.output, &refused, |refused| {
                let place = |row: &RejectedSummary| row.path.clone().unwrap_or_default();
                let row = |row: &RejectedSummary| {
                    vec![
                        row.key.clone(),
                        row.code.clone(),
                        place(row),
                        row.reason.clone(),
                        row.source.clone(),
                        when(row.received_at, now_ns()),
                    ]
                };
                table(
                    &["key", "code", "where", "why", "from", "when"],
                    refused.items.iter().map(row).collect(),
                    "Nothing was refused.",
                )
            })?;
            more(&refused);
            Ok(())
        }
        Rejected::Show { key } => {
            let refused: Refused = Api::new(arguments)?.get(&format!("/v1/rejected/{}", escape(key)), &[])?;
            output::answer(arguments.output, &refused, show)
        }
        Rejected::Replay { key, file } => {
            let api = Api::writing(arguments)?;
            let payload = match file {
                Some(file) => {
                    std::fs::read(file).map_err(|error| Failure::unasked(format!("{}: {error}", file.display())))?
                }
                None => api.bytes(&format!("/v1/rejected/{}/payload", escape(key)))?,
            };
            let receipt: Receipt = api.post("/api/v1/lineage", payload, &[])?;
            output::answer(arguments.output, &receipt, |receipt| {
                format!("Recorded: event {} at {}", receipt.event_id, receipt.position)
            })
        }
    }
}

fn show(refused: &Refused) -> String {
    let summary = &refused.summary;
    let findings: Vec<String> = refused
        .findings
        .iter()
        .map(|finding| format!("{} {} at {}: {}", finding.grade, finding.code, finding.path, finding.message))
        .collect();
    let whole = if refused.payload_is_whole { "kept whole" } else { "its beginning is kept" };
    pairs(&[
        ("key", summary.key.clone()),
        ("code", summary.code.clone()),
        ("where", summary.path.clone().unwrap_or_default()),
        ("why", summary.reason.clone()),
        ("findings", findings.join("\n")),
        ("from", format!("{}/{}/{}", summary.source, summary.partition, summary.offset)),
        ("received", short(summary.received_at)),
        ("payload", format!("{} bytes, {whole}", summary.payload_bytes)),
    ])
}
