//! A disk that fills up: the partition halts, its store is closed and opened again, and nothing is lost or doubled. In a process
//! of its own, for failpoints are the process's.
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

#[allow(dead_code, reason = "tests/serve.rs uses the rest")]
mod serve {
    pub mod events;
    pub mod running;
}

use serde_json::json;
use serve::events::fail;
use serve::running::{Running, alert_records};
use store::failpoint::{Action, arm, disarm};

#[test]
fn a_full_disk_halts_and_the_partition_goes_on_with_the_store_opened_anew() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Running::start(&[]).await;
        let points = ["store.commit.before", "store.commit.after", "store.sync", "store.commit.before"];
        for (number, point) in (1_u64..).zip(points) {
            arm(point, Action::Error, Some(1));
            let run = format!("019682a3-1f6e-7c5a-9d35-0c1c5c0f3a{number:02}");
            server.post(&fail(&run, &format!("job-{number}"), "no space left")).await;
            let alerts = |page: &serde_json::Value| page["items"].as_array().unwrap().len() as u64 == number;
            server.until("/v1/alerts", alerts).await;
            let status = server.until("/v1/status", |status| status["partitions"][0]["state"] == "running").await;
            assert_eq!(status["recorded"], json!(number), "after {point}: {status:#}");
            assert_eq!(status["duplicates"], json!(0), "after {point}: {status:#}");
            disarm();
        }
        let folder = server.stop_and_keep().await;
        assert_eq!(alert_records(folder.path()).len(), points.len(), "each alert once");
    });
}
