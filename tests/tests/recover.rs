//! A real loss of the log: the partition halts and names the command; the command begins a new ledger that cites the lost one and
//! has every event that a store, a log or a source still holds; nothing is told again.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use ledgerline_tests::{Fleet, Kafka, Ledgerline, consumed, kafka, run_event, until};
use serde_json::Value;

/// Runs 0 to 9 fail; their events come over HTTP.
fn failing(runs: std::ops::Range<u64>) -> impl Iterator<Item = String> {
    runs.map(|run| run_event(run, "FAIL"))
}

fn event_ids(server: &Ledgerline) -> Result<BTreeSet<String>> {
    let rows = server.get("/v1/events?limit=1000")?;
    let rows = rows["items"].as_array().context("a list")?;
    Ok(rows.iter().filter_map(|row| row["event_id"].as_str().map(str::to_owned)).collect())
}

/// Waits until everything is signed; gives the newest checkpoint's origin and size.
fn signed(server: &Ledgerline) -> Result<(String, u64)> {
    until("every leaf is signed", || {
        Ok(server.status()?.filter(|status| status["checkpoint_size"] == status["leaves"]).map(drop))
    })?;
    let checkpoint = server.json(&["ledger", "checkpoint"])?;
    let origin = checkpoint["origin"].as_str().context("an origin")?.to_owned();
    Ok((origin, checkpoint["size"].as_u64().context("a size")?))
}

/// Starts a server that must halt and name the command.
fn halts(data: &Path, settings: &[(&str, &str)]) -> Result<()> {
    let server = Ledgerline::armed(data, settings, "")?;
    until("it halts and names the command", || {
        let halted = server.readiness().and_then(|(_, halted)| halted);
        Ok(halted.filter(|why| why.contains("ledgerline recover --new-origin")).map(drop))
    })
}

const LINEAGE: &[&str] = &["lineage", "upstream", "dataset:postgres://warehouse:5432:mart.t3"];

#[test]
fn a_ledger_whose_embedded_log_is_gone_goes_on_from_its_store() -> Result<()> {
    let (lost, new) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let keys = lost.path().join("keys").to_str().context("a path")?.to_owned();
    let server = Ledgerline::start(lost.path(), &[])?;
    server.take(failing(0..10))?;
    server.recorded(10)?;
    let ((origin, size), ids, lineage) = (signed(&server)?, event_ids(&server)?, server.json(LINEAGE)?);
    ensure!(ids.len() == 10 && lineage.to_string().contains("raw.t3"), "{lineage:#}");
    server.stop()?;
    std::fs::remove_dir_all(lost.path().join("log"))?;
    halts(lost.path(), &[])?;

    let settings = [("LEDGER__NAME", "again"), ("LEDGER__KEYS_DIR", keys.as_str())];
    let recover = ["-o", "json", "recover", "--new-origin", "--lost-data", lost.path().to_str().unwrap()];
    // The second time there is nothing left to do.
    for there in [0, 10] {
        let said: Value = serde_json::from_str(&Ledgerline::prepared(new.path(), &settings, &recover)?)?;
        let cited = said["previous"].as_array().context("citations")?;
        let ours = cited.iter().find(|last| last["origin"] == origin.as_str()).context("the default tenant's")?;
        assert_eq!(ours["size"], size);
        let counts = &said["partitions"][0];
        assert_eq!(
            (&counts["from_stores"], counts["there"].as_u64() >= Some(there)),
            (&Value::from(10), true),
            "{said:#}"
        );
    }
    let server = Ledgerline::start(new.path(), &settings)?;
    server.recorded(10)?;
    assert_eq!((event_ids(&server)?, server.json(LINEAGE)?), (ids, lineage));
    ensure!(signed(&server)?.0.starts_with("again/"), "it signs under its own name");
    ensure!(server.json(&["alerts", "list"])?["items"].as_array().is_some_and(Vec::is_empty), "nothing is told again");
    // What comes again is known; what is new is told.
    server.take(failing(5..11))?;
    let status = server.recorded(11)?;
    assert_eq!((&status["recorded"], &status["duplicates"]), (&Value::from(11), &Value::from(5)));
    until("the new run is told of", || {
        let alerts = server.json(&["alerts", "list"])?;
        Ok(alerts["items"].as_array().filter(|items| items.len() == 1).map(drop))
    })?;
    server.stop()
}

fn produce(kafka: &Kafka, runs: std::ops::Range<u64>) -> Result<()> {
    let records: Vec<_> = failing(runs).map(|event| (None, Vec::new(), event.into_bytes())).collect();
    kafka.produce("openlineage.events", &records)
}

/// The topic is gone, and so is the store: what sources still hold comes back; what came over HTTP does not, unless a store is left.
#[test]
fn a_ledger_whose_topic_is_gone_reads_its_sources_again() -> Result<()> {
    let kafka = kafka(1)?;
    let fleet = Fleet::new(&kafka, 2, &[], &[])?;
    let server = fleet.start("one", &[])?;
    server.take(failing(0..5))?;
    produce(&kafka, 5..10)?;
    server.recorded(10)?;
    let ids = event_ids(&server)?;
    let (origin, _) = signed(&server)?;
    server.stop()?;
    kafka.delete_topic("lineage.events")?;
    let told = consumed(&kafka, "lineage.alerts")?;
    assert_eq!(told.len(), 10);

    for (name, stores, expected) in [("without", false, 5), ("with", true, 10)] {
        let (deployment, lost) = (format!("{name}-store"), fleet.data("one"));
        let more = [("DEPLOYMENT__NAME", deployment.as_str()), ("LEDGER__NAME", name)];
        let settings = fleet.settings(name, &more);
        let mut recover = vec!["-o", "json", "recover", "--new-origin"];
        if stores {
            recover.extend(["--lost-data", lost.to_str().unwrap()]);
        }
        let said: Value = serde_json::from_str(&Ledgerline::prepared(&fleet.data(name), &settings, &recover)?)?;
        ensure!(said["previous"].to_string().contains(&origin), "{said:#}");
        let server = fleet.start(name, &more)?;
        server.recorded(expected)?;
        let found = event_ids(&server)?;
        ensure!(found.is_subset(&ids) && found.len() as u64 == expected, "{found:?} of {ids:?}");
        // Sources are read again: what the store held is known.
        let duplicates = if stores { 5 } else { 0 };
        until("the source is read again", || {
            Ok(server.status()?.filter(|status| status["duplicates"] == duplicates).map(drop))
        })?;
        server.stop()?;
        let told = consumed(&kafka, &format!("{deployment}.lineage.alerts"))?;
        assert_eq!(told.len(), if stores { 0 } else { 5 }, "what only the source held is new to the new ledger");
    }
    Ok(())
}
