//! What was handed to the log and is not known to be durable. Owns its order: offsets come out as they were read, each only
//! when everything before it is durable. Sends again what the log took back; what may be there twice the recorder keeps once.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::intake::append;
use crate::log::{AppendAction, Appender, NewRecord, Outcome, Pending, Record, TopicPartition};

/// Where a record to append comes from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// From an event: should the log never take it, the event is refused instead.
    Event(Box<Record>),
    /// From intake itself.
    Ours,
}

/// How far a source is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Next offset to read.
    pub next: u64,
    /// Greatest timestamp before it, ms.
    pub newest_ms: i64,
}

/// Records appended together, and how far each source is once they are durable.
#[derive(Default)]
pub(super) struct Batch {
    records: Vec<NewRecord>,
    origins: Vec<Origin>,
    heads: BTreeMap<TopicPartition, Head>,
    bytes: usize,
}

/// What became of the oldest batch.
pub(super) enum Landed {
    /// Nothing yet.
    Nothing,
    /// It is durable.
    Durable {
        /// So far the sources are dealt with.
        heads: BTreeMap<TopicPartition, Head>,
        /// When it was first handed to the log, by the monotonic clock.
        began: Duration,
    },
    /// The log will never take the envelopes of these. The batch waits for [`Flight::amend`].
    TooLarge(Vec<Record>),
    /// It was sent again; pause.
    Retry(String),
    /// The log is closed, or a topic of ours is not there.
    Halt(String),
}

struct Sent {
    began: Duration,
    batch: Batch,
    pending: Option<Pending>,
}

#[derive(Default)]
pub(super) struct Flight {
    sent: VecDeque<Sent>,
    bytes: usize,
}

impl Batch {
    pub fn push(&mut self, record: NewRecord, origin: Origin) {
        self.records.push(record);
        self.origins.push(origin);
    }

    /// A source record is dealt with once this batch is durable.
    pub fn read(&mut self, record: &Record) {
        let source = TopicPartition { topic: record.topic.clone(), partition: record.partition };
        let head = self.heads.entry(source).or_default();
        *head = Head { next: record.offset + 1, newest_ms: head.newest_ms.max(record.timestamp_ms) };
        self.bytes += record.size_bytes();
    }

    /// Hands what is left to the log.
    fn send(&self, appender: &dyn Appender) -> Option<Pending> {
        (!self.records.is_empty()).then(|| append::begin(appender, self.records.clone()))
    }
}

impl Flight {
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Bytes of source records not yet known durable.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Hands a batch to the log, at that time of the monotonic clock.
    pub fn begin(&mut self, appender: &dyn Appender, batch: Batch, now: Duration) {
        self.bytes += batch.bytes;
        let pending = batch.send(appender);
        self.sent.push_back(Sent { began: now, batch, pending });
    }

    /// Adds to the oldest batch and sends it again: what stands for envelopes that the log will never take.
    pub fn amend(&mut self, appender: &dyn Appender, more: Batch) {
        if let Some(oldest) = self.sent.front_mut() {
            oldest.batch.records.extend(more.records);
            oldest.batch.origins.extend(more.origins);
            oldest.pending = oldest.batch.send(appender);
        }
    }

