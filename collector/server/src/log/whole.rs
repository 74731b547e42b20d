//! Reading a partition to its end: for whoever copies or compares logs that nothing is at work on.

use std::time::Duration;

use super::{Log, LogError, ReadBound, Reader, Record, Start};

/// Records that are read together.
const READ: ReadBound = ReadBound { records_max: 500, bytes_max: 4 << 20, wait: Duration::from_millis(200) };
/// Reads that may come back empty before a partition counts as unreadable.
const EMPTY_READS_MAX: u32 = 150;

/// One partition, read to its end.
pub(crate) struct Whole {
    reader: Box<dyn Reader>,
    place: String,
    ended: bool,
}

impl Whole {
    /// Reads from `first` on what the partition holds now.
    pub fn new(log: &dyn Log, topic: &str, partition: u32, first: u64) -> Result<Self, LogError> {
        let mut reader = log.reader(topic)?;
        reader.assign(&[(partition, Start::At(first))])?;
        Ok(Whole { reader, place: format!("{topic}/{partition}"), ended: false })
    }

    /// Shows `take` every record from `first` on.
    pub fn each<E: From<LogError>>(
        (log, topic, partition): (&dyn Log, &str, u32),
        first: u64,
        mut take: impl FnMut(&Record) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reading = Self::new(log, topic, partition, first)?;
        loop {
            let records = reading.next()?;
            if records.is_empty() {
                return Ok(());
            }
            records.iter().try_for_each(&mut take)?;
        }
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
