//! `ingest`: events from files, folders or standard input, by the same road as HTTP.

mod files;
mod send;
mod split;
mod state;

use std::rc::Rc;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use server::http::model::Status;

use self::files::{Text, texts};
use self::send::{Item, Sender};
use self::split::{Event, Split};
use self::state::State;
use crate::api::Api;
use crate::arguments::{Arguments, Ingest};
use crate::failure::Failure;
use crate::output;

/// Questions for the state behind the last event, each of which the server lets wait as long as it lets any.
const SETTLE_TRIES_MAX: u32 = 20;

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
    let texts = texts(&ingest.files)?;
    let api = Api::writing(arguments)?;
    let state = State::open(arguments, ingest, &api, &texts)?;
    let before: Status = api.get("/v1/status", &[])?;
    let bar = bar(&texts)?;
    let mut sender = Sender::new(&api, ingest.backfill, &bar, state);
    let mut passed_over = 0;
    for text in texts {
        passed_over += send(&mut sender, Rc::new(text))?;
    }
    sender.flush()?;
    bar.finish_and_clear();
    if let Some(state) = sender.state.as_ref().filter(|_| passed_over > 0) {
        eprintln!("{passed_over} events had been sent before, as {} says", state.path().display());
    }
    let after = settled(&api, sender.newest.take())?;
    let counts = Counts {
        recorded: after.recorded.saturating_sub(before.recorded),
        duplicates: after.duplicates.saturating_sub(before.duplicates),
        rejected: sender.rejected,
    };
    if counts.rejected > 0 {
        eprintln!(
            "what was refused is kept: `ledgerline rejected list`; corrected, it goes in by `rejected replay KEY --file FILE`"
        );
    }
    output::answer(arguments.output, &counts, |counts| {
        format!("{} recorded, {} duplicates, {} rejected", counts.recorded, counts.duplicates, counts.rejected)
    })
}

/// Sends the events of one text that were not sent before; gives how many were.
fn send(sender: &mut Sender<'_>, text: Rc<Text>) -> Result<u64, Failure> {
    let uncut = |error: split::Uncut| match error {
        split::Uncut::Read { .. } => Failure::unasked(format!("{}: {error}", text.name())),
        _ => Failure::Usage(format!("{}: {error}", text.name())),
    };
    let mut events = Split::new(text.open(sender.bar)?);
    let (mut first, mut number, mut sent): (Option<Rc<Event>>, u64, u64) = (None, 0, 0);
    while let Some(event) = events.next().map_err(uncut)? {
        number += 1;
        let first = Rc::clone(first.get_or_insert_with(|| {
            sent = sender.state.as_ref().map_or(0, |state| state.sent(&text, &event));
            Rc::new(event.clone())
        }));
        if number > sent {
            sender.push(Item { text: Rc::clone(&text), first, number, event })?;
        }
    }
    Ok(sent.min(number))
}

/// What was acknowledged is in the log; waits until it is in the store, so that the counts say what became of it.
fn settled(api: &Api, newest: Option<String>) -> Result<Status, Failure> {
    let query: Vec<(&str, String)> = newest.map(|position| ("at_least", position)).into_iter().collect();
    let mut tries = 0;
    loop {
        let reply = api.get_reply("/v1/status", &query)?;
        tries += 1;
        if reply.status != 503 || tries >= SETTLE_TRIES_MAX {
            return reply.accept()?.json();
        }
    }
}

/// Moves with the bytes read, towards the end where it is known.
fn bar(texts: &[Text]) -> Result<ProgressBar, Failure> {
    let total: Option<u64> = texts.iter().map(Text::bytes).sum();
    let template = match total {
        Some(_) => "{bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} {msg}",
        None => "{spinner} {bytes} {binary_bytes_per_sec} {msg}",
    };
    let style = ProgressStyle::with_template(template).map_err(Failure::unasked)?;
    Ok(total.map_or_else(ProgressBar::new_spinner, ProgressBar::new).with_style(style))
}