    /// Looks at the oldest batch, without waiting.
    pub fn poll(&mut self, appender: &dyn Appender) -> Landed {
        let Some(oldest) = self.sent.front_mut() else { return Landed::Nothing };
        let answer = match &mut oldest.pending {
            None => Some(Ok(Vec::new())),
            Some(pending) => pending.try_take().map(append::answered),
        };
        let error = match answer {
            None => return Landed::Nothing,
            Some(Ok(_)) => {
                let Some(done) = self.sent.pop_front() else { return Landed::Nothing };
                self.bytes -= done.batch.bytes;
                return Landed::Durable { heads: done.batch.heads, began: done.began };
            }
            Some(Err(error)) => error,
        };
        if error.action == AppendAction::Halt {
            // Nothing of it is stored as dealt with, whatever became of single records: a restart reads it again.
            return Landed::Halt(error.what);
        }
        let mut refused = Vec::new();
        let (mut records, mut origins) = (Vec::new(), Vec::new());
        let batch = &mut oldest.batch;
        // An outcome that is not told is not known.
        let outcomes = error.outcomes.iter().chain(std::iter::repeat(&Outcome::Unknown));
        let taken = std::mem::take(&mut batch.records).into_iter().zip(std::mem::take(&mut batch.origins));
        for ((record, origin), outcome) in taken.zip(outcomes) {
            match (outcome, origin) {
                (Outcome::Durable(_), _) => {}
                (Outcome::Refused, Origin::Event(event)) => refused.push(*event),
                (Outcome::Refused, Origin::Ours) => {
                    tracing::error!(what = error.what, topic = %record.topic, "the log will never take a record of intake's own");
                }
                (Outcome::NotSent | Outcome::Unknown, origin) => {
                    records.push(record);
                    origins.push(origin);
                }
            }
        }
        (batch.records, batch.origins) = (records, origins);
        if !refused.is_empty() {
            return Landed::TooLarge(refused);
        }
        oldest.pending = oldest.batch.send(appender);
        Landed::Retry(error.what)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;
    use crate::log::{AppendError, Position};

    /// Answers each append with the next outcomes of its script; a script that is over says durable.
    #[derive(Default)]
    struct Scripted {
        script: Mutex<VecDeque<Vec<Outcome>>>,
        appended: Mutex<Vec<Vec<u8>>>,
    }

    impl Appender for Scripted {
        fn begin(&self, records: Vec<NewRecord>) -> Pending {
            let count = records.len();
            self.appended
                .lock()
                .extend(records.into_iter().filter_map(|record| record.value).map(|value| value.to_vec()));
            let durable = |at: usize| Position { partition: 0, offset: at as u64 };
            let answer = match self.script.lock().pop_front() {
                None => Ok((0..count).map(durable).collect()),
                Some(outcomes) => {
                    let refused = outcomes.contains(&Outcome::Refused);
                    let action = if refused { AppendAction::Reject } else { AppendAction::Retry };
                    // A script that names no outcome stands for a log that is closed or lacks the topic.
                    let action = if outcomes.is_empty() { AppendAction::Halt } else { action };
                    Err(AppendError { action, what: "scripted".to_owned(), outcomes })
                }
            };
            Pending::ready(count, answer)
        }
    }

    fn batch(first: u64, payloads: &[&str]) -> Batch {
        let topic: Arc<str> = Arc::from("in");
        let mut batch = Batch::default();
        for (offset, payload) in (first..).zip(payloads) {
            let record = Record {
                topic: Arc::clone(&topic),
                partition: 0,
                offset,
                timestamp_ms: 7,
                key: None,
                value: Some((*payload).to_owned().into()),
                headers: Vec::new(),
            };
            batch.read(&record);
            batch.push(NewRecord::new(&topic, (*payload).to_owned()), Origin::Event(Box::new(record)));
        }
        batch
    }

    /// What came out, in order: `stored N` or what else was asked of the caller.
    fn fly(flight: &mut Flight, appender: &Scripted) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            match flight.poll(appender) {
                Landed::Nothing => return told,
                Landed::Durable { heads, .. } => {
                    told.extend(heads.values().map(|head| format!("stored {}", head.next)))
                }
                Landed::TooLarge(records) => {
                    told.extend(records.iter().map(|record| format!("refused {}", record.offset)));
                    flight.amend(appender, Batch::default());
                }
                Landed::Retry(_) => told.push("again".to_owned()),
                Landed::Halt(_) => {
                    told.push("halt".to_owned());
                    return told;
                }
            }
        }
    }

    #[track_caller]
    fn check(script: &[&[Outcome]], told: &[&str], appended: &[&str]) {
        let appender = Scripted::default();
        appender.script.lock().extend(script.iter().map(|outcomes| outcomes.to_vec()));
        let mut flight = Flight::default();
        flight.begin(&appender, batch(0, &["a", "b"]), Duration::ZERO);
        flight.begin(&appender, batch(2, &["c"]), Duration::ZERO);
        assert_eq!(fly(&mut flight, &appender), told);
        let halted = told.last() == Some(&"halt");
        assert!(halted || flight.is_empty() && flight.bytes() == 0);
        let sent: Vec<String> =
            appender.appended.lock().iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect();
        assert_eq!(sent, appended);
    }

    #[test]
    fn offsets_come_out_in_order_and_only_behind_what_is_durable() {
        let durable = Outcome::Durable(Position { partition: 0, offset: 9 });
        check(&[], &["stored 2", "stored 3"], &["a", "b", "c"]);
        let first = [durable.clone(), Outcome::Unknown];
        check(&[&first], &["again", "stored 2", "stored 3"], &["a", "b", "c", "b"]);
        check(&[&[Outcome::NotSent]], &["again", "stored 2", "stored 3"], &["a", "b", "c", "a", "b"]);
        let refused = [Outcome::Refused, durable];
        check(&[&refused], &["refused 0", "stored 2", "stored 3"], &["a", "b", "c"]);
        check(&[&[]], &["halt"], &["a", "b", "c"]);
    }
}
