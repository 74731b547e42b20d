//! Snapshots of a whole server on the embedded log: what is lost is made again and is the same, what is damaged is found, what
//! is not needed is given up. The oracle is what the server's API and its topics say, before and after.
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

#[path = "snapshots/damage.rs"]
mod damage;
#[path = "serve/events.rs"]
#[allow(dead_code, reason = "each test file uses some of it")]
mod events;
#[path = "serve/running.rs"]
#[allow(dead_code, reason = "each test file uses some of it")]
mod running;
#[path = "snapshots/shelf.rs"]
mod shelf;
#[path = "snapshots/upkeep.rs"]
mod upkeep;

use std::path::Path;

use events::{complete, fail};
use running::{Running, alert_records};
use serde_json::{Value, json};
use shelf::Shelf;
use tempfile::TempDir;

/// No tick falls into a test but those that are ordered, and no snapshot either.
const QUIET: [&str; 2] = ["recorder.tick_interval_ms=600000", "snapshots.interval_ms=0"];

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn run_id(number: u32) -> String {
    format!("019682a3-1f6e-7c5a-9d35-{number:012}")
}

/// What must be the same before and after a loss.
#[derive(Debug, PartialEq)]
struct Seen {
    /// Origin, size and root of the tenant's tree, as they were signed.
    checkpoint: [Value; 3],
    /// Counts of events.
    counts: Vec<Value>,
    /// Every leaf, as the API shows it.
    events: Value,
    lineage: Value,
}

impl Seen {
    async fn of(server: &Running) -> Self {
        let status = server.until("/v1/status", |status| status["checkpoint_size"] == status["leaves"]).await;
        let checkpoint = server.get("/v1/checkpoint").await;
        let checkpoint = ["origin", "size", "root"].map(|key| checkpoint[key].clone());
        let counts = ["recorded", "duplicates", "rejected", "leaves", "datasets", "jobs", "runs", "alerts_firing"];
        Seen {
            checkpoint,
            counts: counts.map(|key| status[key].clone()).into(),
            events: server.get("/v1/events?limit=1000").await["items"].clone(),
            lineage: server.get("/v1/lineage/upstream?node=dataset:db:shop.orders").await["edges"].clone(),
        }
    }
}

/// A server over new data, and the place of its snapshots.
async fn started(more: &[&str]) -> (Running, Shelf) {
    let shelf = Shelf::new();
    let server = over(tempfile::tempdir().unwrap(), &shelf, more).await;
    (server, shelf)
}

/// A server over data that is there.
async fn over(data: TempDir, shelf: &Shelf, more: &[&str]) -> Running {
    Running::start_in(data, &[&QUIET[..], &[&shelf.setting()], more].concat()).await
}

/// A few runs, one of which fails.
async fn feed(server: &Running, runs: std::ops::Range<u32>) {
    for number in runs {
        let run = run_id(number);
        match number % 4 {
            3 => server.post(&fail(&run, "send", "connection refused")).await,
            _ => server.post(&complete(&run, "load", &["raw.orders"], &["shop.orders"])).await,
        };
    }
}

async fn tick(server: &Running, key: &str) {
    let position = server.order("/v1/ticks", key, &json!({})).await["position"].as_str().unwrap().to_owned();
    server.get(&format!("/v1/status?at_least={position}")).await;
}

/// Orders a snapshot and waits for it.
async fn snapshot(server: &Running, key: &str) -> Value {
    loop {
        let (status, ordered) = server.given("/v1/snapshots", key, &json!({})).await;
        assert!(status == 200 || status == 202, "{status} {ordered:#}");
        if ordered["done"] == json!(true) {
            assert_eq!(ordered["failed"], json!([]), "{ordered:#}");
            return ordered["made"][0].clone();
        }
    }
}

fn lose(data: &Path) {
    std::fs::remove_dir_all(data.join("partition-0")).unwrap();
}

fn ids(data: &Path) -> Vec<String> {
    let id = |record: &server::log::Record| String::from_utf8_lossy(record.header("ce_id").unwrap()).into_owned();
    alert_records(data).iter().map(id).collect()
}

