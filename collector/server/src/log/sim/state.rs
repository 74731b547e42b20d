//! Everything the simulated log holds, and what each call does to it. Never blocks, never reads a clock of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::faults::{Fate, Fault};
use super::membership::Group;
use super::partition::{Partition, TransactionId};
use crate::log::appender::{Appended, Untaken, Why, missing};
use crate::log::{
    AppendAction, AppendError, Cleanup, CommitError, Created, GroupOffset, LogError, NewRecord, Outcome, Position,
    TopicSpec, TopicState, partition_of_key,
};
use crate::random::Random;

pub(super) struct State {
    pub fate: Fate,
    pub topics: BTreeMap<Arc<str>, Topic>,
    pub groups: BTreeMap<String, Group>,
    owners: BTreeMap<String, Owner>,
    /// Appends that have arrived and are not synced: a crash of the log loses them.
    unsynced: Vec<Unsynced>,
    transactions: TransactionId,
    spread: u32,
    pub now_ms: i64,
    /// Appends are answered before they are durable.
    pub lies: bool,
}

pub(super) struct Topic {
    pub spec: TopicSpec,
    pub partitions: Vec<Partition>,
}

/// Who holds a transactional id, and a transaction that waits for its end.
#[derive(Default)]
struct Owner {
    epoch: u64,
    open: Option<OpenTransaction>,
}

struct OpenTransaction {
    id: TransactionId,
    offsets: Option<(String, Vec<GroupOffset>)>,
}

struct Unsynced {
    records: Vec<NewRecord>,
    answer: Option<oneshot::Sender<Appended>>,
}

impl State {
    pub(super) fn new(seed: u64, now_ms: i64) -> Self {
        Self {
            fate: Fate::new(seed),
            topics: BTreeMap::new(),
            groups: BTreeMap::new(),
            owners: BTreeMap::new(),
            unsynced: Vec::new(),
            transactions: 0,
            spread: 0,
            now_ms,
            lies: false,
        }
    }

    pub(super) fn create(&mut self, spec: &TopicSpec) -> Created {
        if self.topics.contains_key(&spec.name) {
            return Created::Existed;
        }
        self.topics.insert(Arc::clone(&spec.name), Topic::new(spec));
        Created::Made
    }

    pub(super) fn partition(&mut self, topic: &str, partition: u32) -> Result<&mut Partition, LogError> {
        let found = self.topics.get_mut(topic).ok_or_else(|| LogError::NoTopic { topic: topic.to_owned() })?;
        found.partitions.get_mut(partition as usize).ok_or_else(|| LogError::no_partition(topic, partition))
    }

    /// Appends, or leaves it waiting where it is `held` back, or meets a fault. Answers through `answer`.
    pub(super) fn append(&mut self, records: Vec<NewRecord>, held: bool, answer: oneshot::Sender<Appended>) {
        let (records, untaken) = self.split_untaken(records);
        let total = records.len() + untaken.len();
        let unknown = |what| Err(AppendError::all(AppendAction::Retry, what, Outcome::Unknown, total));
        let answered = match self.fate.append() {
            Some(Fault::AppendRefused) => {
                Err(AppendError::all(AppendAction::Retry, "the queue is full", Outcome::NotSent, total))
            }
            Some(Fault::AppendCut) => {
                let cut = self.fate.random.below(records.len() as u64 + 1) as usize;
                self.push_all(&records[..cut], None);
                unknown("no acknowledgement came")
            }
            Some(Fault::AppendLostAcknowledgement) => {
                self.push_all(&records, None);
                unknown("no acknowledgement came")
            }
            Some(Fault::AppendLate) => {
                self.unsynced.push(Unsynced { records, answer: None });
                unknown("no acknowledgement came in time")
            }
            Some(Fault::AppendDoubled) => {
                self.push_all(&records, None);
                Ok(self.push_all(&records, None))
            }
            _ if self.lies => {
                let claimed =
                    records.iter().map(|record| Position { partition: record.partition.unwrap_or(0), offset: 0 });
                let claimed = claimed.collect();
                self.unsynced.push(Unsynced { records, answer: None });
                Ok(claimed)
            }
            _ if held => {
                self.unsynced.push(Unsynced { records, answer: Some(answer) });
                return;
            }
            _ => Ok(self.push_all(&records, None)),
        };
        // Nobody waiting any more is no failure.
        let _ = answer.send(answered.and_then(|positions| with_untaken(positions, &untaken)));
    }

    /// Takes a transactional id over and ends what its former owner left open, one way or the other.
    pub(super) fn init(&mut self, id: &str) -> u64 {
        let owner = self.owners.entry(id.to_owned()).or_default();
        owner.epoch += 1;
        let epoch = owner.epoch;
        self.end_open(id);
        epoch
    }

