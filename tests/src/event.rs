//! Events of a small world: each run has a job of its own, reads one table and writes another.

use serde_json::json;

/// The topic that clients send to.
pub const TOPIC: &str = "openlineage.events";

/// An event of a run, as JSON. The same arguments give the same event.
pub fn run_event(run: u64, kind: &str) -> String {
    let dataset = |name: String| json!([{ "namespace": "postgres://warehouse:5432", "name": name }]);
    let (minute, second) = (run / 60 % 60, run % 60);
    let hour = if kind == "START" { 6 } else { 7 };
    json!({
        "eventType": kind, "eventTime": format!("2026-03-01T{hour:02}:{minute:02}:{second:02}Z"),
        "producer": "https://example.test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": { "runId": format!("01920000-0000-7000-8000-{run:012}") },
        "job": { "namespace": "shop", "name": format!("job-{run}") },
        "inputs": dataset(format!("raw.t{}", run % 31)), "outputs": dataset(format!("mart.t{}", run % 17)),
    })
    .to_string()
}
