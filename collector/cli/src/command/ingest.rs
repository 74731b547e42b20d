//! `ingest`: events from files or standard input, by the same road as HTTP.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use server::http::model::{BatchReceipt, Status};

use crate::api::Api;
use crate::arguments::{Arguments, Form, Ingest};
use crate::failure::Failure;
use crate::output;

/// Events in one request.
const EVENTS_MAX: usize = 100;
/// Bytes of one request, about.
const BYTES_MAX: usize = 512 << 10;
/// A longer line is not an event.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// What became of the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Recorded now.
    pub recorded: u64,
    /// Recorded before.
    pub duplicates: u64,
    /// Refused.
    pub rejected: u64,
}

pub fn run(arguments: &Arguments, ingest: &Ingest) -> Result<(), Failure> {
    send(arguments, &Api::writing(arguments)?, ingest)
}

fn send(arguments: &Arguments, api: &Api, ingest: &Ingest) -> Result<(), Failure> {
    let before: Status = api.get("/v1/status", &[])?;
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {pos} events, {per_sec} {msg}").map_err(Failure::unasked)?);
    let mut sender =
        Sender { api, backfill: ingest.backfill, batch: Vec::new(), bytes: 0, rejected: 0, newest: None, bar };
    for file in &ingest.files {
        sender.bar.set_message(file.display().to_string());
        match file == Path::new("-") {
            true => sender.read(BufReader::new(std::io::stdin().lock()))?,
            false => {
                let open = std::fs::File::open(file)
                    .map_err(|error| Failure::unasked(format!("{}: {error}", file.display())))?;
                sender.read(BufReader::new(open))?;
            }
        }
    }
    sender.flush()?;
    let (rejected, newest) = (sender.rejected, sender.newest.take());
    sender.bar.finish_and_clear();
    // What was acknowledged is in the log; wait until it is in the store, so that the counts say what became of it.
    let query: Vec<(&str, String)> = newest.map(|position| ("at_least", position)).into_iter().collect();
    let after: Status = api.get("/v1/status", &query)?;
    let counts = Counts {
        recorded: after.recorded.saturating_sub(before.recorded),
        duplicates: after.duplicates.saturating_sub(before.duplicates),
        rejected,
    };
    output::answer(arguments.output, &counts, |counts| {
        format!("{} recorded, {} duplicates, {} rejected", counts.recorded, counts.duplicates, counts.rejected)
    })?;
    if counts.rejected > 0 && arguments.output != Form::Json {
        eprintln!("`ledgerline rejected list` says why");
    }
    Ok(())
}

struct Sender<'a> {
    api: &'a Api,
    backfill: bool,
    batch: Vec<String>,
    bytes: usize,
    rejected: u64,
    newest: Option<String>,
    bar: ProgressBar,
}

impl Sender<'_> {
    /// Reads one event a line; a text that begins with `[` or spreads one object over lines is read whole.
    fn read(&mut self, mut reader: impl std::io::BufRead) -> Result<(), Failure> {
        let start = loop {
            let head = reader.fill_buf()?;
            match head.iter().position(|byte| !byte.is_ascii_whitespace()) {
                Some(at) => break head.get(at).copied(),
                None if head.is_empty() => return Ok(()),
                None => {
                    let blank = head.len();
                    reader.consume(blank);
                }
            }
        };
        if start == Some(b'[') {
            let mut text = String::new();
            reader.take(LINE_BYTES_MAX).read_to_string(&mut text)?;
            return self.array(&text);
        }
        let mut spread = String::new();
        loop {
            let mut line = Vec::new();
            if reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            // An object spread over lines begins with its brace alone. Behind anything else, a line that begins an object
            // is the next event, and what came before was cut off: it goes alone, is refused and kept, and swallows nothing.
            if !spread.is_empty() && spread.lines().next() != Some("{") && line.starts_with('{') {
                let broken = std::mem::take(&mut spread);
                self.event(broken)?;
            }
            if spread.is_empty() && (line.trim() == "{" || line.trim_start().starts_with('{') && !line.ends_with('}')) {
                spread.push_str(line);
            } else if !spread.is_empty() {
                spread.push('\n');
                spread.push_str(line);
            } else if !line.trim().is_empty() {
                self.event(line.to_owned())?;
                continue;
            }
            if serde_json::from_str::<serde::de::IgnoredAny>(&spread).is_ok() {
                let event = std::mem::take(&mut spread);
                self.event(event)?;
            } else if spread.len() as u64 > LINE_BYTES_MAX {
                return Err(Failure::Usage("the file is neither one event a line nor JSON".to_owned()));
            }
        }
        if spread.is_empty() { Ok(()) } else { self.event(spread) }
    }

    fn array(&mut self, text: &str) -> Result<(), Failure> {
        let events: Vec<&serde_json::value::RawValue> =
            serde_json::from_str(text).map_err(|error| Failure::Usage(format!("the array is not JSON: {error}")))?;
        events.into_iter().try_for_each(|event| self.event(event.get().to_owned()))
    }

    fn event(&mut self, event: String) -> Result<(), Failure> {
        self.bytes += event.len();
        self.batch.push(event);
        if self.batch.len() >= EVENTS_MAX || self.bytes >= BYTES_MAX { self.flush() } else { Ok(()) }
    }

    /// Sends what has gathered. Text that is no JSON can't stand in an array: it goes alone, so that it is refused alone.
    fn flush(&mut self) -> Result<(), Failure> {
        self.bytes = 0;
        let (sound, broken): (Vec<_>, Vec<_>) = std::mem::take(&mut self.batch)
            .into_iter()
            .partition(|event| serde_json::from_str::<serde::de::IgnoredAny>(event).is_ok());
        let headers: &[(&str, &str)] = if self.backfill { &[("Ledgerline-Mode", "backfill")] } else { &[] };
        for event in &broken {
            let status = self.api.post_any("/api/v1/lineage", event.clone().into_bytes(), headers)?.status;
            match status {
                400 | 413 | 415 | 422 => self.rejected += 1,
                _ => {
                    return Err(Failure::hinted(
                        format!("the server answered {status}"),
                        "send the file again: what is recorded is not recorded twice",
                    ));
                }
            }
        }
        if !sound.is_empty() {
            let body = format!("[{}]", sound.join(",")).into_bytes();
            let response = self.api.post_any("/api/v1/lineage/batch", body, headers)?;
            let status = response.status;
            let receipt: BatchReceipt = response.json().map_err(|_| {
                Failure::hinted(
                    format!("the server answered {status}"),
                    "send the file again: what is recorded is not recorded twice",
                )
            })?;
            if receipt.summary.retriable > 0 {
                return Err(Failure::hinted(
                    "the server could not take everything",
                    "send the file again in a moment: what is recorded is not recorded twice",
                ));
            }
            self.rejected += receipt.summary.failed;
            self.newest = receipt.positions.iter().map(ToString::to_string).next_back().or(self.newest.take());
        }
        self.bar.inc((sound.len() + broken.len()) as u64);
        Ok(())
    }
}
