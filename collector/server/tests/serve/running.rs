//! A server under test: in a folder of its own, on a free port, asked over HTTP.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use server::clock::SystemClock;
use server::config::{Config, Sources};
use server::log::embedded::{Bounds, Embedded};
use server::log::{Log, NewRecord, ReadBound, Record, Start};
use server::random::SystemRandom;
use server::serve::{Host, Serving, StartError, start};
use tempfile::TempDir;

/// Longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Running {
    serving: Serving,
    folder: TempDir,
    client: reqwest::Client,
}

impl Running {
    pub async fn start(settings: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), settings).await
    }

    pub async fn start_in(folder: TempDir, settings: &[&str]) -> Self {
        let serving = Self::try_start(folder.path(), settings).await.unwrap();
        Self { serving, folder, client: reqwest::Client::new() }
    }

    pub async fn try_start(folder: &Path, settings: &[&str]) -> Result<Serving, StartError> {
        let mut sources = Sources::default().with_flag("data-dir", "data_dir", folder.to_str().unwrap()).with_flag(
            "listen",
            "http.listen",
            "127.0.0.1:0",
        );
        for setting in settings {
            let (key, value) = setting.split_once('=').unwrap();
            sources = sources.with_flag(key, key, value);
        }
        let config = Config::load(&sources).unwrap_or_else(|faults| panic!("{faults}")).config;
        start(config, Host { clock: Arc::new(SystemClock::new()), random: Arc::new(SystemRandom) }).await
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.serving.address())
    }

    /// Sends an event that must be taken; gives the receipt.
    pub async fn post(&self, event: &[u8]) -> Value {
        let (status, receipt) = self.try_post(event).await;
        assert_eq!(status, 201, "{receipt:#}");
        receipt
    }

    pub async fn try_post(&self, event: &[u8]) -> (u16, Value) {
        let request = self.client.post(self.url("/api/v1/lineage")).header("content-type", "application/json");
        let response = request.body(event.to_vec()).send().await.unwrap();
        (response.status().as_u16(), serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
    }

    /// Gives an order under a key, which is durable with the answer.
    pub async fn order(&self, path: &str, key: &str, body: &Value) -> Value {
        let (status, answer) = self.given(path, key, body).await;
        assert_eq!(status, 201, "{path}: {answer:#}");
        answer
    }

    /// Gives an order under a key; status and answer.
    pub async fn given(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let request = self.client.post(self.url(path)).header("idempotency-key", key);
        let request = request.header("content-type", "application/json").body(body.to_string());
        let response = request.send().await.unwrap();
        (response.status().as_u16(), serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
    }

    /// What `/metrics` says.
    pub async fn metrics(&self) -> String {
        String::from_utf8(self.bytes("/metrics").await).unwrap()
    }

    /// Status and body of an answer, whatever it is.
    pub async fn try_get(&self, path: &str) -> (u16, Value) {
        let response = self.client.get(self.url(path)).send().await.unwrap();
        (response.status().as_u16(), serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
    }

    pub async fn bytes(&self, path: &str) -> Vec<u8> {
        let response = self.client.get(self.url(path)).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{path}: {:?}", response.text().await);
        response.bytes().await.unwrap().to_vec()
    }

    pub async fn get(&self, path: &str) -> Value {
        serde_json::from_slice(&self.bytes(path).await).unwrap()
    }

    /// Asks until the answer satisfies: what it waits for is written by other threads.
    pub async fn until(&self, path: &str, satisfied: impl Fn(&Value) -> bool) -> Value {
        let asked = async {
            loop {
                // Not now, while a partition is opened again; any other failure is the test's.
                let (status, answer) = self.try_get(path).await;
                assert!(status == 200 || status == 503, "{path}: {status} {answer:#}");
                if status == 200 && satisfied(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(answer) => answer,
            Err(_) => panic!("{path} never satisfied; at last: {:#}", self.get(path).await),
        }
    }

    /// Writes records to the input topic, as clients do.
    pub async fn produce(&self, payloads: Vec<Vec<u8>>) {
        let topic = Arc::from("openlineage.events");
        self.append(payloads.into_iter().map(|payload| NewRecord::new(&topic, payload)).collect()).await;
    }

    /// Writes records to any topic, past the server.
    pub async fn append(&self, records: Vec<NewRecord>) {
        self.serving.core().log().appender().unwrap().begin(records).durable().await.unwrap();
    }

    /// Everything that a topic holds, while the server is at work.
    pub fn records(&self, topic: &str) -> Vec<Record> {
        records(self.serving.core().log().as_ref(), topic)
    }

    pub async fn stop(self) -> bool {
        self.serving.shutdown().await
    }

    pub async fn stop_and_keep(self) -> TempDir {
        let Self { serving, folder, .. } = self;
        assert!(serving.shutdown().await, "it did not stop in time");
        folder
    }
}

/// What the alert topic of a stopped server holds.
pub fn alert_records(folder: &Path) -> Vec<Record> {
    let log = Embedded::open(&folder.join("log"), Arc::new(SystemClock::new()), Bounds::default()).unwrap();
    records(&log, "lineage.alerts")
}

fn records(log: &dyn Log, topic: &str) -> Vec<Record> {
    let mut reader = log.reader(topic).unwrap();
    let partitions = log.partitions(topic).unwrap();
    reader.assign(&(0..partitions).map(|partition| (partition, Start::Earliest)).collect::<Vec<_>>()).unwrap();
    let bound = ReadBound { records_max: 100, bytes_max: 1 << 20, wait: Duration::from_millis(100) };
    let mut records = Vec::new();
    loop {
        let batch = reader.read(bound).unwrap();
        records.extend(batch.records);
        if batch.at_end {
            return records;
        }
    }
}
