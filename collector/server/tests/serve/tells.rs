//! What a server tells of itself: metrics, test alerts, refused records, checkpoints at their interval, and a store that is not
//! the one that was signed.

use std::ops::ControlFlow;
use std::time::Duration;

use serde_json::{Value, json};
use server::log::{NewRecord, Record};
use store::{Durability, Read as _, Scan, Store, StoreOptions, Table};

use super::events::{complete, fail, start};
use super::running::{Running, alert_records};

const RUN: &str = "019682a3-1f6e-7c5a-9d35-0c1c5c0f3a11";
const OTHER: &str = "019682a3-1f6e-7c5a-9d35-0c1c5c0f3a12";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Asks until it is so; what it waits for is done by other threads.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..3_000 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain: {what}")
}

/// Rule, state, key and body of each alert record.
fn alerts(records: &[Record]) -> Vec<(String, String, String, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |record: &Record| {
        let body: Value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
        let key = String::from_utf8(record.key.as_deref().unwrap().to_vec()).unwrap();
        (text(&body["rule"]), text(&body["state"]), key, body)
    };
    records.iter().map(one).collect()
}

/// Names of the families that the guide lists.
fn guide() -> Vec<String> {
    let guide = include_str!("../../../../docs/observability.md");
    let (_, metrics) = guide.split_once("## Metrics").unwrap();
    let metrics = metrics.split("\n## ").next().unwrap();
    let rows = metrics.lines().filter(|line| line.starts_with("| `"));
    let names = rows.flat_map(|line| line.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2));
    names.map(str::to_owned).collect()
}

/// Whether a family has a sample; a histogram has one once something was observed.
fn has_sample(text: &str, name: &str) -> bool {
    let family = format!("ledgerline_{name}");
    text.lines().filter_map(|line| line.strip_prefix(&family)).any(|rest| match rest.strip_prefix("_count") {
        Some(count) => count.rsplit(' ').next().is_some_and(|count| count != "0"),
        None => rest.starts_with(' ') || rest.starts_with('{'),
    })
}

#[test]
fn every_metric_of_the_guide_is_set() {
    runtime().block_on(async {
        let settings = [
            "recorder.tick_interval_ms=100",
            "intake.payload_bytes_max=2048",
            "intake.batch_bytes_max=2048",
            "intake.queue_bytes_max=2048",
            // Nobody is there: that is told, too.
            "witnesses.away=http://127.0.0.1:1 witness.example/w1+8832d1ae+BNVCB9oZSXfc9Grb/sK8LnW1LVqKQhhP7f3AACTw4+ja",
        ];
        let server = Running::start(&settings).await;
        let naive = String::from_utf8(start(RUN, "load", &["raw.orders"], &["shop.orders"])).unwrap();
        server.post(naive.replace("09:00:00Z", "09:00:00").as_bytes()).await;
        server.post(&fail(RUN, "load", "connection refused")).await;
        server.try_post(b"{\"eventTime\":").await;
        let names = guide();
        assert!(names.len() > 30, "{names:?}");
        let good = complete(OTHER, "send", &["shop.orders"], &[]);
        // Those of snapshots have samples where `snapshots.url` is set, which this server lacks.
        let mut missing: Vec<_> = names.iter().filter(|name| !name.starts_with("snapshot_")).cloned().collect();
        for _ in 0..3_000 {
            // More than the queue takes at once, so that the source is paused, too.
            server.produce(vec![good.clone(); 8]).await;
            let text = server.metrics().await;
            missing.retain(|name| !has_sample(&text, name));
            if missing.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(missing.is_empty(), "without a sample: {missing:?}");
        let text = server.metrics().await;
        for line in [
            "ledgerline_alerts_total{rule=\"failed-run\",severity=\"warning\",state=\"firing\"} 1",
            "ledgerline_alerts_firing{rule=\"failed-run\",severity=\"warning\",state=\"firing\"} 1",
            "ledgerline_publisher_records_total{topic=\"lineage.alerts\"} 1",
            "ledgerline_recorder_halted{partition=\"0\"} 0",
        ] {
            assert!(text.contains(line), "{line} is missing from:\n{text}");
        }
        assert!(server.stop().await);
    });
}

#[test]
fn a_test_alert_goes_the_whole_way_once() {
    runtime().block_on(async {
        let server = Running::start(&[]).await;
        let order = json!({ "message": "from the on-call handbook" });
        for _ in 0..2 {
            server.order("/v1/alerts/test", "handbook-2026-05", &order).await;
        }
        let page = server.until("/v1/alerts", |page| page["items"].as_array().unwrap().len() == 2).await;
        let states: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|item| &item["state"]).collect();
        assert_eq!(states, ["firing", "resolved"], "{page:#}");
        assert!(page["items"].as_array().unwrap().iter().all(|item| item["severity"] == "info"), "{page:#}");
        let events = server.get("/v1/events").await;
        let controls = events["items"].as_array().unwrap().iter().filter(|row| row["kind"] == "control").count();
        assert_eq!(controls, 1, "the order is a leaf, its repeat is not: {events:#}");
        let folder = server.stop_and_keep().await;
        let told = alerts(&alert_records(folder.path()));
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0].2, told[1].2, "two messages of one alert");
        for (rule, _, _, body) in &told {
            assert_eq!((&**rule, &body["mode"]), ("alert-test", &json!("drill")));
            let summary = body["summary"].as_str().unwrap();
            assert!(
                summary.starts_with("Test alert, sent on purpose") && summary.contains("on-call handbook"),
                "{summary}"
            );
        }
    });
}