    pub(super) fn commit(
        &mut self,
        id: &str,
        epoch: u64,
        records: &[NewRecord],
        offsets: Option<(String, Vec<GroupOffset>)>,
    ) -> Result<Vec<Position>, CommitError> {
        let owner = self.owners.get(id).map_or(0, |owner| owner.epoch);
        if owner != epoch {
            let what = format!("{id} was taken over: epoch {epoch} is not {owner}");
            return Err(CommitError::Fenced { what });
        }
        let (_, untaken) = self.split_untaken(records.to_vec());
        if let Some(missing) = missing(&untaken) {
            return Err(CommitError::Halt { what: missing.to_string() });
        }
        if !untaken.is_empty() {
            return Err(CommitError::Refused { what: "a record is too large or lacks a key".to_owned() });
        }
        let transaction = self.transactions;
        self.transactions += 1;
        let positions = self.push_all(records, Some(transaction));
        let uncertain = |what: &str| Err(CommitError::Uncertain { what: what.to_owned() });
        let open = OpenTransaction { id: transaction, offsets };
        match self.fate.commit() {
            Some(Fault::CommitAborted) => {
                self.end(open, false);
                Err(CommitError::Aborted { what: "the coordinator moved".to_owned() })
            }
            Some(Fault::CommitVanished) => {
                self.end(open, false);
                uncertain("no answer to the commit")
            }
            Some(Fault::CommitLostAcknowledgement) => {
                self.end(open, true);
                uncertain("no answer to the commit")
            }
            Some(Fault::CommitLate) => {
                self.owners.entry(id.to_owned()).or_default().open = Some(open);
                uncertain("no answer to the commit in time")
            }
            _ => {
                self.end(open, true);
                Ok(positions)
            }
        }
    }

    fn end(&mut self, open: OpenTransaction, committed: bool) {
        for partition in self.topics.values_mut().flat_map(|topic| &mut topic.partitions) {
            partition.end(open.id, committed);
        }
        if committed && let Some((group, offsets)) = open.offsets {
            self.store(&group, &offsets);
        }
    }

    fn end_open(&mut self, id: &str) -> bool {
        let open = self.owners.get_mut(id).and_then(|owner| owner.open.take());
        let found = open.is_some();
        if let Some(open) = open {
            let committed = self.fate.random.once_in(2);
            self.end(open, committed);
        }
        found
    }

    pub(super) fn store(&mut self, group: &str, offsets: &[GroupOffset]) {
        let stored = &mut self.groups.entry(group.to_owned()).or_default().offsets;
        for offset in offsets {
            stored.insert((Arc::clone(&offset.topic), offset.partition), offset.next);
        }
    }

    /// Lets one thing happen that was on its way: an append becomes durable, or a transaction ends. False where there is
    /// nothing.
    pub(super) fn settle_one(&mut self) -> bool {
        let open: Vec<String> =
            self.owners.iter().filter(|(_, owner)| owner.open.is_some()).map(|(id, _)| id.clone()).collect();
        let choices = self.unsynced.len() + open.len();
        let choice = self.fate.random.below(choices as u64) as usize;
        match choice.checked_sub(self.unsynced.len()) {
            _ if choices == 0 => return false,
            Some(choice) => drop(self.end_open(&open[choice])),
            None => {
                let Unsynced { records, answer } = self.unsynced.remove(choice);
                let positions = self.push_all(&records, None);
                answer.into_iter().for_each(|answer| drop(answer.send(Ok(positions.clone()))));
            }
        }
        true
    }

    /// The log loses its power: what was not synced is gone, and nobody is told.
    pub(super) fn lose_unsynced(&mut self) {
        self.unsynced.clear();
    }

    fn push_all(&mut self, records: &[NewRecord], transaction: Option<TransactionId>) -> Vec<Position> {
        records.iter().filter_map(|record| self.push(record, transaction)).collect()
    }

    fn push(&mut self, record: &NewRecord, transaction: Option<TransactionId>) -> Option<Position> {
        let topic = self.topics.get_mut(&record.topic)?;
        let partition = record.partition.unwrap_or_else(|| match &record.key {
            Some(key) => partition_of_key(key, topic.spec.partitions),
            None => {
                self.spread = self.spread.wrapping_add(1);
                self.spread.checked_rem(topic.spec.partitions).unwrap_or(0)
            }
        });
        let offset = topic.partitions.get_mut(partition as usize)?.push(record, self.now_ms, transaction);
        Some(Position { partition, offset })
    }

    /// Why a record is not taken; none where it is.
    fn untaken(&self, record: &NewRecord) -> Option<Why> {
        let Some(topic) = self.topics.get(&record.topic) else {
            return Some(Why::Missing(LogError::NoTopic { topic: record.topic.to_string() }));
        };
        let partition = record.partition.unwrap_or(0);
        if partition >= topic.spec.partitions {
            return Some(Why::Missing(LogError::no_partition(&record.topic, partition)));
        }
        let unkeyed = matches!(topic.spec.cleanup, Cleanup::Compact { .. }) && record.key.is_none();
        let too_large = record.size_bytes() > topic.spec.message_bytes_max as usize;
        (unkeyed || too_large).then_some(Why::Unacceptable)
    }

    fn split_untaken(&self, records: Vec<NewRecord>) -> (Vec<NewRecord>, Vec<Untaken>) {
        let (mut taken, mut untaken) = (Vec::new(), Vec::new());
        for (place, record) in records.into_iter().enumerate() {
            match self.untaken(&record) {
                Some(why) => untaken.push(Untaken { place, why }),
                None => taken.push(record),
            }
        }
        (taken, untaken)
    }
}

impl Topic {
    pub(super) fn new(spec: &TopicSpec) -> Self {
        let place = |partition| crate::log::TopicPartition { topic: Arc::clone(&spec.name), partition };
        Self {
            spec: spec.clone(),
            partitions: (0..spec.partitions).map(|number| Partition::new(place(number))).collect(),
        }
    }

    pub(super) fn state(&self) -> TopicState {
        let settings = self.spec.settings().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        TopicState { partitions: self.spec.partitions, replication: self.spec.replication, settings }
    }
}

fn with_untaken(positions: Vec<Position>, untaken: &[Untaken]) -> Appended {
    if untaken.is_empty() {
        return Ok(positions);
    }
    let outcomes = positions.into_iter().map(Outcome::Durable).collect();
    Err(AppendError::untaken(outcomes, untaken))
}
