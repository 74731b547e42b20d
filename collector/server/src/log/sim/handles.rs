//! The simulated log's appender, transactor and reader.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Shared;
use super::faults::Fault;
use super::state::State;
use crate::log::{
    Appender, Batch, CommitError, GroupOffset, LogError, NewRecord, Pending, Position, ReadBound, Reader, Record,
    Start, Transactor,
};
use crate::random::Random;

pub(super) struct SimAppender {
    pub shared: Arc<Shared>,
    pub held: bool,
}

impl Appender for SimAppender {
    fn begin(&self, records: Vec<NewRecord>) -> Pending {
        let (answer, pending) = Pending::new(records.len());
        self.shared.state().append(records, self.held, answer);
        pending
    }
}

pub(super) struct SimTransactor {
    shared: Arc<Shared>,
    id: String,
    epoch: Option<u64>,
}

impl SimTransactor {
    pub(super) fn new(shared: Arc<Shared>, id: &str) -> Self {
        Self { shared, id: id.to_owned(), epoch: None }
    }
}

impl Transactor for SimTransactor {
    fn init(&mut self) -> Result<(), CommitError> {
        self.epoch = Some(self.shared.state().init(&self.id));
        Ok(())
    }

    fn commit(
        &mut self,
        records: &[NewRecord],
        group: Option<(&str, &[GroupOffset])>,
    ) -> Result<Vec<Position>, CommitError> {
        let Some(epoch) = self.epoch else {
            return Err(CommitError::Uncertain { what: format!("{} has not been taken over", self.id) });
        };
        let offsets = group.map(|(group, offsets)| (group.to_owned(), offsets.to_vec()));
        let committed = self.shared.state().commit(&self.id, epoch, records, offsets);
        if matches!(committed, Err(CommitError::Uncertain { .. })) {
            self.epoch = None;
        }
        committed
    }
}

pub(super) struct SimReader {
    shared: Arc<Shared>,
    topic: Arc<str>,
    cursors: BTreeMap<u32, Cursor>,
}

/// How far a partition has been read, and what it held at the assignment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    pub next: u64,
    pub paused: bool,
    pub end_at_assignment: u64,
}

impl SimReader {
    pub(super) fn new(shared: Arc<Shared>, topic: &str) -> Self {
        Self { shared, topic: Arc::from(topic), cursors: BTreeMap::new() }
    }

    fn set_paused(&mut self, partition: u32, paused: bool) -> Result<(), LogError> {
        match self.cursors.get_mut(&partition) {
            Some(cursor) => cursor.paused = paused,
            None => return Err(LogError::no_partition(&self.topic, partition)),
        }
        Ok(())
    }
}

impl Reader for SimReader {
    fn assign(&mut self, partitions: &[(u32, Start)]) -> Result<(), LogError> {
        let mut state = self.shared.state();
        let mut cursors = BTreeMap::new();
        for &(partition, start) in partitions {
            let range = state.partition(&self.topic, partition)?.range();
            let next = match start {
                Start::Earliest => range.start,
                Start::End => range.end,
                Start::At(offset) if range.admits(offset) => offset,
                Start::At(offset) => {
                    let topic = self.topic.to_string();
                    return Err(LogError::OutOfRange { topic, partition, offset, range });
                }
            };
            cursors.insert(partition, Cursor { next, paused: false, end_at_assignment: range.end });
        }
        drop(state);
        self.cursors = cursors;
        Ok(())
    }

    fn read(&mut self, bound: ReadBound) -> Result<Batch, LogError> {
        let mut state = self.shared.state();
        if stalled(&mut state)? {
            return Ok(Batch::default());
        }
        let mut records = Vec::new();
        let mut order: Vec<u32> = self.cursors.keys().copied().collect();
        shuffle(&mut order, &state);
        for partition in order {
            let cursor = self.cursors.get_mut(&partition).expect("the order was made of these");
            if !cursor.paused {
                take(&mut state, &self.topic, partition, &mut cursor.next, bound, &mut records)?;
            }
        }
        let at_end = self.cursors.values().all(|cursor| cursor.paused || cursor.next >= cursor.end_at_assignment);
        Ok(Batch { records, at_end })
    }

    fn pause(&mut self, partition: u32) -> Result<(), LogError> {
        self.set_paused(partition, true)
    }

    fn resume(&mut self, partition: u32) -> Result<(), LogError> {
        self.set_paused(partition, false)
    }
}

/// Meets a fault of reading: true where nothing is given this time.
pub(super) fn stalled(state: &mut State) -> Result<bool, LogError> {
    match state.fate.read() {
        Some(Fault::ReadFailed) => Err(LogError::retry("the broker cannot be reached")),
        fault => Ok(fault == Some(Fault::ReadStalled)),
    }
}

/// Puts partitions in a drawn order: which one comes first is nobody's promise.
pub(super) fn shuffle<T>(order: &mut [T], state: &State) {
    for place in (1..order.len()).rev() {
        let drawn = state.fate.random.below(place as u64 + 1) as usize;
        order.swap(place, drawn);
    }
}

/// Takes records of one partition up to the bound, those already in `records` included.
pub(super) fn take(
    state: &mut State,
    topic: &str,
    partition: u32,
    next: &mut u64,
    bound: ReadBound,
    records: &mut Vec<Record>,
) -> Result<(), LogError> {
    let partition = state.partition(topic, partition)?;
    let mut bytes = records.iter().map(Record::size_bytes).sum::<usize>();
    while records.len() < bound.records_max {
        let mut after = *next;
        let Some(record) = partition.take(&mut after)? else {
            *next = after;
            return Ok(());
        };
        bytes = bytes.saturating_add(record.size_bytes());
        if bytes > bound.bytes_max && !records.is_empty() {
            return Ok(());
        }
        *next = after;
        records.push(Record::clone(&record));
    }
    Ok(())
}
