//! Rows 7 and 8 of the fault table: processes that join and leave under load, and an owner that stalls past its session and
//! wakes up. What holds is told by somebody outside: a consumer of committed records, and the set that was acknowledged.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use ledgerline_tests::{
    Asked, Fault, Fleet, Kafka, Ledgerline, Questions, Runs, consumed, kafka, rounds, seen_from_outside, until,
};
use serde_json::Value;

const TENANTS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
/// Processes that come and go.
const NODES: [&str; 4] = ["one", "two", "three", "four"];

/// A sight of the topic that misses one alert.
fn losing(mut alerts: Vec<Value>) -> Vec<Value> {
    alerts.pop();
    alerts
}

/// A sight of it that has one twice.
fn doubling(mut alerts: Vec<Value>) -> Vec<Value> {
    alerts.extend(alerts.last().cloned());
    alerts
}

fn urls(servers: &BTreeMap<&str, Ledgerline>) -> Vec<String> {
    servers.values().map(Ledgerline::url).collect()
}

/// Waits until every tenant counts what was acknowledged, as each process tells it.
fn settled(servers: &[&Ledgerline], runs: &BTreeMap<u64, String>) -> Result<()> {
    let client = reqwest::blocking::Client::new();
    for tenant in TENANTS {
        let count = runs.values().filter(|of| *of == tenant).count() as u64;
        for server in servers {
            until(&format!("{} counts {count} runs of {tenant}", server.url()), || {
                let answer =
                    client.get(format!("{}/v1/status", server.url())).header("ledgerline-tenant", tenant).send()?;
                let found = answer.status().is_success().then(|| answer.json::<Value>()).transpose()?;
                let recorded = found.and_then(|body| body["recorded"].as_u64());
                ensure!(recorded <= Some(count + 1), "{tenant}: {recorded:?} recorded of {count}");
                Ok((recorded >= Some(count)).then_some(()))
            })?;
        }
    }
    Ok(())
}

#[test]
fn processes_join_and_leave_under_load() -> Result<()> {
    let (kafka, rounds) = (kafka(1)?, rounds(4));
    let fleet = Fleet::new(&kafka, 4, &TENANTS, &[("NODE__LEAVE", "true")])?;
    let mut at_work = BTreeMap::from([(NODES[0], fleet.start(NODES[0], &[])?)]);
    let runs = Runs::start(&urls(&at_work), &TENANTS);
    let questions = Questions::start(&urls(&at_work), &TENANTS);
    for round in 0..rounds {
        // One comes, and from the third on one goes: two or three are there at any time.
        let comes = NODES[((round + 1) % 4) as usize];
        at_work.insert(comes, fleet.start(comes, &[])?);
        let goes = NODES[((round + 2) % 4) as usize];
        if let Some(left) = at_work.remove(goes).filter(|_| !at_work.is_empty()) {
            // Clients that are told of it go elsewhere; it answers what it was asked before.
            runs.send_to(&urls(&at_work));
            questions.ask_of(&urls(&at_work));
            left.stop()?;
        }
        runs.send_to(&urls(&at_work));
        questions.ask_of(&urls(&at_work));
        runs.more(15)?;
    }
    let sent = runs.stop();
    settled(&at_work.values().collect::<Vec<_>>(), &sent)?;
    let asked = questions.stop();
    let mut violations = seen_from_outside(&kafka, &sent, |alerts| alerts)?;
    violations.extend(asked.wrong.clone());
    println!("questions: {} answered, {} told to ask again", asked.answered, asked.later);
    ensure!(asked.answered > 0, "no question was answered");

    // The oracle objects to a lost alert, to a doubled one, and to a question that was neither answered nor put off.
    for broken in [losing, doubling] {
        assert_eq!(seen_from_outside(&kafka, &sent, broken)?.len(), 1 + violations.len() - asked.wrong.len());
    }
    let mut judge = Asked::default();
    judge.judge(503, false, "a 503 that does not say when");
    judge.judge(500, true, "a failure");
    assert_eq!(judge.wrong.len(), 2);
    for (_, server) in at_work {
        server.stop()?;
    }
    Fault { row: 7, log: "kafka", rounds, events: sent.len() as u64, violations }.told()
}

