//! Reading a partition to the end that it has now: for whoever looks for something in it, copies or compares it.

use std::time::Duration;

use super::{Log, LogError, ReadBound, Reader, Record, Start};

/// Records that are read together.
const READ: ReadBound = ReadBound { records_max: 500, bytes_max: 4 << 20, wait: Duration::from_millis(200) };
/// Reads that may come back empty before a partition counts as unreadable.
const EMPTY_READS_MAX: u32 = 150;

/// A partition of a topic.
pub(crate) type Place<'a> = (&'a dyn Log, &'a str, u32);

/// One partition, read to its end.
pub(crate) struct Whole {
    reader: Box<dyn Reader>,
    place: String,
    ended: bool,
}

impl Whole {
    /// Reads from `start` on what the partition holds now.
    pub fn new((log, topic, partition): Place<'_>, start: Start) -> Result<Self, LogError> {
        let mut reader = log.reader(topic)?;
        reader.assign(&[(partition, start)])?;
        Ok(Whole { reader, place: format!("{topic}/{partition}"), ended: false })
    }

    /// Hands `take` every record from `start` on, some at a time.
    pub fn batches<E: From<LogError>>(
        place: Place<'_>,
        start: Start,
        mut take: impl FnMut(Vec<Record>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reading = Self::new(place, start)?;
        loop {
            let records = reading.next()?;
            if records.is_empty() {
                return Ok(());
            }
            take(records)?;
        }
    }

    /// Shows `take` every record from `start` on.
    pub fn each<E: From<LogError>>(
        place: Place<'_>,
        start: Start,
        mut take: impl FnMut(&Record) -> Result<(), E>,
    ) -> Result<(), E> {
        Self::batches(place, start, |records| records.iter().try_for_each(&mut take))
    }

    /// The next records; none at the end.
    pub fn next(&mut self) -> Result<Vec<Record>, LogError> {
        for _ in 0..EMPTY_READS_MAX {
            if self.ended {
                return Ok(Vec::new());
            }
            let batch = self.reader.read(READ)?;
            self.ended = batch.at_end;
            if !batch.records.is_empty() {
                return Ok(batch.records);
            }
        }
        Err(LogError::retry(format!("{} could not be read to its end", self.place)))
    }
}
