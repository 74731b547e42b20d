//! Reading partitions from an offset, without a group.

use std::time::Duration;

use super::{LogError, Record};

/// Where to start in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The oldest record that is left.
    Earliest,
    /// After the newest record, as of the assignment.
    End,
    /// At this offset: the next one to read. May equal the end.
    At(u64),
}

/// The offsets a partition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The oldest offset that can be read; everything below was trimmed.
    pub start: u64,
    /// One past the newest offset, those of open transactions included.
    pub end: u64,
}

impl Range {
    /// True where reading may start at `offset`.
    pub fn admits(&self, offset: u64) -> bool {
        (self.start..=self.end).contains(&offset)
    }
}

/// How much one read may take, and how long it may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadBound {
    /// At most this many records.
    pub records_max: usize,
    /// At most this many bytes of keys, values and headers; a single larger record still comes, alone.
    pub bytes_max: usize,
    /// How long to wait for the first record. Zero looks and returns.
    pub wait: Duration,
}

/// What one read gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The records, each partition's in offset order.
    pub records: Vec<Record>,
    /// True once everything has been read that any partition held at the assignment, what was then in open transactions
    /// included, once these had ended; and from then on, however much more comes. Paused ones don't count.
    pub at_end: bool,
}

/// Reads partitions of one topic. Shows committed records only. Never moves by itself: no group, no reset.
pub trait Reader: Send {
    /// Replaces what is read: partitions and where to start in each. [`LogError::OutOfRange`] where a start is not in
    /// the log; nothing is assigned then.
    fn assign(&mut self, partitions: &[(u32, Start)]) -> Result<(), LogError>;

    /// The next records, as soon as there is one; or none, as soon as the end is reached that the last read had not
    /// announced, or after the bound's wait. [`LogError::OutOfRange`] where the log no longer holds what comes next.
    fn read(&mut self, bound: ReadBound) -> Result<Batch, LogError>;

    /// Stops giving records of a partition; the place in it is kept.
    fn pause(&mut self, partition: u32) -> Result<(), LogError>;

    /// Gives records of a partition again, from where it stopped.
    fn resume(&mut self, partition: u32) -> Result<(), LogError>;
}
