//! What one read has taken so far, against its bound.

use crate::log::{ReadBound, Record};

pub(super) struct Taken {
    pub records: Vec<Record>,
    bytes: usize,
    bound: ReadBound,
}

impl Taken {
    pub(super) fn new(bound: ReadBound) -> Self {
        Self { records: Vec::new(), bytes: 0, bound }
    }

    pub(super) fn has_room(&self) -> bool {
        self.records.len() < self.bound.records_max && (self.records.is_empty() || self.bytes < self.bound.bytes_max)
    }

    /// Takes a record, or gives it back where it would pass the bytes; the first comes whatever its size.
    pub(super) fn take(&mut self, record: Record) -> Option<Record> {
        let bytes = self.bytes.saturating_add(record.size_bytes());
        if bytes > self.bound.bytes_max && !self.records.is_empty() {
            return Some(record);
        }
        self.bytes = bytes;
        self.records.push(record);
        None
    }
}
