//! Bounds: what is beyond them is noticed and left out of the facts.

use lineage::decode::Limits;
use lineage::facts::Text;
use serde_json::{Value, json};

use super::{lines, run_event, with, with_limits};

#[test]
fn datasets_beyond_the_limit_are_left_out() {
    let mut event = run_event();
    let dataset = |i: usize| json!({"namespace": "n", "name": format!("t{i}")});
    event["inputs"] = (0..5).map(dataset).collect();
    event["outputs"] = (5..9).map(dataset).collect();
    let limits = Limits { datasets_per_run_max: 6, ..Limits::default() };
    with_limits(event.to_string().as_bytes(), &limits, |outcome| {
        let decoded = outcome.expect("accepted");
        assert_eq!((decoded.facts.inputs.len(), decoded.facts.outputs.len()), (5, 1));
        assert_eq!(lines(&decoded.findings), "warn too-many-datasets $.outputs");
    });
    // A dataset beyond the limit is still looked at.
    event["outputs"][3] = json!({});
    with_limits(event.to_string().as_bytes(), &limits, |outcome| {
        assert_eq!(outcome.expect_err("refused").finding.code, "missing-member");
    });
}

#[test]
fn items_beyond_the_limit_are_left_out() {
    let mut event = run_event();
    let tags: Vec<Value> = (0..5).map(|i| json!({"key": format!("k{i}"), "value": "v"})).collect();
    event["job"]["facets"]["tags"] = json!({"_producer": "u:p", "_schemaURL": "u:s", "tags": tags});
    with_limits(event.to_string().as_bytes(), &Limits { items_max: 3, ..Limits::default() }, |outcome| {
        let decoded = outcome.expect("accepted");
        assert_eq!(decoded.facts.job.and_then(|job| job.tags).map(|tags| tags.len()), Some(3));
        assert_eq!(lines(&decoded.findings), "warn too-many-items $.job.facets.tags.tags");
    });
}

#[test]
fn long_texts_are_cut_and_long_values_left_out() {
    let mut event = run_event();
    let long = "é\n".repeat(3000);
    event["job"]["facets"]["sql"] =
        json!({"_producer": "u:p", "_schemaURL": "u:s", "query": long, "dialect": "d".repeat(4097)});
    event["producer"] = json!(format!("u:{}", "p".repeat(2000)));
    with(event.to_string().as_bytes(), |outcome| {
        let decoded = outcome.expect("accepted");
        let sql = decoded.facts.job.and_then(|job| job.sql).expect("sql");
        assert_eq!((sql.query.bytes, sql.query.text), (9000, &long[..Text::BYTES_MAX - 1]));
        assert_eq!(sql.dialect, None);
        assert_eq!(decoded.facts.producer.map(str::len), Some(1024));
        assert_eq!(lines(&decoded.findings), "warn value-too-long $.job.facets.sql.dialect");
    });
}

#[test]
fn findings_are_bounded() {
    let mut event = run_event();
    event["inputs"] = (0..1000).map(|_| Value::Null).collect();
    with(event.to_string().as_bytes(), |outcome| {
        let findings = outcome.expect("accepted").findings;
        assert_eq!(findings.len(), lineage::validate::FINDINGS_MAX + 1);
        assert!(findings.last().is_some_and(|last| last.code == "more-findings" && last.message.contains("744")));
    });
}

#[test]
fn paths_and_messages_are_bounded() {
    let mut event = run_event();
    let key = "k".repeat(4000);
    event["run"]["facets"] = json!({ (key.as_str()): 1, "a'b\n": 2 });
    with(event.to_string().as_bytes(), |outcome| {
        let findings = outcome.expect("accepted").findings;
        assert_eq!(findings.len(), 2);
        assert!(findings.iter().all(|finding| finding.path.len() <= 512 && finding.message.len() <= 512));
    });
}

#[test]
fn a_large_event_passes_when_the_limit_is_raised() {
    let mut event = run_event();
    event["x"] = json!("x".repeat(2 << 20));
    let limits = Limits { payload_bytes_max: 32 << 20, ..Limits::default() };
    with_limits(event.to_string().as_bytes(), &limits, |outcome| assert!(outcome.is_ok()));
    // No setting goes beyond 32 MiB.
    event["x"] = json!("x".repeat(33 << 20));
    let limits = Limits { payload_bytes_max: usize::MAX, ..Limits::default() };
    with_limits(event.to_string().as_bytes(), &limits, |outcome| {
        assert_eq!(outcome.expect_err("refused").finding.code, "too-large");
    });
}