#[test]
fn forged_records_are_one_alert_and_stop_nothing() {
    runtime().block_on(async {
        let server = Running::start(&["recorder.tick_interval_ms=50"]).await;
        server.post(&start(RUN, "load", &[], &["shop.orders"])).await;
        let events = server.records("lineage.events");
        let envelope = events.iter().find(|record| record.key.as_deref() == Some(b"default")).unwrap();
        let topic = envelope.topic.clone();
        let mut forged = envelope.value.as_deref().unwrap().to_vec();
        *forged.last_mut().unwrap() ^= 1;
        let forged = NewRecord::new(&topic, forged).partition(0).key("default");
        // A copy of a sound envelope under another key.
        let misplaced = NewRecord::new(&topic, envelope.value.clone().unwrap()).partition(0).key("other");
        server.append(vec![forged.clone(), forged.clone(), misplaced, forged]).await;
        server.post(&complete(RUN, "load", &[], &["shop.orders"])).await;
        server.until("/v1/status", |status| status["recorded"] == 2).await;
        until("both alerts are published", async || {
            let told = alerts(&server.records("lineage.alerts"));
            (told.len() >= 2).then_some(())
        })
        .await;
        let folder = server.stop_and_keep().await;
        let told = alerts(&alert_records(folder.path()));
        let reasons: Vec<&str> = told
            .iter()
            .map(|(.., body)| body["occurrence"]["key"].as_str().unwrap().split('/').next().unwrap())
            .collect();
        let mut sorted = reasons.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["bad-mac", "misplaced"], "{told:#?}");
        for (rule, state, _, body) in &told {
            assert_eq!((&**rule, &**state, &body["severity"]), ("refused-record", "firing", &json!("critical")));
            assert!(!body["remedy"].as_array().unwrap().is_empty());
        }
    });
}

#[test]
fn a_tree_is_signed_at_its_interval_and_at_an_ordered_tick() {
    runtime().block_on(async {
        let settings = ["ledger.checkpoint_interval_ms=3600000", "recorder.tick_interval_ms=20"];
        let server = Running::start(&settings).await;
        // The first tick signs what there is.
        let size = until("the first checkpoint", async || {
            server.get("/v1/status").await["checkpoint_size"].as_u64().filter(|size| *size > 0)
        })
        .await;
        server.post(&start(RUN, "load", &[], &["shop.orders"])).await;
        let time = async || server.get("/v1/status").await["partitions"][0]["log_time"].to_string();
        for _ in 0..5 {
            let before = time().await;
            until("the log's time moves on", async || (time().await != before).then_some(())).await;
        }
        let status = server.until("/v1/status", |status| status["recorded"] == 1).await;
        assert_eq!(status["checkpoint_size"], json!(size), "not before the interval is over: {status:#}");
        server.order("/v1/ticks", "sign-what-there-is", &json!({})).await;
        server.until("/v1/status", |status| status["checkpoint_size"].as_u64() > Some(size)).await;
        assert!(server.stop().await);
    });
}

#[test]
fn a_store_that_is_not_the_one_that_was_signed_is_not_served() {
    runtime().block_on(async {
        let server = Running::start(&[]).await;
        server.post(&start(RUN, "load", &[], &["shop.orders"])).await;
        server.post(&complete(RUN, "load", &[], &["shop.orders"])).await;
        // The stop signs what was recorded.
        let folder = server.stop_and_keep().await;
        forge_tiles(folder.path());
        let server = Running::start_in(folder, &[]).await;
        let status = server.until("/v1/status", |status| status["partitions"][0]["state"] == "halted").await;
        let partition = &status["partitions"][0];
        let reason = partition["reason"].as_str().unwrap();
        assert!(reason.contains("was published and signed"), "{status:#}");
        assert!(partition["remedy"].as_str().unwrap().contains("rebuilt from the log"), "{status:#}");
        let (code, body) = server.try_get("/readyz").await;
        assert_eq!(code, 503, "{body:#}");
        let (code, body) = server.try_get("/v1/events").await;
        assert_eq!(code, 503, "nothing of it is shown: {body:#}");
        let folder = server.stop_and_keep().await;
        // As the remedy says: moved away, the store is rebuilt from the log, and agrees.
        std::fs::rename(folder.path().join("partition-0"), folder.path().join("moved-away")).unwrap();
        let server = Running::start_in(folder, &[]).await;
        server.until("/v1/status", |status| status["partitions"][0]["state"] == "running").await;
        assert_eq!(server.get("/v1/status").await["recorded"], json!(2));
        assert!(server.stop().await);
    });
}

/// Changes one hash of every stored tile.
fn forge_tiles(folder: &std::path::Path) {
    let store = Store::open(&folder.join("partition-0"), &StoreOptions::default()).unwrap();
    let mut tiles = Vec::new();
    let visit = &mut |key: &[u8], value: &[u8]| {
        tiles.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    };
    store.scan(Scan::prefix(Table::Tiles, &[]), visit).unwrap();
    let mut batch = store.batch();
    for (key, mut value) in tiles {
        value[0] ^= 1;
        batch.put(Table::Tiles, &key, value);
    }
    batch.commit(Durability::Synced).unwrap();
}