/// Row 10 of the faults: a store is deleted under a stopped process, and made again from the snapshot and what the log holds
/// beyond it, or from the log alone.
#[test]
fn a_lost_store_is_made_again_and_is_the_same() {
    runtime().block_on(async {
        for from_log_alone in [false, true] {
            let (server, shelf) = started(&[]).await;
            feed(&server, 0..6).await;
            let made = snapshot(&server, "snapshot-one").await;
            feed(&server, 6..10).await;
            tick(&server, "tick-after").await;
            let before = Seen::of(&server).await;
            let data = server.stop_and_keep().await;
            let alerts = ids(data.path());
            assert_eq!(alerts.len(), 2, "two runs failed: {alerts:?}");

            lose(data.path());
            let server = match from_log_alone {
                true => Running::start_in(data, &QUIET).await,
                false => over(data, &shelf, &[]).await,
            };
            let after = Seen::of(&server).await;
            assert_eq!(after, before, "from the log alone: {from_log_alone}");
            let restored = server.folder().join("partition-0");
            assert_eq!(shelf.made_from(&restored, &made), !from_log_alone, "{made:#}");
            feed(&server, 10..12).await;
            tick(&server, "tick-later").await;
            let data = server.stop_and_keep().await;
            let mut later = ids(data.path());
            assert_eq!(later.split_off(alerts.len()).len(), 1, "the run that failed since, and nothing again");
            assert_eq!(later, alerts);
        }
    });
}

/// The oracle can fail: another event, or another order of the same ones, is another ledger.
#[test]
fn the_oracle_tells_two_ledgers_apart() {
    runtime().block_on(async {
        let seen = async |runs: &[u32]| {
            let (server, _shelf) = started(&[]).await;
            for run in runs {
                feed(&server, *run..*run + 1).await;
            }
            tick(&server, "tick-there").await;
            Seen::of(&server).await
        };
        let (one, two, other) = (seen(&[0, 1]).await, seen(&[1, 0]).await, seen(&[0]).await);
        assert_ne!(one, two);
        assert_ne!(one, other);
        assert_ne!(one.counts, other.counts);
    });
}

#[test]
fn snapshots_are_listed_and_orders_are_carried_out_once() {
    runtime().block_on(async {
        let (server, shelf) = started(&[]).await;
        feed(&server, 0..3).await;
        let (first, again) = (snapshot(&server, "the-same-key").await, snapshot(&server, "the-same-key").await);
        assert_eq!(first, again, "one order");
        feed(&server, 3..5).await;
        let second = snapshot(&server, "another-key").await;
        let listed = server.get("/v1/snapshots").await;
        let names: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|item| &item["snapshot"]).collect();
        assert_eq!(names, [&first["snapshot"], &second["snapshot"]], "{listed:#}");
        assert_eq!(listed["items"][1]["size_bytes"], second["size_bytes"], "{listed:#}");
        assert!(second["uploaded_bytes"].as_u64().unwrap() < second["size_bytes"].as_u64().unwrap(), "{second:#}");
        assert_eq!(shelf.names().len(), 2);
        assert!(server.get("/v1/status").await["partitions"][0]["snapshot_at"].is_string());
        let metrics = server.metrics().await;
        for line in ["ledgerline_snapshot_age_seconds{partition=\"0\"}", "ledgerline_snapshot_uploaded_bytes_total"] {
            assert!(metrics.contains(line), "{line} is missing");
        }
        assert!(server.stop().await);
        // Without a place there is nothing to order.
        let server = Running::start(&[]).await;
        let (status, problem) = server.try_get("/v1/snapshots").await;
        assert_eq!((status, &problem["path"]), (400, &json!("snapshots.url")), "{problem:#}");
        assert!(server.stop().await);
    });
}

/// An idle store costs next to nothing: the issue asks for 256 KiB at most.
#[test]
fn a_second_snapshot_of_an_idle_store_uploads_little() {
    runtime().block_on(async {
        let (server, _shelf) = started(&[]).await;
        feed(&server, 0..200).await;
        snapshot(&server, "snapshot-one").await;
        for tick_number in 0..30 {
            tick(&server, &format!("idle-tick-{tick_number}")).await;
        }
        let second = snapshot(&server, "snapshot-two").await;
        assert!(second["uploaded_bytes"].as_u64().unwrap() <= 256 << 10, "{second:#}");
        assert!(server.stop().await);
    });
}

/// The schedule makes them unasked.
#[test]
fn snapshots_are_made_on_the_schedule() {
    runtime().block_on(async {
        let (server, _shelf) = started(&["snapshots.interval_ms=1000"]).await;
        feed(&server, 0..2).await;
        server.until("/v1/snapshots", |page| page["items"].as_array().unwrap().len() >= 2).await;
        assert!(server.stop().await);
    });
}
