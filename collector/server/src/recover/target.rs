//! The new ledger's log: records are appended after those that an earlier attempt left, which must be the same; and the watermark,
//! so that what was told of the past is not told again.

use std::sync::Arc;

use ledger::leaf::Hex;
use lineage::envelope::{Envelope, Kind};
use lineage::frame;

use super::{Counts, RecoverError, Recovery};
use crate::genesis::Homes;
use crate::intake::{Sealed, envelope_record};
use crate::log::{Appender, NewRecord, Record, Start, Whole};
use crate::publisher::Watermark;

/// Records that are appended together.
const APPEND_MAX: usize = 500;
/// Bytes of them.
const APPEND_BYTES_MAX: usize = 4 << 20;

/// The partitions of the new log.
pub(super) struct Target<'a> {
    recovery: &'a Recovery<'a>,
    homes: Arc<Homes>,
    appender: Arc<dyn Appender>,
    partitions: Vec<Partition>,
}

struct Partition {
    counts: Counts,
    /// Next offset to be compared or appended.
    next: u64,
    /// What an earlier attempt left, newest first; and the reader of more.
    left: Vec<Record>,
    reading: Option<Whole>,
    pending: Vec<NewRecord>,
    pending_bytes: usize,
    /// The first record whose consequences were not published.
    first_untold: Option<u64>,
}

impl<'a> Target<'a> {
    /// The partitions as they are, after their genesis records.
    pub fn new(
        recovery: &'a Recovery<'a>,
        homes: Arc<Homes>,
        appender: Arc<dyn Appender>,
    ) -> Result<Self, RecoverError> {
        let mut partitions = Vec::new();
        for partition in 0..homes.count() {
            let reading = Some(Whole::new((recovery.to, &recovery.names.events, partition), Start::At(1))?);
            let counts = Counts { partition, ..Counts::default() };
            let (left, pending) = (Vec::new(), Vec::new());
            partitions.push(Partition {
                counts,
                next: 1,
                left,
                reading,
                pending,
                pending_bytes: 0,
                first_untold: None,
            });
        }
        Ok(Self { recovery, homes, appender, partitions })
    }

    /// Puts an envelope of the lost log.
    pub fn put(&mut self, mut envelope: Envelope<'_>, published: bool) -> Result<(), RecoverError> {
        let home = self.homes.of(envelope.tenant);
        envelope.incarnation = home.incarnation;
        let mut sealed = Vec::new();
        frame::seal_as(frame::OLDEST, &envelope, self.recovery.keyring.intake_key(), &mut sealed)?;
        let counts = &mut self.partitions[home.partition as usize].counts;
        match envelope.kind {
            Kind::Event => counts.from_log += 1,
            _ => counts.others += 1,
        }
        self.place(home.partition, envelope.tenant, sealed, published)
    }

    /// Puts an event that was sealed anew, from a store.
    pub fn put_sealed(&mut self, sealed: Sealed, tenant: &str, published: bool) -> Result<(), RecoverError> {
        self.partitions[sealed.partition as usize].counts.from_stores += 1;
        self.place(sealed.partition, tenant, sealed.envelope, published)
    }

    /// Writes what is left and the watermarks.
    pub fn finish(mut self) -> Result<Vec<Counts>, RecoverError> {
        for at in 0..self.partitions.len() {
            self.flush(at)?;
            // What follows what was recovered, a server has written since: its watermark is not to be set back.
            if let Some(record) = self.existing(at)? {
                return Err(self.differs(at, record.offset));
            }
        }
        for at in 0..self.partitions.len() {
            let partition = &mut self.partitions[at];
            partition.counts.published_below = partition.first_untold.unwrap_or(partition.next);
            let incarnation = Hex(self.homes.at(partition.counts.partition).incarnation);
            let mark = Watermark::handed_over(incarnation, partition.counts.published_below);
            let record = mark.record(&self.recovery.names.recorders, partition.counts.partition);
            let topic = &self.recovery.names.recorders;
            self.append(topic, vec![record])?;
        }
        Ok(self.partitions.into_iter().map(|partition| partition.counts).collect())
    }

    fn place(&mut self, partition: u32, tenant: &str, sealed: Vec<u8>, published: bool) -> Result<(), RecoverError> {
        let at = partition as usize;
        if !published {
            let next = self.partitions[at].next;
            self.partitions[at].first_untold.get_or_insert(next);
        }
        if let Some(there) = self.existing(at)? {
            if there.value.as_deref() != Some(sealed.as_slice()) || there.offset != self.partitions[at].next {
                return Err(self.differs(at, there.offset));
            }
            self.partitions[at].counts.there += 1;
            self.partitions[at].next += 1;
            return Ok(());
        }
        let one = &mut self.partitions[at];
        one.next += 1;
        one.pending_bytes += sealed.len();
        one.pending.push(envelope_record(&self.recovery.names.events, partition, tenant, sealed));
        if one.pending.len() >= APPEND_MAX || one.pending_bytes >= APPEND_BYTES_MAX { self.flush(at) } else { Ok(()) }
    }

    /// The next record that an earlier attempt left.
    fn existing(&mut self, at: usize) -> Result<Option<Record>, RecoverError> {
        let one = &mut self.partitions[at];
        if one.left.is_empty()
            && let Some(reading) = &mut one.reading
        {
            one.left = reading.next()?;
            one.left.reverse();
            if one.left.is_empty() {
                one.reading = None;
            }
        }
        Ok(one.left.pop())
    }

    fn flush(&mut self, at: usize) -> Result<(), RecoverError> {
        let one = &mut self.partitions[at];
        let (records, end) = (std::mem::take(&mut one.pending), one.next);
        one.pending_bytes = 0;
        let first = end - records.len() as u64;
        if records.is_empty() {
            return Ok(());
        }
        let topic = &self.recovery.names.events;
        let offsets = self.append(topic, records)?;
        match offsets.into_iter().zip(first..end).find(|(found, wanted)| found != wanted) {
            Some((_, offset)) => Err(self.differs(at, offset)),
            None => Ok(()),
        }
    }

    fn append(&self, topic: &Arc<str>, records: Vec<NewRecord>) -> Result<Vec<u64>, RecoverError> {
        let appended = self.appender.append(records);
        let positions = appended.map_err(|error| RecoverError::Append { topic: topic.to_string(), error })?;
        Ok(positions.into_iter().map(|position| position.offset).collect())
    }

    fn differs(&self, at: usize, offset: u64) -> RecoverError {
        let (topic, partition) = (self.recovery.names.events.to_string(), self.partitions[at].counts.partition);
        RecoverError::Differs { topic, partition, offset }
    }
}
