//! Rotation on schedule: by the log's time, once, and of every ledger that the key signs.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::Value;
use server::clock::{Clock, SystemClock};
use server::config::{Config, Sources};
use server::random::SystemRandom;
use server::serve::{Host, start};

use super::super::runtime;

const HOUR_NS: i64 = 3_600_000_000_000;

/// The clock of a machine that somebody set ahead.
struct Ahead(SystemClock, AtomicI64);

impl Clock for Ahead {
    fn now_ns(&self) -> i64 {
        self.0.now_ns() + self.1.load(Ordering::Relaxed)
    }
    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
}

/// States of the keys of `default` and of the partition's own ledger, once they are these.
async fn until(url: &str, wanted: &[&str]) {
    let client = reqwest::Client::new();
    for _ in 0..3_000 {
        let asked = client.get(format!("{url}/v1/keys")).header("ledgerline-tenant", "p-0").send().await.unwrap();
        let trees: Value = asked.json().await.unwrap();
        let states = |tree: &Value| -> Vec<String> {
            let keys = tree["keys"].as_array().into_iter().flatten();
            keys.map(|key| key["state"].as_str().unwrap_or_default().to_owned()).collect()
        };
        let trees: Vec<_> = trees.as_array().into_iter().flatten().map(states).collect();
        if trees.len() == 2 && trees.iter().all(|states| states == wanted) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the keys never are {wanted:?}");
}

#[test]
fn a_key_that_has_signed_long_enough_is_rotated_once() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let settings = [
            ("data_dir", folder.path().to_str().unwrap()),
            ("http.listen", "127.0.0.1:0"),
            ("recorder.tick_interval_ms", "100"),
            ("recorder.tick_jump_max_ms", "604800000"),
            ("ledger.rotate_every_days", "1"),
            ("ledger.rotate_overlap_hours", "2"),
        ];
        let sources =
            settings.iter().fold(Sources::default(), |sources, (key, value)| sources.with_flag(key, key, value));
        let config = Config::load(&sources).unwrap_or_else(|faults| panic!("{faults}")).config;
        let clock = Arc::new(Ahead(SystemClock::new(), AtomicI64::new(0)));
        let host = Host { clock: Arc::clone(&clock) as Arc<dyn Clock>, random: Arc::new(SystemRandom) };
        let serving = start(config, host).await.unwrap();
        let url = format!("http://{}", serving.address());
        let ahead = |hours: i64| clock.1.fetch_add(hours * HOUR_NS, Ordering::Relaxed);
        until(&url, &["active"]).await;
        ahead(25);
        until(&url, &["overlap", "active"]).await;
        ahead(3);
        until(&url, &["retired", "active"]).await;
        ahead(25);
        until(&url, &["retired", "overlap", "active"]).await;
        let files = std::fs::read_dir(folder.path().join("keys")).unwrap().map(|entry| entry.unwrap().file_name());
        let files = files.filter(|name| {
            let name = name.to_string_lossy();
            name.starts_with("ledger") && name.ends_with(".key")
        });
        assert_eq!(files.count(), 3, "one for both ledgers, each time");
        assert!(serving.shutdown().await);
    });
}
