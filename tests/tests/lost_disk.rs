//! Row 10 of the fault table, on real Kafka: the store of a stopped process is deleted, and made again from the snapshot and the
//! log, or from the log alone. The oracle is what the commands and an independent consumer of the alert topic say.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

use anyhow::{Context as _, Result, ensure};
use ledgerline_tests::{Fault, Kafka, Ledgerline, client, kafka, until};
use serde_json::{Value, json};

fn event(run: u32) -> String {
    let kind = if run.is_multiple_of(3) { "FAIL" } else { "COMPLETE" };
    json!({
        "eventType": kind, "eventTime": format!("2026-03-01T06:{run:02}:00Z"), "producer": "https://example.test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": format!("01920000-0000-7000-8000-{run:012}")},
        "job": {"namespace": "shop", "name": format!("job-{run}")}, "inputs": [], "outputs": [],
    })
    .to_string()
}

/// Runs are sent; every third fails.
fn send(server: &Ledgerline, runs: std::ops::Range<u32>) -> Result<()> {
    server.take(runs.map(event))
}

/// Origin, size and root as they were signed, and every leaf.
fn seen(server: &Ledgerline, recorded: u64) -> Result<[Value; 4]> {
    server.recorded(recorded)?;
    until("every leaf is signed", || {
        Ok(server.status()?.filter(|status| status["checkpoint_size"] == status["leaves"]).map(drop))
    })?;
    let checkpoint = server.json(&["ledger", "checkpoint"])?;
    let [origin, size, root] = ["origin", "size", "root"].map(|key| checkpoint[key].clone());
    Ok([origin, size, root, server.get("/v1/events?limit=1000")?["items"].clone()])
}

fn alerts(kafka: &Kafka) -> Result<Vec<String>> {
    let text = client("consume.py", &[kafka.bootstrap_servers(), "lineage.alerts"], "")?;
    let id = |line: &str| -> Result<String> {
        let record: Value = serde_json::from_str(line)?;
        Ok(record["headers"]["ce_id"].as_str().context("a ce_id")?.to_owned())
    };
    text.lines().map(id).collect()
}

#[test]
fn a_lost_store_is_made_again_and_tells_no_alert_twice() -> Result<()> {
    let kafka = kafka(1)?;
    let (data, keys, copies) = (tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?);
    let (keys, url) = (keys.path().to_str().unwrap(), copies.path().to_str().unwrap());
    let plain = [("KAFKA__BROKERS", kafka.bootstrap_servers()), ("LEDGER__KEYS_DIR", keys)];
    let settings = [plain[0], plain[1], ("SNAPSHOTS__URL", url), ("SNAPSHOTS__INTERVAL_MS", "0")];
    Ledgerline::prepare(data.path(), &plain, &["keys", "init"])?;
    Ledgerline::prepare(data.path(), &plain, &["topics", "create"])?;

    let server = Ledgerline::start(data.path(), &settings)?;
    send(&server, 0..7)?;
    let made = server.json(&["snapshot", "create"])?;
    ensure!(made["made"].as_array().is_some_and(|made| made.len() == 1), "{made:#}");
    send(&server, 7..12)?;
    let before = seen(&server, 12)?;
    server.stop()?;
    let told = alerts(&kafka)?;
    assert_eq!(told.len(), 4, "runs 0, 3, 6 and 9 failed");

    for (settings, from) in [(&settings[..], "snapshot and log"), (&plain[..], "the log alone")] {
        std::fs::remove_dir_all(data.path().join("partition-0"))?;
        let server = Ledgerline::start(data.path(), settings)?;
        assert_eq!(seen(&server, 12)?, before, "from {from}");
        server.stop()?;
        assert_eq!(alerts(&kafka)?, told, "from {from}: no alert is told again");
    }
    Fault { row: 10, log: "kafka", rounds: 2, events: 12, ..Fault::default() }.told()?;
    // The oracle can fail: one more failed run is another ledger, and another alert.
    let server = Ledgerline::start(data.path(), &plain)?;
    send(&server, 12..13)?;
    assert_ne!(seen(&server, 13)?, before);
    server.stop()?;
    assert_ne!(alerts(&kafka)?, told);
    // And a build that believes its new store instead of the topic tells all of it again.
    std::fs::remove_dir_all(data.path().join("partition-0"))?;
    let mut broken = Ledgerline::armed(data.path(), &plain, "publisher.forgetful=error")?;
    broken.ready()?;
    until("every alert is told a second time", || Ok((alerts(&kafka)?.len() >= 2 * told.len()).then_some(())))
}

