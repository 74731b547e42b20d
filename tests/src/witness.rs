//! Who keeps what was sent and what was acknowledged, and compares it in the end with ledger, log and alert topic. Believes the
//! server nothing: what it answered is what it is held to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use lineage::frame::{self, Opened};
use serde_json::Value;
use server::keyring::Keyring;

use crate::{Found, Ledgerline, run_event};

/// An event of [`run_event`]: run and kind.
pub type Sent = (u64, &'static str);

/// One run in so many fails.
const FAILS_ONE_IN: u64 = 5;

/// What was sent, and what is known of it.
#[derive(Debug, Default)]
pub struct Witness(Mutex<Book>);

#[derive(Clone, Debug, Default)]
struct Book {
    made: u64,
    sent: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
    /// Sent, and not answered with yes: to be sent again.
    unsure: Vec<Sent>,
}

/// How an event is told from others, in leaves and envelopes alike.
fn name_of(run_id: &str, kind: &str) -> String {
    format!("{run_id} {kind}")
}

fn name((run, kind): Sent) -> String {
    name_of(&format!("01920000-0000-7000-8000-{run:012}"), kind)
}

/// The event of that number: a START, then how the run ends.
fn event(number: u64) -> Sent {
    let run = number / 2;
    let end = if run.is_multiple_of(FAILS_ONE_IN) { "FAIL" } else { "COMPLETE" };
    (run, if number % 2 == 1 { end } else { "START" })
}

impl Witness {
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another one that knows what this one knows, for a copy of the deployment.
    pub fn fork(&self) -> Self {
        Self(Mutex::new(self.book().clone()))
    }

    /// Holds nobody to an answer any more: everything is to be sent again, and be there once.
    pub fn forget_answers(&self) {
        let mut book = self.book();
        let end = book.made;
        book.acknowledged.clear();
        book.unsure = (0..end).map(event).collect();
    }

    /// The next events to send: those whose fate is open, then new ones.
    pub fn next(&self, count: usize) -> Vec<Sent> {
        let mut book = self.book();
        let open = book.unsure.len().min(count);
        let mut events: Vec<Sent> = book.unsure.drain(..open).collect();
        while events.len() < count {
            events.push(event(book.made));
            book.made += 1;
        }
        book.sent.extend(events.iter().map(|event| name(*event)));
        events
    }

    /// These were answered as durable.
    pub fn acknowledged(&self, events: &[Sent]) {
        self.book().acknowledged.extend(events.iter().map(|event| name(*event)));
    }

    /// Nobody knows what became of these.
    pub fn unsure(&self, events: &[Sent]) {
        self.book().unsure.extend(events);
    }

    /// Whether something is to be sent again.
    pub fn has_unsure(&self) -> bool {
        !self.book().unsure.is_empty()
    }

    /// How many events were acknowledged.
    pub fn count(&self) -> u64 {
        self.book().acknowledged.len() as u64
    }

    /// Sends what is open until all of it is acknowledged; the server must be able to take it.
    ///
    /// # Errors
    /// When it is not, within the patience of [`crate::until`].
    pub fn settle(&self, server: &Ledgerline) -> Result<()> {
        let sender = reqwest::blocking::Client::new();
        let url = format!("{}/api/v1/lineage", server.url());
        let open = std::mem::take(&mut self.book().unsure);
        for event in open {
            crate::until("an open event is acknowledged", || {
                let request = sender.post(&url).header("content-type", "application/json");
                let answer = request.body(run_event(event.0, event.1)).send();
                Ok(answer.is_ok_and(|answer| answer.status() == 201).then_some(()))
            })?;
            self.acknowledged(&[event]);
        }
        Ok(())
    }

    /// What is wrong with what the server tells of its ledger.
    ///
    /// # Errors
    /// When it can't be asked.
    pub fn ledger(&self, server: &Ledgerline) -> Result<(Vec<String>, Vec<Value>)> {
        let rows = leaves(server)?;
        let mut wrong = Vec::new();
        let mut times: BTreeMap<String, u32> = BTreeMap::new();
        rows.iter().for_each(|row| *times.entry(name_of_row(row)).or_default() += 1);
        let book = self.book();
        wrong.extend(
            book.acknowledged
                .iter()
                .filter(|name| !times.contains_key(*name))
                .map(|name| format!("acknowledged and not in the ledger: {name}")),
        );
        wrong.extend(
            times
                .iter()
                .filter(|(_, count)| **count > 1)
                .map(|(name, count)| format!("{count} times in the ledger: {name}")),
        );
        wrong.extend(
            times
                .keys()
                .filter(|name| !book.sent.contains(*name))
                .map(|name| format!("in the ledger and never sent: {name}")),
        );
        drop(book);
        let status = server.json(&["status"])?;
        if status["recorded"].as_u64() != Some(rows.len() as u64) {
            wrong.push(format!("status counts {} events and the ledger has {}", status["recorded"], rows.len()));
        }
        Ok((wrong, rows))
    }

    /// What is wrong between ledger and log: each leaf must stand where the log holds its event, and each event of the log
    /// must have its leaf. `keys` is the key folder.
    ///
    /// # Errors
    /// When the keys can't be read.
    pub fn log(&self, rows: &[Value], log: &[Found], keys: &Path) -> Result<Vec<String>> {
        let keyring = Keyring::load(keys)?;
        let mut places: BTreeMap<(u32, u64), String> = BTreeMap::new();
        for record in log {
            let Opened::Envelope(envelope) = frame::open(&record.value, keyring.intake_keys()) else { continue };
            let Some(event) = &envelope.event else { continue };
            let body: Value = serde_json::from_slice(event.body.unwrap_or_default()).context("a body is JSON")?;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let name = name_of(&text(&body["run"]["runId"]), &text(&body["eventType"]));
            places.insert((record.partition, record.offset), name);
        }
        let mut wrong = Vec::new();
        for row in rows {
            let at = position(row).with_context(|| format!("the position of {row}"))?;
            let (here, there) = (name_of_row(row), places.get(&at));
            if there != Some(&here) {
                wrong.push(format!("the leaf of {here} cites {at:?}, where the log has {there:?}"));
            }
        }
        let recorded: BTreeSet<String> = rows.iter().map(name_of_row).collect();
        let distinct: BTreeSet<&String> = places.values().collect();
        let unrecorded = distinct.into_iter().filter(|name| !recorded.contains(*name));
        wrong.extend(unrecorded.map(|name| format!("in the log and not in the ledger: {name}")));
        Ok(wrong)
    }

    /// What is wrong with the alert topic: each message once, and one alert that fires for each run that failed.
    pub fn alerts(rows: &[Value], alerts: &[Found]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut messages: BTreeMap<&str, u32> = BTreeMap::new();
        let mut firing: BTreeMap<String, u32> = BTreeMap::new();
        for alert in alerts.iter().filter(|alert| !alert.value.is_empty()) {
            *messages.entry(alert.ce_id.as_deref().unwrap_or("without ce_id")).or_default() += 1;
            let message: Value = serde_json::from_slice(&alert.value).unwrap_or_default();
            if message["rule"] == "failed-run" && message["state"] == "firing" {
                // Each run has a job of its own, and an alert is about the job.
                let job = message["subject"]["node"].as_str().unwrap_or_default().to_owned();
                *firing.entry(job).or_default() += 1;
            }
        }
        wrong.extend(
            messages
                .iter()
                .filter(|(_, count)| **count > 1)
                .map(|(id, count)| format!("{count} times on the alert topic: {id}")),
        );
        for row in rows.iter().filter(|row| row["event_type"] == "FAIL") {
            let job = row["job"]["id"].as_str().unwrap_or_default();
            match firing.remove(job) {
                Some(1) => {}
                count => wrong.push(format!("{} alerts fire for the failed run of {job}", count.unwrap_or(0))),
            }
        }
        wrong.extend(firing.keys().map(|job| format!("an alert for a run that is not recorded as failed: {job}")));
        wrong
    }
}

/// Leaves of events, as the API lists them, page by page.
fn leaves(server: &Ledgerline) -> Result<Vec<Value>> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.get(&format!("/v1/events?limit=1000{cursor}"))?;
        let items = page["items"].as_array().context("a page of events")?;
        rows.extend(items.iter().filter(|row| row["kind"] == "event").cloned());
        match page["next"].as_str().filter(|_| !items.is_empty()) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(rows),
        }
    }
}

fn name_of_row(row: &Value) -> String {
    name_of(row["run_id"].as_str().unwrap_or_default(), row["event_type"].as_str().unwrap_or_default())
}

/// Partition and offset out of `incarnation/partition/offset`.
fn position(row: &Value) -> Option<(u32, u64)> {
    let mut parts = row["position"].as_str()?.split('/').skip(1);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
