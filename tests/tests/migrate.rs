//! From the embedded log to real Kafka: the same ledger, with its folder or from the log alone, and no alert again.
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use ledgerline_tests::{Ledgerline, binary, client, kafka};
use serde_json::Value;

/// What must be answered alike before and after.
const QUESTIONS: &[&[&str]] = &[
    &["ledger", "checkpoint"],
    &["events", "tail", "-n", "100"],
    &["alerts", "list"],
    &["rejected", "list"],
    &["lineage", "upstream", "dataset:postgres://warehouse:5432:mart.daily_revenue"],
];

fn offline(data: &Path, arguments: &[&str]) -> Result<Value> {
    let mut command = Command::new(binary()?);
    command.args(["--data", data.to_str().unwrap(), "-o", "json"]).args(arguments).stdin(Stdio::null());
    let output = command.output().with_context(|| format!("ledgerline {}", arguments.join(" ")))?;
    ensure!(output.status.success(), "{}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
}

#[test]
fn a_ledger_that_moved_to_kafka_is_the_same() -> Result<()> {
    let (kafka, folder, empty) = (kafka(1)?, tempfile::tempdir()?, tempfile::tempdir()?);
    let data = folder.path().to_str().context("a path")?;
    offline(folder.path(), &["demo", "--once"])?;
    let before = QUESTIONS.iter().map(|question| offline(folder.path(), question)).collect::<Result<Vec<_>>>()?;
    ensure!(before[0]["size"].as_u64() > Some(0) && before[2]["items"].as_array().is_some_and(|list| !list.is_empty()));

    let keys = folder.path().join("keys").to_str().context("a path")?.to_owned();
    let settings = [("KAFKA__BROKERS", kafka.bootstrap_servers()), ("LEDGER__KEYS_DIR", &keys)];
    // The second time there is nothing left to do.
    for _ in 0..2 {
        Ledgerline::prepare(empty.path(), &settings, &["migrate", data])?;
    }
    for state in [folder.path(), empty.path()] {
        let server = Ledgerline::start(state, &settings)?;
        for (question, expected) in QUESTIONS.iter().zip(&before) {
            assert_eq!(server.json(question)?, *expected, "{} over {}", question.join(" "), state.display());
        }
        server.stop()?;
    }
    let alerts = client("consume.py", &[kafka.bootstrap_servers(), "lineage.alerts"], "")?;
    let ids = alerts.lines().map(|line| Ok(serde_json::from_str::<Value>(line)?["headers"]["ce_id"].to_string()));
    let ids = ids.collect::<Result<Vec<String>>>()?;
    ensure!(!ids.is_empty() && ids.len() == ids.iter().collect::<BTreeSet<_>>().len(), "an alert twice: {ids:?}");
    Ok(())
}
