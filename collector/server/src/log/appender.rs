//! Plain appends: an answer means durable.

use std::fmt;

use tokio::sync::oneshot;

use super::{LogError, NewRecord, Position};

/// Appends records. Shared freely between threads; concurrent appends are made durable together.
pub trait Appender: Send + Sync {
    /// Starts appending, in the order given, and returns at once: a full queue is refused, never waited for. Records of
    /// two calls that overlap may interleave.
    fn begin(&self, records: Vec<NewRecord>) -> Pending;

    /// Appends and waits until every record is durable. Not to be called on an async thread: await
    /// [`Pending::durable`] there.
    fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, AppendError> {
        self.begin(records).wait()
    }
}

/// What became of one record of a failed append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is durable, here.
    Durable(Position),
    /// It is not in the log and will not be. Under [`AppendAction::Halt`], nor will a further try put it there.
    NotSent,
    /// It may be in the log, now or later. Sending it again may double it; the recorder's deduplication absorbs that.
    Unknown,
    /// The log will never take this record, wherever it goes: it is too large, or lacks a key. A topic or partition that is
    /// not there is no fault of the record: that is [`Outcome::NotSent`] under [`AppendAction::Halt`].
    Refused,
}

/// What the caller of a failed append must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendAction {
    /// Slow down, then send again what is not durable.
    Retry,
    /// Give up the refused records; send again what else is not durable.
    Reject,
    /// Stop until someone has looked: the log is closed, or a topic or partition that a record names is not there.
    Halt,
}

/// An append of which not every record is known durable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct AppendError {
    /// What to do.
    pub action: AppendAction,
    /// What happened.
    pub what: String,
    /// What became of each record, in the order given.
    pub outcomes: Vec<Outcome>,
}

impl AppendError {
    /// Every one of `records` records met `outcome`.
    pub(crate) fn all(action: AppendAction, what: impl Into<String>, outcome: Outcome, records: usize) -> Self {
        Self { action, what: what.into(), outcomes: vec![outcome; records] }
    }

    /// Records were not taken; `taken` are the outcomes of the others. One that has nowhere to go stops the caller, whatever
    /// else is wrong.
    pub(crate) fn untaken(taken: Vec<Outcome>, untaken: &[Untaken]) -> Self {
        let mut outcomes = taken;
        for Untaken { place, why } in untaken {
            let outcome = match why {
                Why::Unacceptable => Outcome::Refused,
                Why::Missing(_) => Outcome::NotSent,
            };
            outcomes.insert((*place).min(outcomes.len()), outcome);
        }
        let (action, what) = match missing(untaken) {
            Some(missing) => (AppendAction::Halt, missing.to_string()),
            None => (AppendAction::Reject, format!("{} records are too large or lack a key", untaken.len())),
        };
        Self { action, what, outcomes }
    }
}

/// A record that a log does not take, found before anything was sent.
pub(crate) struct Untaken {
    /// Its place among those of the call.
    pub place: usize,
    /// Why.
    pub why: Why,
}

/// Why a log does not take a record.
pub(crate) enum Why {
    /// The record's fault: it is too large, or lacks a key.
    Unacceptable,
    /// The log's: the topic or partition is not there.
    Missing(LogError),
}

/// The first topic or partition that is not there.
pub(crate) fn missing(untaken: &[Untaken]) -> Option<&LogError> {
    untaken.iter().find_map(|one| match &one.why {
        Why::Missing(error) => Some(error),
        Why::Unacceptable => None,
    })
}

/// Positions of all records, or what became of each.
pub(crate) type Appended = Result<Vec<Position>, AppendError>;

/// An append under way. Dropping it does not take the records back.
pub struct Pending {
    answer: oneshot::Receiver<Appended>,
    records: usize,
}

impl Pending {
    /// An append of that many records, and where to answer it.
    pub(crate) fn new(records: usize) -> (oneshot::Sender<Appended>, Self) {
        let (sender, answer) = oneshot::channel();
        (sender, Self { answer, records })
    }

    /// One that is answered already.
    pub(crate) fn ready(records: usize, answer: Appended) -> Self {
        let (sender, pending) = Self::new(records);
        // The receiver is held by `pending`.
        let _ = sender.send(answer);
        pending
    }

    /// Blocks until the records are durable or known not to be. Not to be called on an async thread.
    pub fn wait(self) -> Result<Vec<Position>, AppendError> {
        self.answer.blocking_recv().unwrap_or_else(|_| Err(unanswered(self.records)))
    }

    /// The same, for async callers.
    pub async fn durable(self) -> Result<Vec<Position>, AppendError> {
        self.answer.await.unwrap_or_else(|_| Err(unanswered(self.records)))
    }

    /// The answer if it is there, without waiting. `None` after it has been taken, too.
    pub fn try_take(&mut self) -> Option<Result<Vec<Position>, AppendError>> {
        if self.answer.is_terminated() {
            return None;
        }
        match self.answer.try_recv() {
            Ok(answer) => Some(answer),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => Some(Err(unanswered(self.records))),
        }
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("records", &self.records).finish_non_exhaustive()
    }
}

fn unanswered(records: usize) -> AppendError {
    AppendError::all(AppendAction::Halt, "the log closed before it answered", Outcome::Unknown, records)
}
