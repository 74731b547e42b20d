//! Reads partitions of the embedded log.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::catalog::{Partition, Topic};
use super::database::Database;
use super::format;
use super::shared::Shared;
use crate::log::{Batch, LogError, ReadBound, Reader, Record, Start};

pub(super) struct EmbeddedReader {
    shared: Arc<Shared>,
    topic: Arc<Topic>,
    cursor: Cursor,
    /// The end has been announced, and nothing has come since.
    announced: bool,
}

impl EmbeddedReader {
    pub(super) fn new(shared: Arc<Shared>, topic: Arc<Topic>) -> Self {
        Self { shared, topic, cursor: Cursor::default(), announced: false }
    }
}

impl Reader for EmbeddedReader {
    fn assign(&mut self, partitions: &[(u32, Start)]) -> Result<(), LogError> {
        let mut cursor = Cursor::default();
        for &(partition, start) in partitions {
            let range = self.topic.partition(partition)?.range();
            let next = match start {
                Start::Earliest => range.start,
                Start::End => range.end,
                Start::At(offset) if range.admits(offset) => offset,
                Start::At(offset) => {
                    let topic = self.topic.name.to_string();
                    return Err(LogError::OutOfRange { topic, partition, offset, range });
                }
            };
            cursor.places.insert(partition, Place { next, end_at_assignment: range.end, paused: false });
        }
        self.cursor = cursor;
        self.announced = false;
        Ok(())
    }

    fn read(&mut self, bound: ReadBound) -> Result<Batch, LogError> {
        let (cursor, topic, announced) = (&mut self.cursor, &self.topic, self.announced);
        let batch = wait_for(&self.shared, bound, |database| {
            let mut batch = Batch::default();
            cursor.take(database, topic, bound, &mut batch.records)?;
            batch.at_end = cursor.at_end();
            let found = !batch.records.is_empty() || (batch.at_end && !announced);
            Ok((batch, found))
        })?;
        self.announced = batch.at_end;
        Ok(batch)
    }

    fn pause(&mut self, partition: u32) -> Result<(), LogError> {
        self.cursor.set_paused(&self.topic, partition, true)
    }

    fn resume(&mut self, partition: u32) -> Result<(), LogError> {
        self.cursor.set_paused(&self.topic, partition, false)
    }
}

/// Looks until something is found or the bound's wait is over, waking at each append.
pub(super) fn wait_for<T>(
    shared: &Shared,
    bound: ReadBound,
    mut look: impl FnMut(&Database) -> Result<(T, bool), LogError>,
) -> Result<T, LogError> {
    let started = shared.clock.monotonic();
    loop {
        let seen = shared.durable.seen();
        let (answer, found) = look(&*shared.database()?)?;
        let waited = shared.clock.monotonic().saturating_sub(started);
        let left = bound.wait.saturating_sub(waited);
        if found || left.is_zero() || !shared.durable.wait_past(seen, left) {
            return Ok(answer);
        }
    }
}

/// How far each partition of a topic has been read.
#[derive(Default)]
pub(super) struct Cursor {
    pub places: BTreeMap<u32, Place>,
    /// The partition that comes first in the next look, so that a busy one starves no other.
    first: u32,
}

#[derive(Clone, Copy)]
pub(super) struct Place {
    pub next: u64,
    /// What the partition held when it was assigned.
    pub end_at_assignment: u64,
    pub paused: bool,
}

impl Cursor {
    /// Takes records up to the bound's records and bytes, those already in `records` included.
    pub(super) fn take(
        &mut self,
        database: &Database,
        topic: &Topic,
        bound: ReadBound,
        records: &mut Vec<Record>,
    ) -> Result<(), LogError> {
        let first = self.first;
        let order = self.places.range(first..).chain(self.places.range(..first)).map(|(partition, _)| *partition);
        let order: Vec<u32> = order.collect();
        let mut room = Room::left(bound, records);
        for partition in order {
            let place = self.places.get_mut(&partition).expect("the order was made of these");
            if !place.paused && room.any() {
                take_partition(database, topic.partition(partition)?, &mut place.next, &mut room, records)?;
                self.first = partition.wrapping_add(1);
            }
        }
        Ok(())
    }

    fn at_end(&self) -> bool {
        self.places.values().all(|place| place.paused || place.next >= place.end_at_assignment)
    }

    pub(super) fn set_paused(&mut self, topic: &Topic, partition: u32, paused: bool) -> Result<(), LogError> {
        match self.places.get_mut(&partition) {
            Some(place) => place.paused = paused,
            None => return Err(LogError::no_partition(&topic.name, partition)),
        }
        Ok(())
    }
}

/// What a read may still take.
struct Room {
    records: usize,
    bytes: usize,
    /// The first record comes whatever its size.
    empty: bool,
}

impl Room {
    fn left(bound: ReadBound, taken: &[Record]) -> Self {
        let bytes = taken.iter().map(Record::size_bytes).sum::<usize>();
        Self {
            records: bound.records_max.saturating_sub(taken.len()),
            bytes: bound.bytes_max.saturating_sub(bytes),
            empty: taken.is_empty(),
        }
    }

    fn any(&self) -> bool {
        self.records > 0 && (self.empty || self.bytes > 0)
    }

    /// Takes the room of a record; false where there is none for it.
    fn take(&mut self, size: usize) -> bool {
        if self.records == 0 || (!self.empty && size > self.bytes) {
            return false;
        }
        self.records -= 1;
        self.bytes = self.bytes.saturating_sub(size);
        self.empty = false;
        true
    }
}

fn take_partition(
    database: &Database,
    partition: &Partition,
    next: &mut u64,
    room: &mut Room,
    records: &mut Vec<Record>,
) -> Result<(), LogError> {
    let range = partition.range();
    if *next < range.start {
        let topic = partition.place.topic.to_string();
        return Err(LogError::OutOfRange { topic, partition: partition.place.partition, offset: *next, range });
    }
    if *next >= range.end {
        return Ok(());
    }
    *next = database.scan(&partition.column, *next, range.end, |offset, row| {
        let record = format::decode_record(&partition.place, offset, row)
            .ok_or_else(|| database.damaged(&format!("{} offset {offset}", partition.place)))?;
        let taken = room.take(record.size_bytes());
        if taken {
            records.push(record);
        }
        Ok(taken)
    })?;
    Ok(())
}
