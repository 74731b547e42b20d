//! OpenLineage events as the tests send them.

use serde_json::{Value, json};

fn event(kind: &str, minute: u32, run: &str, job: &str, inputs: &[&str], outputs: &[&str]) -> Value {
    let dataset = |name: &&str| {
        json!({"namespace": "db", "name": name, "facets": {"schema": {
            "_producer": "https://example.test", "_schemaURL": "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json",
            "fields": [{"name": "id", "type": "bigint"}]}}})
    };
    json!({
        "eventType": kind,
        "eventTime": format!("2026-05-03T09:{minute:02}:00Z"),
        "producer": "https://example.test/producer",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run},
        "job": {"namespace": "etl", "name": job},
        "inputs": inputs.iter().map(dataset).collect::<Vec<_>>(),
        "outputs": outputs.iter().map(dataset).collect::<Vec<_>>(),
    })
}

pub fn start(run: &str, job: &str, inputs: &[&str], outputs: &[&str]) -> Vec<u8> {
    event("START", 0, run, job, inputs, outputs).to_string().into_bytes()
}

pub fn complete(run: &str, job: &str, inputs: &[&str], outputs: &[&str]) -> Vec<u8> {
    event("COMPLETE", 5, run, job, inputs, outputs).to_string().into_bytes()
}

pub fn fail(run: &str, job: &str, message: &str) -> Vec<u8> {
    let mut event = event("FAIL", 5, run, job, &[], &[]);
    event["run"]["facets"] = json!({"errorMessage": {
        "_producer": "https://example.test", "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/ErrorMessageRunFacet.json",
        "message": message, "programmingLanguage": "PYTHON"}});
    event.to_string().into_bytes()
}
