//! What was handed to the log and is not known to be durable. Owns its order: offsets come out as they were read, each only
//! when everything before it is durable. Sends again what the log took back; what may be there twice the recorder keeps once.

use std::collections::{BTreeMap, VecDeque};

use crate::log::{AppendAction, Appender, GroupOffset, NewRecord, Outcome, Pending, Record, TopicPartition};

/// Where a record to append comes from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// From an event: should the log never take it, the event is refused instead.
    Event(Box<Record>),
    /// From intake itself.
    Ours,
}

/// Records appended together, and how far each source is once they are durable.
#[derive(Default)]
pub(super) struct Batch {
    records: Vec<NewRecord>,
    origins: Vec<Origin>,
    next: BTreeMap<TopicPartition, u64>,
    bytes: usize,
}

/// What became of the oldest batch.
pub(super) enum Landed {
    /// Nothing yet.
    Nothing,
    /// It is durable: these offsets may be stored.
    Durable(Vec<GroupOffset>),
    /// The log will never take the envelopes of these. The batch waits for [`Flight::amend`].
    TooLarge(Vec<Record>),
    /// It was sent again; pause.
    Retry(String),
    /// The log is closed.
    Halt(String),
}

struct Sent {
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
    pub fn read(&mut self, source: TopicPartition, next: u64, bytes: usize) {
        self.next.insert(source, next);
        self.bytes += bytes;
    }

    /// Hands what is left to the log.
    fn send(&self, appender: &dyn Appender) -> Option<Pending> {
        (!self.records.is_empty()).then(|| appender.begin(self.records.clone()))
    }

    fn offsets(self) -> Vec<GroupOffset> {
        let offset = |(source, next): (TopicPartition, u64)| GroupOffset {
            topic: source.topic,
            partition: source.partition,
            next,
        };
        self.next.into_iter().map(offset).collect()
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

    pub fn begin(&mut self, appender: &dyn Appender, batch: Batch) {
        self.bytes += batch.bytes;
        let pending = batch.send(appender);
        self.sent.push_back(Sent { batch, pending });
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
            Some(pending) => pending.try_take(),
        };
        let error = match answer {
            None => return Landed::Nothing,
            Some(Ok(_)) => {
                let Some(done) = self.sent.pop_front() else { return Landed::Nothing };
                self.bytes -= done.batch.bytes;
                return Landed::Durable(done.batch.offsets());
            }
            Some(Err(error)) => error,
        };
        let mut refused = Vec::new();
        let (mut records, mut origins) = (Vec::new(), Vec::new());
        let batch = &mut oldest.batch;
        let taken = std::mem::take(&mut batch.records).into_iter().zip(std::mem::take(&mut batch.origins));
        for ((record, origin), outcome) in taken.zip(&error.outcomes) {
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
        if error.action == AppendAction::Halt {
            return Landed::Halt(error.what);
        }
        if !refused.is_empty() {
            return Landed::TooLarge(refused);
        }
        oldest.pending = oldest.batch.send(appender);
        Landed::Retry(error.what)
    }
}
