//! The whole road on real parts: stock clients in, recorded once, lineage and alerts out; embedded log and real Kafka.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

use std::path::Path;

use anyhow::Result;
use ledgerline_tests::{Kafka, Ledgerline, client, kafka, until};
use serde_json::{Value, json};

const TOPIC: &str = "openlineage.events";

/// A server over real Kafka, with its topics made by the command.
fn over_kafka(kafka: &Kafka, data: &Path) -> Result<Ledgerline> {
    over_kafka_with(kafka, data, &[])
}

/// The same with more settings.
fn over_kafka_with(kafka: &Kafka, data: &Path, settings: &[(&str, &str)]) -> Result<Ledgerline> {
    let settings = [&[("KAFKA__BROKERS", kafka.bootstrap_servers())], settings].concat();
    Ledgerline::prepare(data, &settings, &["keys", "init"])?;
    Ledgerline::prepare(data, &settings, &["topics", "create"])?;
    Ledgerline::start(data, &settings)
}

/// What a topic holds, as an independent consumer sees it.
fn consumed(kafka: &Kafka, topic: &str) -> Result<Vec<Value>> {
    let text = client("consume.py", &[kafka.bootstrap_servers(), topic], "")?;
    Ok(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Names of the datasets that a walk reaches, the root left out.
fn walked(server: &Ledgerline, direction: &str, node: &str) -> Result<Vec<String>> {
    let answer = server.json(&["lineage", direction, node])?;
    let root = &answer["root"];
    let nodes = answer["nodes"].as_array().unwrap().iter().map(|reached| reached.get("node").unwrap_or(reached));
    let named = nodes.filter(|node| *node != root && node["kind"] == "dataset");
    let mut names: Vec<String> = named.map(|node| node["name"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    Ok(names)
}

/// What each pass of `emit.py` must have left behind.
fn check_lineage(server: &Ledgerline, channel: &str) -> Result<()> {
    let node = |table: &str| format!("dataset:postgres://warehouse:5432:{channel}.{table}");
    let names = |tables: &[&str]| tables.iter().map(|table| format!("{channel}.{table}")).collect::<Vec<_>>();
    let sources = names(&["raw.customers", "raw.orders", "staging.customers", "staging.orders"]);
    assert_eq!(walked(server, "upstream", &node("mart.report"))?, sources, "{channel}: what feeds the report");
    assert_eq!(walked(server, "downstream", &node("raw.orders"))?, {
        let mut fed = names(&["mart.report", "partner.feed", "staging.orders"]);
        fed.sort_unstable();
        fed
    });
    let tree = server.ask(&["lineage", "upstream", &node("mart.report")])?;
    for expected in [format!("{channel}.raw.orders"), format!("{channel}.report")] {
        assert!(tree.contains(&expected), "the printed tree names {expected}:\n{tree}");
    }
    Ok(())
}

/// Alert messages on the topic as an independent consumer sees them, by state.
fn alerts(kafka: &Kafka) -> Result<Vec<Value>> {
    consumed(kafka, "lineage.alerts")
}

#[test]
fn a_stock_client_over_http_and_the_embedded_log() -> Result<()> {
    let data = tempfile::tempdir()?;
    let server = Ledgerline::start(data.path(), &[])?;
    client("emit.py", &["http", &server.url()], "")?;
    client("emit.py", &["http", &server.url()], "")?;
    let status = server.recorded(8)?;
    assert_eq!((&status["recorded"], &status["duplicates"]), (&json!(8), &json!(8)), "each once, the repeat absorbed");
    check_lineage(&server, "http")?;
    let alerts = server.json(&["alerts", "list"])?;
    let text = alerts.to_string();
    assert_eq!(text.matches("\"failed-run\"").count(), 1, "one alert for the failing run: {text}");
    server.stop()
}

#[test]
fn every_acknowledged_event_survives_a_kill() -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut server = Ledgerline::start(data.path(), &[])?;
    let sender = reqwest::blocking::Client::new();
    let mut acknowledged = 0_u64;
    for round in 0..5_u64 {
        for number in 0..40_u64 {
            let event = json!({
                "eventType": "COMPLETE", "eventTime": format!("2026-03-01T06:00:{:02}Z", number % 60),
                "producer": "https://example.test", "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
                "run": {"runId": format!("01920000-0000-7000-8000-{round:06}{number:06}")},
                "job": {"namespace": "shop", "name": format!("job-{number}")}, "inputs": [], "outputs": [],
            });
            let answer = sender.post(format!("{}/api/v1/lineage", server.url())).json(&event).send()?;
            assert_eq!(answer.status(), 201, "{}", answer.text()?);
            acknowledged += 1;
        }
        // The kill comes right after an acknowledgement, with the recorder at whatever it is doing.
        server.crash_and_restart()?;
        let status = server.recorded(acknowledged)?;
        assert_eq!(status["recorded"], json!(acknowledged), "round {round}: each acknowledged event once");
    }
    Ok(())
}

#[test]
fn stock_clients_through_real_kafka() -> Result<()> {
    let (kafka, data) = (kafka(1)?, tempfile::tempdir()?);
    let mut server = over_kafka(&kafka, data.path())?;
    client("emit.py", &["kafka", kafka.bootstrap_servers(), TOPIC], "")?;
    client("emit.py", &["http", &server.url()], "")?;
    server.recorded(16)?;
    check_lineage(&server, "kafka")?;
    check_lineage(&server, "http")?;
    let firing = |messages: &[Value]| {
        messages
            .iter()
            .filter(|message| message["value"].as_str().is_some_and(|body| body.contains("\"failed-run\"")))
            .count()
    };
    let once = until("both alerts are published", || Ok(Some(alerts(&kafka)?).filter(|messages| messages.len() >= 2)))?;
    assert_eq!(firing(&once), 2, "one alert for each failing run");
    for message in &once {
        let headers = &message["headers"];
        assert!(headers["ce_id"].is_string() && headers["ledgerline-position"].is_string(), "{headers}");
    }

    // The whole stream again, and a kill in the middle of it: nothing is recorded twice, no alert comes again.
    client("emit.py", &["kafka", kafka.bootstrap_servers(), TOPIC], "")?;
    server.crash_and_restart()?;
    client("emit.py", &["http", &server.url()], "")?;
    let status = until("the repeats are absorbed", || {
        Ok(server.status()?.filter(|status| status["duplicates"].as_u64() >= Some(16)))
    })?;
    assert_eq!(status["recorded"], json!(16));
    assert_eq!(alerts(&kafka)?, once, "the alert topic holds what it held");
    server.stop()
}

#[test]
fn bad_records_between_good_ones_stop_nothing() -> Result<()> {
    let (kafka, data) = (kafka(1)?, tempfile::tempdir()?);
    let server = over_kafka(&kafka, data.path())?;
    let good = |number: u32| {
        json!({
            "eventType": "COMPLETE", "eventTime": "2026-03-01T06:00:00Z", "producer": "https://example.test",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": format!("01920000-0000-7000-8000-{number:012}")},
            "job": {"namespace": "shop", "name": "job"}, "inputs": [], "outputs": [],
        })
        .to_string()
    };
    let line = |value: String| json!({ "value": value }).to_string();
    let oversize = json!({ "size": 1_200_000 }).to_string();
    let input = [line(good(1)), line("{\"eventType\":".to_owned()), line(good(2)), oversize, line(good(3))].join("\n");
    client("produce.py", &[kafka.bootstrap_servers(), TOPIC], &input)?;
    // Somebody else's record, straight onto our own topic.
    client("produce.py", &[kafka.bootstrap_servers(), "lineage.events"], &line("not an envelope".to_owned()))?;
    client("produce.py", &[kafka.bootstrap_servers(), TOPIC], &line(good(4)))?;
    until("the good are recorded, the bad are told, and nothing has stopped", || {
        let Some(status) = server.status()? else { return Ok(None) };
        let counted = status["recorded"] == json!(4) && status["rejected"] == json!(2);
        let partitions = status["partitions"].as_array().unwrap();
        Ok((counted && partitions.iter().all(|partition| partition["state"] == "running")).then_some(()))
    })?;
    let rejected = consumed(&kafka, "lineage.rejected")?;
    let values: Vec<&str> = rejected.iter().map(|record| record["value"].as_str().unwrap()).collect();
    assert!(values.contains(&"{\"eventType\":"), "the malformed original, untouched");
    assert!(values.iter().any(|value| value.len() == 256 * 1024), "the first 256 KiB of the oversize one");
    server.stop()
}

#[test]
fn a_trace_leads_to_the_alert_and_back_pressure_pauses_the_source() -> Result<()> {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const EVENTS: u32 = 120;
    let (kafka, data) = (kafka(1)?, tempfile::tempdir()?);
    // Room for a few events: the source must be paused again and again.
    let bounds = ["INTAKE__QUEUE_BYTES_MAX", "INTAKE__BATCH_BYTES_MAX", "INTAKE__PAYLOAD_BYTES_MAX"];
    let settings = bounds.map(|bound| (bound, "2048"));
    let server = over_kafka_with(&kafka, data.path(), &settings)?;
    let event = |number: u32, kind: &str| {
        json!({
            "eventType": kind, "eventTime": "2026-03-01T06:00:00Z", "producer": "https://example.test",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": format!("01920000-0000-7000-8000-{number:012}")},
            "job": {"namespace": "shop", "name": "job"}, "inputs": [], "outputs": [],
        })
        .to_string()
    };
    let traced = json!({
        "value": event(0, "FAIL"), "headers": {"traceparent": format!("00-{TRACE}-00f067aa0ba902b7-01")},
    });
    let plain = (1..EVENTS).map(|number| json!({ "value": event(number, "START") }).to_string());
    let input: Vec<String> = [traced.to_string()].into_iter().chain(plain).collect();
    client("produce.py", &[kafka.bootstrap_servers(), TOPIC], &input.join("\n"))?;
    server.recorded(u64::from(EVENTS))?;

    let metrics = reqwest::blocking::get(format!("{}/metrics", server.url()))?.text()?;
    let sum = |name: &str| -> f64 {
        let lines = metrics.lines().filter(|line| line.starts_with(&format!("ledgerline_{name}{{")));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    };
    assert!(sum("intake_pauses_total") > 0.0, "the source was paused:\n{metrics}");
    until("the source goes on", || {
        let text = reqwest::blocking::get(format!("{}/metrics", server.url()))?.text()?;
        let mut paused = text.lines().filter(|line| line.starts_with("ledgerline_intake_paused{"));
        Ok(paused.all(|line| line.ends_with(" 0")).then_some(()))
    })?;

    let alert = until("the alert is published", || Ok(alerts(&kafka)?.into_iter().next()))?;
    let envelopes = consumed(&kafka, "lineage.events")?;
    let of_trace = |record: &Value| record["headers"]["traceparent"].as_str().is_some_and(|text| text.contains(TRACE));
    assert_eq!(
        envelopes.iter().filter(|record| of_trace(record)).count(),
        1,
        "the envelope carries the sender's trace"
    );
    assert!(of_trace(&alert), "and so does the alert: {}", alert["headers"]);
    let fingerprints: std::collections::BTreeSet<&str> =
        envelopes.iter().map(|record| record["headers"]["schema-fingerprint"].as_str().unwrap_or("none")).collect();
    assert_eq!(fingerprints.len(), 1, "{fingerprints:?}");
    assert!(fingerprints.iter().all(|text| text.len() == 16), "{fingerprints:?}");
    server.stop()
}
