//! One partition of the simulated log: entries with offsets, some of them in open or aborted transactions.

use std::sync::Arc;

use crate::log::{LogError, NewRecord, Range, Record, TopicPartition};

/// A transaction, by number.
pub(super) type TransactionId = u64;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    /// Committed.
    Visible(Arc<Record>),
    /// Part of a transaction that has not ended.
    Open(Arc<Record>, TransactionId),
    /// Takes an offset and is never seen: an aborted record, or the mark of a transaction's end.
    Hidden,
}

#[derive(Clone, Debug)]
pub(super) struct Partition {
    place: TopicPartition,
    start: u64,
    /// The entry at index `i` has offset `i`: simulations are small, so what was trimmed is kept.
    entries: Vec<Entry>,
}

impl Partition {
    pub(super) fn new(place: TopicPartition) -> Self {
        Self { place, start: 0, entries: Vec::new() }
    }

    pub(super) fn place(&self) -> &TopicPartition {
        &self.place
    }

    pub(super) fn range(&self) -> Range {
        Range { start: self.start, end: self.entries.len() as u64 }
    }

    /// Appends a record, in a transaction or at once visible. Gives its offset.
    pub(super) fn push(&mut self, record: &NewRecord, now_ms: i64, transaction: Option<TransactionId>) -> u64 {
        let offset = self.entries.len() as u64;
        let record = Arc::new(Record {
            topic: Arc::clone(&self.place.topic),
            partition: self.place.partition,
            offset,
            timestamp_ms: record.timestamp_ms.unwrap_or(now_ms),
            key: record.key.clone(),
            value: record.value.clone(),
            headers: record.headers.clone(),
        });
        self.entries.push(match transaction {
            Some(transaction) => Entry::Open(record, transaction),
            None => Entry::Visible(record),
        });
        offset
    }

    /// Ends a transaction: shows or hides its records, and takes an offset for the mark where it had any.
    pub(super) fn end(&mut self, transaction: TransactionId, committed: bool) {
        let mut found = false;
        for entry in &mut self.entries {
            if let Entry::Open(record, open) = entry
                && *open == transaction
            {
                found = true;
                *entry = if committed { Entry::Visible(Arc::clone(record)) } else { Entry::Hidden };
            }
        }
        if found {
            self.entries.push(Entry::Hidden);
        }
    }

    /// The next committed record at or after `next`, which moves past what is not shown.
    pub(super) fn take(&self, next: &mut u64) -> Result<Option<Arc<Record>>, LogError> {
        let range = self.range();
        if !range.admits(*next) {
            let topic = self.place.topic.to_string();
            return Err(LogError::OutOfRange { topic, partition: self.place.partition, offset: *next, range });
        }
        while let Some(entry) = self.entries.get(*next as usize) {
            match entry {
                Entry::Open(..) => return Ok(None),
                Entry::Hidden => *next += 1,
                Entry::Visible(record) => {
                    *next += 1;
                    return Ok(Some(Arc::clone(record)));
                }
            }
        }
        Ok(None)
    }

    /// Committed records that are left.
    pub(super) fn visible(&self) -> Vec<Record> {
        let left = self.entries.iter().skip(self.start as usize);
        left.filter_map(|entry| match entry {
            Entry::Visible(record) => Some(Record::clone(record)),
            Entry::Open(..) | Entry::Hidden => None,
        })
        .collect()
    }

    pub(super) fn trim(&mut self, below: u64) -> Result<(), LogError> {
        let range = self.range();
        if below > range.end {
            let topic = self.place.topic.to_string();
            return Err(LogError::OutOfRange { topic, partition: self.place.partition, offset: below, range });
        }
        self.start = self.start.max(below);
        Ok(())
    }

    /// Loses everything from `end` on, as a log does that was restored from an old copy.
    pub(super) fn cut(&mut self, end: u64) {
        self.entries.truncate(usize::try_from(end).unwrap_or(usize::MAX));
        self.start = self.start.min(self.entries.len() as u64);
    }
}
