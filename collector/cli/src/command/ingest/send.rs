//! Events on their way: gathered to batches, sent, each answer told with its file and line. Owns what is tried again and what is
//! refused; never waits for what others do.

use std::rc::Rc;
use std::time::Duration;

use indicatif::ProgressBar;
use serde::de::IgnoredAny;
use server::http::model::BatchReceipt;

use super::files::Text;
use super::split::Event;
use super::state::State;
use crate::api::{Api, Reply};
use crate::failure::Failure;
use crate::output::{DOUBTFUL, painted_aside};

/// Events in one request.
const EVENTS_MAX: usize = 500;
/// Bytes of one request, about.
const BYTES_MAX: usize = 2 << 20;
/// Refusals that are told one by one.
const TOLD_MAX: u64 = 20;
/// Times that a server which can't take events now is asked again, and the pauses between.
const TRIES_MAX: u32 = 10;
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// An event and where it stands.
#[derive(Clone)]
pub struct Item {
    /// Its text.
    pub text: Rc<Text>,
    /// The event that the text begins with.
    pub first: Rc<Event>,
    /// Which of the text's events it is, from 1.
    pub number: u64,
    /// The event.
    pub event: Event,
}

/// Sends events.
pub struct Sender<'a> {
    pub api: &'a Api,
    pub backfill: bool,
    pub bar: &'a ProgressBar,
    pub state: Option<State>,
    batch: Vec<Item>,
    bytes: usize,
    /// Refused so far.
    pub rejected: u64,
    /// The position of the newest event that was taken.
    pub newest: Option<String>,
}

impl<'a> Sender<'a> {
    pub fn new(api: &'a Api, backfill: bool, bar: &'a ProgressBar, state: Option<State>) -> Self {
        Sender { api, backfill, bar, state, batch: Vec::new(), bytes: 0, rejected: 0, newest: None }
    }

    /// Takes an event; sends once there are enough.
    pub fn push(&mut self, item: Item) -> Result<(), Failure> {
        self.bytes += item.event.bytes.len();
        self.batch.push(item);
        if self.batch.len() >= EVENTS_MAX || self.bytes >= BYTES_MAX { self.flush() } else { Ok(()) }
    }

    /// Sends what has gathered. Text that is no JSON can't stand in an array: it goes alone, so that it is refused alone.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.bytes = 0;
        let items = std::mem::take(&mut self.batch);
        let is_json = |item: &&Item| serde_json::from_slice::<IgnoredAny>(&item.event.bytes).is_ok();
        let (sound, broken): (Vec<&Item>, Vec<&Item>) = items.iter().partition(is_json);
        for item in broken {
            self.send(&[item], false)?;
        }
        self.send(&sound, true)?;
        // Acknowledged from here: an ingest that goes on later begins behind these.
        if let Some(state) = &mut self.state {
            items.iter().for_each(|item| state.put(&item.text, &item.first, item.number));
            state.save()?;
        }
        Ok(())
    }

    /// Sends events until each is taken or refused.
    fn send(&mut self, items: &[&Item], as_batch: bool) -> Result<(), Failure> {
        let mut left: Vec<&Item> = items.to_vec();
        let mut tries = 0;
        while !left.is_empty() {
            let before = left.len();
            let reply = self.post(&left, as_batch)?;
            left = match reply.status {
                413 if left.len() > 1 => {
                    let (one, other) = left.split_at(left.len() / 2);
                    self.send(one, as_batch)?;
                    self.send(other, as_batch)?;
                    Vec::new()
                }
                200 => self.answered(&left, &reply.json()?),
                201 => Vec::new(),
                400 | 413 | 415 | 422 if left.len() == 1 => {
                    let (code, path, reason) = fault(&reply);
                    self.refused(left.first().copied(), &code, path.as_deref(), &reason);
                    Vec::new()
                }
                429 | 503 => left,
                _ => return reply.accept().map(drop),
            };
            tries = if left.len() < before { 0 } else { tries + 1 };
            if tries >= TRIES_MAX {
                return Err(Failure::hinted(
                    "the server can't take events now",
                    "`ledgerline status` says why; then ingest again, with --resume or without: what is recorded is not recorded twice",
                ));
            }
            if !left.is_empty() {
                std::thread::sleep((PAUSE_MIN * 2_u32.pow(tries)).min(PAUSE_MAX));
            }
        }
        self.bar.set_message(format!("{} refused", self.rejected));
        Ok(())
    }

    fn post(&self, items: &[&Item], as_batch: bool) -> Result<Reply, Failure> {
        let headers: &[(&str, &str)] = if self.backfill { &[("Ledgerline-Mode", "backfill")] } else { &[] };
        let bodies: Vec<&[u8]> = items.iter().map(|item| item.event.bytes.as_slice()).collect();
        match as_batch {
            true => self.api.post_any(
                "/api/v1/lineage/batch",
                [b"[", bodies.join(&b","[..]).as_slice(), b"]"].concat(),
                headers,
            ),
            false => self.api.post_any("/api/v1/lineage", bodies.concat(), headers),
        }
    }

    /// Gives the events that are worth sending again.
    fn answered<'i>(&mut self, items: &[&'i Item], receipt: &BatchReceipt) -> Vec<&'i Item> {
        let mut again = Vec::new();
        for failed in &receipt.failed_events {
            let item = usize::try_from(failed.index).ok().and_then(|index| items.get(index)).copied();
            match item {
                Some(item) if failed.retriable => again.push(item),
                item => self.refused(item, &failed.code, failed.path.as_deref(), &failed.reason),
            }
        }
        self.newest = receipt.positions.last().map(ToString::to_string).or(self.newest.take());
        again
    }

    fn refused(&mut self, item: Option<&Item>, code: &str, path: Option<&str>, reason: &str) {
        self.rejected += 1;
        let place = item.map(|item| format!("{}:{}", item.text.name(), item.event.line)).unwrap_or_default();
        let at = path.filter(|path| !path.is_empty()).map(|path| format!(" at {path}")).unwrap_or_default();
        match self.rejected {
            told if told <= TOLD_MAX => {
                let line = format!("{place}: {}{at}: {reason}", painted_aside(code, DOUBTFUL));
                self.bar.suspend(|| eprintln!("{line}"));
            }
            told if told == TOLD_MAX + 1 => self.bar.suspend(|| eprintln!("… further refusals are counted only")),
            _ => {}
        }
    }
}

/// Code, path and sentence of a refusal: the finding that refused the event, else the problem itself.
fn fault(reply: &Reply) -> (String, Option<String>, String) {
    let Some(problem) = reply.problem() else { return (format!("status {}", reply.status), None, String::new()) };
    match problem.findings.into_iter().find(|finding| finding.grade == "reject") {
        Some(finding) => (finding.code, Some(finding.path), finding.message),
        None => (problem.code, problem.path, problem.detail),
    }
}
