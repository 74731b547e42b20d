//! Several processes on one Kafka: any of them answers any question, roles may be spread, a stop finishes what is at hand, and
//! a standby takes over.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use ledgerline_tests::{Fleet, Ledgerline, Runs, client, consumed, kafka, on_disk, seen_from_outside, until};
use serde_json::Value;

const TENANTS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

/// Status, headers that matter, and body of a question to a process.
fn ask(
    server: &Ledgerline,
    path: &str,
    tenant: &str,
    headers: &[(&str, &str)],
) -> Result<(u16, Option<String>, Value)> {
    let client = reqwest::blocking::Client::new();
    let mut request = client.get(format!("{}{path}", server.url())).header("ledgerline-tenant", tenant);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send()?;
    let status = answer.status().as_u16();
    let by = answer.headers().get("ledgerline-answered-by").map(|by| by.to_str().unwrap().to_owned());
    ensure!(status != 503 || answer.headers().contains_key("retry-after"), "a 503 without Retry-After");
    Ok((status, by, answer.json().unwrap_or_default()))
}

/// The owner of each partition, once all of them run, as a process tells it.
fn owners(server: &Ledgerline) -> Result<Option<BTreeMap<u64, String>>> {
    let (status, _, rows) = ask(server, "/v1/partitions", "alpha", &[])?;
    let Some(rows) = rows.as_array().filter(|_| status == 200) else { return Ok(None) };
    let mut owners = BTreeMap::new();
    for row in rows.iter().filter(|row| row["state"] != "following") {
        if row["state"] != "running" {
            return Ok(None);
        }
        owners.insert(
            row["partition"].as_u64().context("a number")?,
            row["owner"].as_str().unwrap_or_default().to_owned(),
        );
    }
    Ok((owners.len() == 4).then_some(owners))
}

/// Waits until these processes share the partitions out among themselves, and agree on it.
fn shared(servers: &[&Ledgerline]) -> Result<BTreeMap<u64, String>> {
    let urls: BTreeSet<String> = servers.iter().map(|server| server.url()).collect();
    until("every partition runs in one of the processes", || {
        let told: Vec<_> = servers.iter().map(|server| owners(server)).collect::<Result<_>>()?;
        let Some(Some(first)) = told.first().cloned() else { return Ok(None) };
        let agreed = told.iter().all(|other| other.as_ref() == Some(&first));
        let spread: BTreeSet<String> = first.values().cloned().collect();
        Ok((agreed && spread == urls).then_some(first))
    })
}

/// Each process counts the same of each tenant.
fn check_counts(servers: &[&Ledgerline], runs: &BTreeMap<u64, String>) -> Result<()> {
    for tenant in TENANTS {
        let count = runs.values().filter(|of| *of == tenant).count() as u64;
        for server in servers {
            until(&format!("{} tells of {count} runs of {tenant}", server.url()), || {
                let (status, _, body) = ask(server, "/v1/status", tenant, &[])?;
                ensure!(body["recorded"].as_u64() <= Some(count), "{tenant}: too many: {body}");
                Ok((status == 200 && body["recorded"].as_u64() == Some(count)).then_some(()))
            })?;
            let (status, _, body) = ask(server, "/v1/events?limit=1000", tenant, &[])?;
            let events = body["items"].as_array().map(|rows| rows.iter().filter(|row| row["kind"] == "event").count());
            assert_eq!((status, events), (200, Some(count as usize)), "{tenant} at {}", server.url());
        }
    }
    Ok(())
}

