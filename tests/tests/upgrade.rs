//! An upgrade, process by process, between two builds that differ in the envelope versions that they read and in their rules: one
//! has a rule that the other lacks, either way.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use ledgerline_tests::{Fleet, Kafka, Ledgerline, consumed, kafka, on_kafka, until};
use serde_json::{Value, json};

const TENANTS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
const FORMER: &str = "build.former=error";
const NEXT: &str = "build.next=error";

fn event(run: u32, kind: &str, output: &str) -> String {
    json!({
        "eventType": kind, "eventTime": "2026-03-01T06:05:00Z", "producer": "https://example.test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": format!("01920000-0000-7000-8000-{run:012}")}, "job": {"namespace": "shop", "name": format!("job-{run}")},
        "inputs": [], "outputs": [{"namespace": "postgres://warehouse:5432", "name": output}],
    })
    .to_string()
}

fn post(server: &Ledgerline, tenant: &str, event: String) -> Result<()> {
    let client = reqwest::blocking::Client::new();
    let request = client.post(format!("{}/api/v1/lineage", server.url())).header("ledgerline-tenant", tenant);
    let answer = request.header("content-type", "application/json").body(event).send()?;
    ensure!(answer.status() == 201, "{}", answer.status());
    Ok(())
}

/// Messages of the alert topic: rule, state, why it ended, whether it was reconciled; each with its count.
fn told(kafka: &Kafka) -> Result<BTreeMap<String, u32>> {
    let mut told = BTreeMap::new();
    for record in consumed(kafka, "lineage.alerts")? {
        let body: Value = serde_json::from_str(record["value"].as_str().unwrap())?;
        let reconciled = if record["headers"]["ledgerline-reconciled"].is_string() { " reconciled" } else { "" };
        let why = body["resolution"].as_str().map(|why| format!(" ({why})")).unwrap_or_default();
        let line = format!("{} {}{why}{reconciled}", body["rule"].as_str().unwrap(), body["state"].as_str().unwrap());
        *told.entry(line).or_default() += 1;
    }
    Ok(told)
}

fn tells(kafka: &Kafka, wanted: &[(&str, u32)]) -> Result<()> {
    let wanted: BTreeMap<String, u32> = wanted.iter().map(|(line, count)| ((*line).to_owned(), *count)).collect();
    let found = until("the alert topic tells as much", || {
        let told = told(kafka)?;
        Ok((told.values().sum::<u32>() >= wanted.values().sum()).then_some(told))
    });
    assert_eq!(found.or_else(|_| told(kafka))?, wanted);
    Ok(())
}

/// Versions of the envelopes of events and ticks on `lineage.events`, in the order of the topic's records, from a record on.
fn versions(kafka: &Kafka) -> Result<Vec<u16>> {
    let records = on_kafka(kafka, "lineage.events")?;
    Ok(records.iter().map(|record| u16::from_be_bytes([record.value[4], record.value[5]])).collect())
}

#[test]
fn two_builds_work_side_by_side_and_the_newer_one_reconciles_once() -> Result<()> {
    let kafka = kafka(1)?;
    let fleet = Fleet::new(&kafka, 2, &TENANTS, &[("NODE__LEAVE", "true")])?;
    let mut former = fleet.armed("one", &[], FORMER)?;
    former.ready()?;
    former.stands(2, "running")?;
    for tenant in TENANTS {
        // The next build's rule fires here, where the former has none …
        post(&former, tenant, event(2, "COMPLETE", "a"))?;
        post(&former, tenant, event(2, "COMPLETE", "b"))?;
        // … and the former's here: its watermark passes both.
        post(&former, tenant, event(1, "FAIL", "a"))?;
    }
    tells(&kafka, &[("failed-run firing", 4)])?;

    // Side by side: what the next build takes in, the former reads still.
    let mut next = fleet.armed("two", &[], NEXT)?;
    next.ready()?;
    next.stands(1, "running")?;
    for tenant in TENANTS {
        post(&next, tenant, event(3, "COMPLETE", "a"))?;
    }
    assert!(versions(&kafka)?.iter().all(|version| *version == 1), "one owner reads version 1 alone");
    former.stands(1, "running")?;
    former.stop()?;
    next.stands(2, "running")?;
    let reconciled = [
        ("conflicting-duplicate firing reconciled", 4),
        ("failed-run firing", 4),
        ("failed-run resolved (rule changed) reconciled", 4),
    ];
    tells(&kafka, &reconciled)?;

    // From now on every owner reads version 2, and it is written.
    until("an envelope of version 2 is written", || {
        post(&next, TENANTS[0], event(4, "COMPLETE", "a"))?;
        Ok(versions(&kafka)?.contains(&2).then_some(()))
    })?;
    for tenant in TENANTS {
        post(&next, tenant, event(5, "COMPLETE", "a"))?;
    }
    // Nothing is reconciled again after a restart.
    next.stop()?;
    let mut next = fleet.armed("two", &[], NEXT)?;
    next.ready()?;
    next.stands(2, "running")?;
    tells(&kafka, &reconciled)?;

    // A former build that comes too late stops at what it can't read, and says what to do.
    let mut late = fleet.armed("one", &[], FORMER)?;
    until("the former build says that it is to be upgraded", || {
        ensure!(!late.is_dead()?, "it ended");
        let Ok(answer) = reqwest::blocking::get(format!("{}/readyz", late.url())) else { return Ok(None) };
        let text = answer.text()?;
        Ok((text.contains("newer than this build reads") && text.contains("Upgrade this process")).then_some(()))
    })
}
