//! The same question by both ways: `--data` on the folder, and `--server` on a server over it. Also what a folder that a
//! server holds, and one that holds nothing, answer.
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, ensure};
use ledgerline_tests::{Ledgerline, binary};
use serde_json::Value;

/// No tick falls into a test: what is compared stands still.
const SETTINGS: &[(&str, &str)] = &[("RECORDER__TICK_INTERVAL_MS", "600000")];
const RUN: &str = "0195500d-0000-7000-8000-000000000003";
const REPORT: &str = "dataset:postgres://warehouse:5432:mart.daily_revenue";
const COLUMN: &str = "column:postgres://warehouse:5432:mart.daily_revenue:amount";

/// Those of [`COMMANDS`] whose answer is no.
const UNKNOWN: usize = 2;
/// Every command that reads; the last ones ask for what is not there.
const COMMANDS: &[&[&str]] = &[
    &["run", "list"],
    &["run", "show", RUN],
    &["job", "list"],
    &["job", "show", "daily_revenue"],
    &["dataset", "list"],
    &["dataset", "show", "mart.daily_revenue"],
    &["search", "ord"],
    &["events", "tail", "-n", "50"],
    &["events", "show", "3"],
    &["alerts", "list"],
    &["rejected", "list"],
    &["lineage", "upstream", REPORT],
    &["lineage", "downstream", REPORT, "--depth", "1"],
    &["lineage", "upstream", COLUMN],
    &["lineage", "upstream", "--columns", REPORT],
    &["run", "list", "--state", "failed", "--since", "2026-01-01", "--job", "export_to_partner"],
    &["job", "list", "--namespace", "shop", "--prefix", "stage"],
    &["search", "amount", "--kind", "column", "--limit", "2"],
    &["events", "tail", "--kind", "event", "--run", RUN],
    &["events", "show", "3", "--body"],
    &["alerts", "list", "--rule", "failed-run", "--severity", "warning"],
    &["alerts", "list", "--state", "resolved"],
    &["rejected", "list", "--code", "missing-member"],
    &["ledger", "checkpoint"],
    &["status"],
    &["run", "show", "0195500d-0000-7000-8000-00000000ffff"],
    &["dataset", "show", "nothing"],
];

fn offline(data: &Path, arguments: &[&str]) -> Result<Output> {
    Command::new(binary()?)
        .args(["--data", data.to_str().unwrap(), "-o", "json"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("ledgerline {}", arguments.join(" ")))
}

/// Exit status and answer, without what only a running process knows.
fn said(output: &Output) -> (Option<i32>, Value) {
    let mut value: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    for partition in value["partitions"].as_array_mut().into_iter().flatten() {
        partition.as_object_mut().unwrap().remove("store_bytes");
    }
    (output.status.code(), value)
}

/// Asks the folder, then a server over it, and compares.
fn check(data: &Path) -> Result<()> {
    let asked: Vec<_> = COMMANDS.iter().map(|command| Ok((command, offline(data, command)?))).collect::<Result<_>>()?;
    let server = Ledgerline::start(data, SETTINGS)?;
    for (command, by_folder) in asked {
        let by_server = server.command(&[&["-o", "json"], *command].concat())?;
        let errors = String::from_utf8_lossy(&by_folder.stderr);
        assert_eq!(said(&by_folder), said(&by_server), "{}: {errors}", command.join(" "));
    }
    server.stop()
}

#[test]
fn a_folder_answers_as_its_server_does() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let demo = offline(folder.path(), &["demo", "--once"])?;
    ensure!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
    let rejected = said(&offline(folder.path(), &["rejected", "list"])?).1;
    let key = rejected["items"][0]["key"].as_str().context("the demo's rejection")?;
    ensure!(offline(folder.path(), &["rejected", "show", key])?.status.success(), "its rejection is shown");
    let columns = said(&offline(folder.path(), &["lineage", "upstream", "--columns", REPORT])?).1;
    let reached = columns["nodes"].as_array().context("nodes")?.iter().map(|node| node["node"]["id"].as_str().unwrap());
    ensure!(reached.clone().any(|id| id == COLUMN.replace("mart.daily_revenue", "raw.orders")), "{columns:#}");
    assert_eq!(columns["nodes"][0]["owners"], serde_json::json!(["team:revenue"]), "{columns:#}");
    for (number, command) in COMMANDS.iter().enumerate() {
        let expected = i32::from(number >= COMMANDS.len() - UNKNOWN);
        let output = offline(folder.path(), command)?;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "{}: {errors}", command.join(" "));
    }
    ensure!(offline(folder.path(), &["doctor"])?.status.success(), "all is well with it");
    check(folder.path())
}

#[test]
fn what_a_killed_server_had_acknowledged_is_answered() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Ledgerline::start(folder.path(), SETTINGS)?;
    let events = folder.path().join("events.jsonl");
    let lines: Vec<String> = (0..300).map(event).collect();
    std::fs::write(&events, lines.join("\n"))?;
    server.ask(&["ingest", events.to_str().unwrap()])?;
    server.crash()?;
    let status = said(&offline(folder.path(), &["status"])?).1;
    assert_eq!(status["recorded"], 300, "{status:#}");
    check(folder.path())
}

#[test]
fn a_folder_that_a_server_holds_and_one_without_a_ledger_say_what_to_do() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Ledgerline::start(folder.path(), SETTINGS)?;
    let check = |data: &Path, parts: &[&str]| -> Result<()> {
        let output = offline(data, &["status"])?;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0), "{errors}");
        parts.iter().for_each(|part| assert!(errors.contains(part), "{part}: {errors}"));
        Ok(())
    };
    check(folder.path(), &["a server holds this folder", "--server"])?;
    let nowhere = folder.path().join("nowhere");
    check(&nowhere, &["there is no ledger in", "serve --data"])?;
    ensure!(!nowhere.exists(), "a question made a folder");
    server.stop()
}

fn event(number: u32) -> String {
    let producer = "https://example.test/producer";
    serde_json::json!({
        "eventType": "COMPLETE", "eventTime": format!("2026-05-03T09:{:02}:{:02}Z", number / 60, number % 60),
        "producer": producer, "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": format!("0195500d-0000-7000-8000-{number:012}")},
        "job": {"namespace": "etl", "name": format!("load-{}", number % 7)},
        "inputs": [{"namespace": "db", "name": "raw.orders"}],
        "outputs": [{"namespace": "db", "name": "shop.orders"}],
    })
    .to_string()
}