/// Lets the owner of everything stall until another process has it all and has published more; then wakes it up. Gives what a
/// consumer outside finds wrong. `failpoints` break the one that stalls.
fn stall(kafka: &Kafka, fleet: &Fleet, failpoints: &str) -> Result<(BTreeMap<u64, String>, Vec<String>)> {
    let mut zombie = fleet.armed("one", &[], failpoints)?;
    zombie.ready()?;
    let runs = Runs::start(&[zombie.url()], &TENANTS);
    runs.more(12)?;
    // In the middle of its work: what it has in hand it has in hand when it wakes up.
    zombie.signal("STOP")?;
    let owner = fleet.start("two", &[])?;
    runs.send_to(&[owner.url()]);
    let before = runs.count();
    until("the other process has every partition", || {
        let client = reqwest::blocking::Client::new();
        for tenant in TENANTS {
            let answer = client.get(format!("{}/v1/status", owner.url())).header("ledgerline-tenant", tenant).send()?;
            if !answer.status().is_success() {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })?;
    runs.more(12)?;
    println!("{before} runs were acknowledged before it stalled");
    zombie.signal("CONT")?;
    let shown = if failpoints.contains("unfenced") { Vec::new() } else { watch(&zombie)? };
    runs.more(12)?;
    let sent = runs.stop();
    settled(&[&owner], &sent)?;
    let mut violations = seen_from_outside(kafka, &sent, |alerts| alerts)?;
    violations.extend(unpublished(kafka, &shown)?);
    owner.stop()?;
    drop(zombie);
    Ok((sent, violations))
}

/// What the zombie shows over HTTP from the moment it wakes up until it owns nothing: notes and alerts.
fn watch(zombie: &Ledgerline) -> Result<Vec<(&'static str, String)>> {
    let client = reqwest::blocking::Client::new();
    let mut shown = Vec::new();
    until("the former owner answers for nothing by itself", || {
        let mut by_others = 0;
        for tenant in TENANTS {
            let get =
                |path: &str| client.get(format!("{}{path}", zombie.url())).header("ledgerline-tenant", tenant).send();
            let (checkpoint, alerts) = (get("/v1/checkpoint")?, get("/v1/alerts?limit=1000")?);
            let own = !alerts.headers().contains_key("ledgerline-answered-by") && alerts.status().is_success();
            by_others += u32::from(!own);
            if checkpoint.status().is_success() {
                shown.push(("note", checkpoint.json::<Value>()?["note"].as_str().unwrap_or_default().to_owned()));
            }
            if alerts.status().is_success() {
                let page = alerts.json::<Value>()?;
                let ids = page["items"].as_array().context("a page")?.iter();
                shown.extend(ids.map(|alert| ("alert", alert["alert_id"].as_str().unwrap_or_default().to_owned())));
            }
        }
        Ok((by_others == TENANTS.len() as u32).then_some(()))
    })?;
    Ok(shown)
}

/// What was shown and stands on no topic.
fn unpublished(kafka: &Kafka, shown: &[(&str, String)]) -> Result<Vec<String>> {
    let texts = |topic: &str, member: &str| -> Result<BTreeSet<String>> {
        let records = consumed(kafka, topic)?;
        Ok(records.iter().map(|record| record[member].as_str().unwrap_or_default().to_owned()).collect())
    };
    let (notes, alerts) = (texts("lineage.checkpoints", "value")?, texts("lineage.alerts", "key")?);
    let known =
        |(kind, text): &&(&str, String)| if *kind == "note" { notes.contains(text) } else { alerts.contains(text) };
    Ok(shown
        .iter()
        .filter(|one| !known(one))
        .map(|(kind, text)| format!("shown and not published: {kind} {text}"))
        .collect())
}

#[test]
fn nobody_sees_what_a_zombie_makes() -> Result<()> {
    let (rounds, mut events, mut violations) = (rounds(1), 0, Vec::new());
    for _ in 0..rounds {
        let kafka = kafka(1)?;
        let fleet = Fleet::new(&kafka, 4, &TENANTS, &[])?;
        let (sent, wrong) = stall(&kafka, &fleet, "")?;
        // Signatures and alerts that are nowhere outside the process would be noticed.
        assert!(
            !unpublished(&kafka, &[("note", "never signed".to_owned())])?.is_empty(),
            "the oracle objects to a stray note"
        );
        events += sent.len() as u64;
        violations.extend(wrong);
    }
    Fault { row: 8, log: "kafka", rounds, events, violations }.told()
}

/// One that does not even hear that it has lost its partitions: the fence alone is enough. With the fence taken away, too (a
/// transactional id of its own), the oracle sees it.
#[test]
fn the_fence_alone_keeps_a_deaf_zombie_silent() -> Result<()> {
    let kafka_ = kafka(1)?;
    let fleet = Fleet::new(&kafka_, 4, &TENANTS, &[])?;
    let (_, violations) = stall(&kafka_, &fleet, "owners.deaf=error")?;
    assert_eq!(violations, Vec::<String>::new());
    let kafka = kafka(1)?;
    let fleet = Fleet::new(&kafka, 4, &TENANTS, &[])?;
    let (_, violations) = stall(&kafka, &fleet, "owners.deaf=error,publisher.unfenced=error")?;
    assert!(
        violations.iter().any(|wrong| wrong.contains("times sent") || wrong.contains("times signed")),
        "{violations:?}"
    );
    Ok(())
}
