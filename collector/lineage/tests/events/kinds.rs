//! Which of the three events it is.

use lineage::facts::EventKind;
use serde_json::{Value, json};

use super::{lines, run_event, with};

const SPEC: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json";

#[track_caller]
fn check(name: &str, schema_url: Option<&str>, members: &[&str], expected: EventKind, findings: &str) {
    let mut event = run_event();
    event["dataset"] = json!({"namespace": "s3://lake", "name": "orders"});
    let object = event.as_object_mut().expect("an object");
    object.retain(|key, _| {
        ["eventTime", "producer", "eventType"].contains(&key.as_str()) || members.contains(&key.as_str())
    });
    if let Some(url) = schema_url {
        object.insert("schemaURL".into(), Value::from(format!("{SPEC}{url}")));
    }
    with(event.to_string().as_bytes(), |outcome| {
        let decoded = outcome.unwrap_or_else(|rejection| panic!("{name}: {rejection}"));
        assert_eq!(decoded.facts.kind, expected, "{name}");
        let (run, job, dataset) = match expected {
            EventKind::Run => (true, true, false),
            EventKind::Job => (false, true, false),
            EventKind::Dataset => (false, false, true),
        };
        let facts = &decoded.facts;
        assert_eq!((facts.run.is_some(), facts.job.is_some(), facts.dataset.is_some()), (run, job, dataset), "{name}");
        assert_eq!(lines(&decoded.findings), findings, "{name}");
    });
}

#[test]
fn told_by_schema_url_then_members() {
    use EventKind::*;
    check("run", Some("#/$defs/RunEvent"), &["run", "job"], Run, "");
    check("run by the old fragment", Some("#/definitions/RunEvent"), &["run", "job"], Run, "");
    check("job", Some("#/$defs/JobEvent"), &["job", "inputs"], Job, "");
    check("dataset", Some("#/$defs/DatasetEvent"), &["dataset"], Dataset, "");
    check("no fragment: run", Some(""), &["run", "job"], Run, "");
    check("no fragment: job", Some(""), &["job"], Job, "");
    check("no fragment: dataset", Some(""), &["dataset"], Dataset, "");
    check("unknown fragment", Some("#/$defs/Event"), &["job"], Job, "");
    check("no schemaURL", None, &["job"], Job, "warn missing-member $.schemaURL");
    check("a dataset event may carry a job too", Some("#/$defs/DatasetEvent"), &["dataset", "job"], Dataset, "");
    let contradicting = "warn contradicting-kind $.schemaURL";
    check("a run in a job event", Some("#/$defs/JobEvent"), &["run", "job"], Run, contradicting);
    check("a dataset in a run event", Some("#/$defs/RunEvent"), &["dataset"], Dataset, contradicting);
    check("a job in a dataset event", Some("#/$defs/DatasetEvent"), &["job"], Job, contradicting);
}
