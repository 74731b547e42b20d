//! Runs that fail, sent to whichever process is there until each is acknowledged; and what somebody outside must see of them:
//! one alert for each, and nothing else. A run that was lost, doubled or changed shows on the alert topic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{Kafka, client, until};

/// Before an event that was not acknowledged is sent again.
const PAUSE: Duration = Duration::from_millis(50);
/// Between two events.
const PACE: Duration = Duration::from_millis(20);

/// Runs being sent. Dropped, it stops.
#[derive(Debug)]
pub struct Runs {
    urls: Arc<Mutex<Vec<String>>>,
    acknowledged: Arc<Mutex<BTreeMap<u64, String>>>,
    stop: Arc<AtomicBool>,
    sender: Option<JoinHandle<()>>,
}

fn event(run: u64) -> String {
    json!({
        "eventType": "FAIL", "eventTime": "2026-03-01T06:05:00Z", "producer": "https://example.test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id(run)}, "job": {"namespace": "shop", "name": format!("job-{run}")}, "inputs": [], "outputs": [],
    })
    .to_string()
}

fn run_id(run: u64) -> String {
    format!("01920000-0000-7000-8000-{run:012}")
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Runs {
    /// Begins to send runs of these tenants in turn to `urls` in turn.
    pub fn start(urls: &[String], tenants: &[&str]) -> Self {
        let urls = Arc::new(Mutex::new(urls.to_vec()));
        let acknowledged: Arc<Mutex<BTreeMap<u64, String>>> = Arc::default();
        let (stop, turn) = (Arc::new(AtomicBool::new(false)), AtomicU64::new(0));
        let tenants: Vec<String> = tenants.iter().map(|tenant| (*tenant).to_owned()).collect();
        let sender = {
            let (urls, acknowledged, stop) = (Arc::clone(&urls), Arc::clone(&acknowledged), Arc::clone(&stop));
            std::thread::spawn(move || {
                let Ok(client) = reqwest::blocking::Client::builder().timeout(Duration::from_secs(20)).build() else {
                    return;
                };
                for run in 0.. {
                    let tenant = &tenants[(run % tenants.len() as u64) as usize];
                    let body = event(run);
                    loop {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        let url = {
                            let urls = locked(&urls);
                            let count = urls.len().max(1) as u64;
                            urls.get((turn.fetch_add(1, Ordering::Relaxed) % count) as usize).cloned()
                        };
                        let request = url.map(|url| client.post(format!("{url}/api/v1/lineage")).body(body.clone()));
                        let request = request.map(|request| request.header("ledgerline-tenant", tenant));
                        let request = request.map(|request| request.header("content-type", "application/json"));
                        if request.is_some_and(|request| request.send().is_ok_and(|answer| answer.status() == 201)) {
                            break;
                        }
                        std::thread::sleep(PAUSE);
                    }
                    locked(&acknowledged).insert(run, tenant.clone());
                    std::thread::sleep(PACE);
                }
            })
        };
        Self { urls, acknowledged, stop, sender: Some(sender) }
    }

    /// Sends to these from now on.
    pub fn send_to(&self, urls: &[String]) {
        *locked(&self.urls) = urls.to_vec();
    }

    /// How many were acknowledged.
    pub fn count(&self) -> u64 {
        locked(&self.acknowledged).len() as u64
    }

    /// Waits until so many more have been acknowledged.
    ///
    /// # Errors
    /// When it takes too long.
    pub fn more(&self, count: u64) -> Result<()> {
        let wanted = self.count() + count;
        until(&format!("{wanted} runs are acknowledged"), || Ok((self.count() >= wanted).then_some(())))
    }

    /// Stops; gives what was acknowledged: runs, and the tenant of each. A run whose answer did not come may be recorded: it
    /// is sent again under its number by whoever goes on, or counts as not acknowledged.
    pub fn stop(mut self) -> BTreeMap<u64, String> {
        self.end();
        locked(&self.acknowledged).clone()
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(sender) = self.sender.take() {
            // One that panicked has told so already.
            let _ = sender.join();
        }
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a topic holds, as an independent consumer of committed records sees it.
///
/// # Errors
/// When it can't be read to its end.
pub fn consumed(kafka: &Kafka, topic: &str) -> Result<Vec<Value>> {
    let text = client("consume.py", &[kafka.bootstrap_servers(), topic], "")?;
    text.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
}

/// Waits until the alert topic tells of every run; then gives what must not be on it, and on the checkpoint topic, each in a
/// sentence. `view` is what the consumer makes of the alerts: all of them, or a broken sight of them.
///
/// # Errors
/// When the topics can't be read.
pub fn seen_from_outside(
    kafka: &Kafka,
    runs: &BTreeMap<u64, String>,
    view: impl Fn(Vec<Value>) -> Vec<Value>,
) -> Result<Vec<String>> {
    let wanted: BTreeSet<String> = runs.keys().map(|run| run_id(*run)).collect();
    let alerts = until("every run is told of", || {
        let alerts = consumed(kafka, "lineage.alerts")?;
        let told: BTreeSet<String> = alerts.iter().filter_map(run_of).collect();
        Ok(wanted.is_subset(&told).then_some(alerts))
    });
    let alerts = match alerts {
        Ok(alerts) => alerts,
        // What is missing is a violation, not a failure to look.
        Err(_) => consumed(kafka, "lineage.alerts")?,
    };
    let mut wrong = wrong_alerts(&wanted, &view(alerts));
    let mut notes: BTreeMap<String, u32> = BTreeMap::new();
    for note in consumed(kafka, "lineage.checkpoints")? {
        *notes.entry(note["key"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    wrong.extend(
        notes.iter().filter(|(_, times)| **times > 1).map(|(key, times)| format!("{times} times signed: {key}")),
    );
    Ok(wrong)
}

fn run_of(alert: &Value) -> Option<String> {
    let body: Value = serde_json::from_str(alert["value"].as_str()?).ok()?;
    (body["rule"] == "failed-run").then(|| body["subject"]["run"].as_str().map(str::to_owned))?
}

fn wrong_alerts(wanted: &BTreeSet<String>, alerts: &[Value]) -> Vec<String> {
    let (mut messages, mut told) = (BTreeMap::<String, u32>::new(), BTreeMap::<String, u32>::new());
    for alert in alerts {
        *messages.entry(alert["headers"]["ce_id"].as_str().unwrap_or("no ce_id").to_owned()).or_default() += 1;
        if let Some(run) = run_of(alert) {
            *told.entry(run).or_default() += 1;
        }
    }
    let twice = messages.iter().filter(|(_, times)| **times > 1).map(|(id, times)| format!("{times} times sent: {id}"));
    let lost = wanted
        .iter()
        .filter(|run| !told.contains_key(*run))
        .map(|run| format!("acknowledged and never told of: {run}"));
    twice.chain(lost).collect()
}