#[test]
fn any_process_answers_any_question() -> Result<()> {
    let kafka = kafka(1)?;
    let fleet = Fleet::new(&kafka, 4, &TENANTS, &[])?;
    let one = fleet.start("one", &[])?;
    // Ready means ready: no partition is still on its way.
    for tenant in TENANTS {
        assert_eq!(ask(&one, "/v1/status", tenant, &[])?.0, 200, "{tenant}, right after the server was ready");
    }
    let runs = Runs::start(&[one.url()], &TENANTS);
    runs.more(20)?;
    let mut two = fleet.armed("two", &[], "")?;
    until("the second process says why it is not ready", || {
        let Ok(answer) = reqwest::blocking::get(format!("{}/readyz", two.url())) else { return Ok(None) };
        let body: Value = answer.json()?;
        let told = body["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty());
        ensure!(told || body["ready"] == true, "neither ready nor a reason: {body}");
        Ok(Some(()))
    })?;
    two.ready()?;
    let owners = shared(&[&one, &two])?;
    runs.send_to(&[one.url(), two.url()]);
    runs.more(40)?;
    let sent = runs.stop();
    check_counts(&[&one, &two], &sent)?;

    // Passed on once and not twice.
    let (mut here, mut there) = (0, 0);
    for tenant in TENANTS {
        let (status, by, _) = ask(&one, "/v1/jobs", tenant, &[])?;
        let (marked, _, problem) = ask(&one, "/v1/jobs", tenant, &[("ledgerline-forwarded", "1")])?;
        match by {
            None => {
                here += 1;
                assert_eq!((status, marked), (200, 200), "{tenant} lives in the process that was asked");
            }
            Some(by) => {
                there += 1;
                assert_eq!((status, marked, by), (200, 503, two.url()), "{tenant} lives in the other one");
                assert_eq!(problem["code"], "partition-elsewhere", "{problem}");
                assert!(problem["detail"].as_str().unwrap().contains(&two.url()), "it says who has it: {problem}");
            }
        }
    }
    println!("{owners:?}: {here} tenants here, {there} there");

    // One of them is lost: what it had is asked for again until the other one has it.
    drop(two);
    until("the survivor has every partition", || {
        for tenant in TENANTS {
            let (status, _, body) = ask(&one, "/v1/status", tenant, &[])?;
            ensure!(status == 200 || status == 503, "{status} {body}");
            if status != 200 {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })?;
    check_counts(&[&one], &sent)?;
    assert_eq!(seen_from_outside(&kafka, &sent, |alerts| alerts)?, Vec::<String>::new());
    one.stop()
}

#[test]
fn roles_are_spread_over_processes() -> Result<()> {
    let kafka = kafka(1)?;
    let fleet = Fleet::new(&kafka, 4, &TENANTS, &[])?;
    let recorder = fleet.start("recorder", &[("ROLES", "recorder")])?;
    let intake = fleet.start("intake", &[("ROLES", "intake")])?;
    let api = fleet.start("api", &[("ROLES", "api")])?;
    client("emit.py", &["kafka", kafka.bootstrap_servers(), "openlineage.events"], "")?;
    client("emit.py", &["http", &api.url()], "")?;
    until("both channels are recorded, as the process without a store tells", || {
        let (status, _, body) = ask(&api, "/v1/status", "default", &[])?;
        Ok((status == 200 && body["recorded"].as_u64() == Some(16)).then_some(()))
    })?;
    let (status, by, _) = ask(&api, "/v1/jobs", "default", &[])?;
    assert_eq!((status, by), (200, Some(recorder.url())), "answered by the one that has it");
    for without in [&recorder, &intake] {
        assert_eq!(ask(without, "/v1/jobs", "default", &[])?.0, 404, "the others answer nobody but processes");
    }
    until("two runs failed, and two alerts are seen", || {
        Ok(Some(consumed(&kafka, "lineage.alerts")?).filter(|alerts| alerts.len() == 2))
    })?;
    api.stop()?;
    intake.stop()?;
    recorder.stop()
}

#[test]
fn a_stop_under_load_finishes_what_is_at_hand_on_the_embedded_log() -> Result<()> {
    let data = tempfile::tempdir()?;
    let server = Ledgerline::start(data.path(), &[])?;
    let runs = Runs::start(&[server.url()], &["default"]);
    runs.more(50)?;
    server.stop()?;
    let sent = runs.stop();
    let alerts: BTreeSet<String> =
        on_disk(data.path(), "lineage.alerts")?.into_iter().filter_map(|alert| alert.ce_id).collect();
    ensure!(alerts.len() >= sent.len(), "published before it ended: {} alerts of {} runs", alerts.len(), sent.len());
    Ok(())
}

#[test]
fn a_stop_under_load_finishes_what_is_at_hand_on_kafka() -> Result<()> {
    let kafka = kafka(1)?;
    let fleet = Fleet::new(&kafka, 4, &TENANTS, &[])?;
    let server = fleet.start("one", &[])?;
    let runs = Runs::start(&[server.url()], &TENANTS);
    runs.more(30)?;
    // Exit status 0, within its bound, with the load still coming.
    server.stop()?;
    let sent = runs.stop();
    let told = consumed(&kafka, "lineage.alerts")?.len();
    assert!(told >= sent.len(), "published before it ended: {told} alerts of {} acknowledged runs", sent.len());
    assert_eq!(seen_from_outside(&kafka, &sent, |alerts| alerts)?, Vec::<String>::new());
    Ok(())
}