/// The commands that read snapshots need no server: a lost folder is restored by hand, damage ends with status 1.
#[test]
fn a_folder_is_restored_by_hand() -> Result<()> {
    let (data, copies) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let url = copies.path().to_str().unwrap();
    let settings = [("SNAPSHOTS__URL", url), ("SNAPSHOTS__INTERVAL_MS", "0")];
    let server = Ledgerline::start(data.path(), &settings)?;
    send(&server, 0..4)?;
    server.json(&["snapshot", "create"])?;
    let listed = server.json(&["snapshot", "list"])?;
    let name = listed["items"][0]["snapshot"].as_str().context("a name")?.to_owned();
    let before = seen(&server, 4)?;
    server.stop()?;

    let run = |arguments: &[&str]| Ledgerline::prepare(data.path(), &settings, arguments);
    run(&["snapshot", "list", "--url", url])?;
    run(&["snapshot", "verify", "--all"])?;
    run(&["snapshot", "verify", &name])?;
    let refused = run(&["snapshot", "restore", &name]).unwrap_err().to_string();
    ensure!(refused.contains("there already"), "{refused}");
    std::fs::remove_dir_all(data.path().join("partition-0"))?;
    run(&["snapshot", "restore"])?;
    ensure!(data.path().join("partition-0/CURRENT").exists(), "the store is there");
    let server = Ledgerline::start(data.path(), &settings)?;
    assert_eq!(seen(&server, 4)?, before);
    server.stop()?;

    let objects = std::fs::read_dir(copies.path().join("objects"))?.map(|entry| entry.unwrap().path());
    let object = objects.max_by_key(|path| path.metadata().unwrap().len()).context("an object")?;
    let mut bytes = std::fs::read(&object)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&object, bytes)?;
    let refused = run(&["snapshot", "verify"]).unwrap_err().to_string();
    ensure!(refused.contains("not sound"), "{refused}");
    Ok(())
}

/// A process that dies while it copies, before it signs, or before a restored store is in its place leaves nothing in the way.
#[test]
fn death_while_copying_or_restoring_is_no_matter() -> Result<()> {
    let (data, copies) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let settings = [("SNAPSHOTS__URL", copies.path().to_str().unwrap()), ("SNAPSHOTS__INTERVAL_MS", "0")];
    let armed = |place: &str| Ledgerline::armed(data.path(), &settings, &format!("{place}=abort"));
    let mut sent = 0;
    for place in ["store.copy", "snapshot.manifest.before"] {
        let mut server = armed(place)?;
        server.ready()?;
        send(&server, sent..sent + 4)?;
        sent += 4;
        ensure!(!server.command(&["snapshot", "create"])?.status.success(), "{place} was not reached");
        server.ended()?;
        let server = Ledgerline::start(data.path(), &settings)?;
        server.recorded(u64::from(sent))?;
        let made = server.json(&["snapshot", "create"])?;
        ensure!(made["made"].as_array().is_some_and(|made| made.len() == 1), "after {place}: {made:#}");
        server.stop()?;
        Ledgerline::prepare(data.path(), &settings, &["snapshot", "verify", "--all"])?;
    }
    let server = Ledgerline::start(data.path(), &settings)?;
    let before = seen(&server, u64::from(sent))?;
    server.stop()?;
    std::fs::remove_dir_all(data.path().join("partition-0"))?;
    armed("snapshot.restore.before")?.ended()?;
    ensure!(!data.path().join("partition-0").exists(), "it died before the store was in its place");
    let server = Ledgerline::start(data.path(), &settings)?;
    assert_eq!(seen(&server, u64::from(sent))?, before);
    server.stop()?;
    let left: Vec<_> = std::fs::read_dir(data.path())?.map(|entry| entry.unwrap().file_name()).collect();
    ensure!(!left.iter().any(|name| name.to_string_lossy().contains("restoring")), "{left:?}");
    Ok(())
}
