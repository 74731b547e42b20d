//! One commit of a partition: rows written so far lie over the committed ones, and reads see both.
//! Owns the overlay. Nothing of it can be seen from outside before `commit`, and all of it after.

use std::collections::BTreeMap;
use std::collections::btree_map::Range;
use std::ops::{Bound, ControlFlow};

use rocksdb::WriteBatch;

use crate::error::StoreError;
use crate::read::{Read, Scan, Visit};
use crate::store::{Durability, Store, after_prefix, full_key};
use crate::table::Table;

/// Rows to be committed together. `None` stands for a deleted row.
pub struct Batch<'s> {
    store: &'s Store,
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
}

impl<'s> Batch<'s> {
    pub(crate) fn new(store: &'s Store) -> Self {
        Batch { store, rows: BTreeMap::new(), bytes: 0 }
    }

    /// Writes a row.
    pub fn put(&mut self, table: Table, key: &[u8], value: impl Into<Vec<u8>>) {
        let value = value.into();
        self.bytes = self.bytes.saturating_add(1 + key.len() + value.len());
        let mut full = Vec::new();
        full_key(table, key, &mut full);
        self.rows.insert(full, Some(value));
    }

    /// Deletes a row.
    pub fn delete(&mut self, table: Table, key: &[u8]) {
        let mut full = Vec::new();
        full_key(table, key, &mut full);
        self.bytes = self.bytes.saturating_add(full.len());
        self.rows.insert(full, None);
    }

    /// Bytes of keys and values so far (rows written twice count twice): what bounds a batch.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Commits all rows at once: THE commit point of a recorder. After it a redelivery is a duplicate.
    ///
    /// # Errors
    /// When the disk fails; the store must then be closed and opened again.
    pub fn commit(self, durability: Durability) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        for (key, value) in &self.rows {
            let table = Table::ALL.iter().find(|table| table.byte() == key[0]).expect("keys are made by `full_key`");
            let family = self.store.handle(table.family());
            match value {
                Some(value) => batch.put_cf(&family, key, value),
                None => batch.delete_cf(&family, key),
            }
        }
        self.store.write(&batch, durability)
    }

    fn over(&self, from: &[u8], to: &[u8]) -> Range<'_, Vec<u8>, Option<Vec<u8>>> {
        self.rows.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)))
    }

    /// Overlay and committed rows of a range, merged; used only where the overlay has rows in the range.
    fn merged(&self, scan: Scan<'_>, from: &[u8], to: &[u8]) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, StoreError> {
        let mut rows = BTreeMap::new();
        let below = Scan { reverse: false, from: if scan.reverse { &[] } else { scan.from }, ..scan };
        self.store.scan(below, &mut |key, value| {
            rows.insert(key.to_vec(), value.to_vec());
            ControlFlow::Continue(())
        })?;
        for (key, value) in self.over(from, to) {
            match value {
                Some(value) => rows.insert(key[1..].to_vec(), value.clone()),
                None => rows.remove(&key[1..]),
            };
        }
        Ok(rows)
    }
}

impl Read for Batch<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut full = Vec::new();
        full_key(table, key, &mut full);
        match self.rows.get(&full) {
            Some(value) => Ok(value.clone()),
            None => self.store.get(table, key),
        }
    }

    fn has(&self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        let mut full = Vec::new();
        full_key(table, key, &mut full);
        match self.rows.get(&full) {
            Some(value) => Ok(value.is_some()),
            None => self.store.has(table, key),
        }
    }

    fn scan(&self, scan: Scan<'_>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let (mut prefix, mut from) = (Vec::new(), Vec::new());
        full_key(scan.table, scan.prefix, &mut prefix);
        let low = if scan.reverse || scan.from.is_empty() { scan.prefix } else { scan.from };
        full_key(scan.table, low, &mut from);
        let to = after_prefix(&prefix);
        if self.over(&from, &to).next().is_none() {
            return self.store.scan(scan, visit);
        }
        let rows = self.merged(scan, &from, &to)?;
        let mut each = |(key, value): (&Vec<u8>, &Vec<u8>)| visit(key, value) == ControlFlow::Break(());
        match scan.reverse {
            false => rows.iter().any(&mut each),
            true => rows.iter().rev().filter(|(key, _)| scan.from.is_empty() || key.as_slice() <= scan.from).any(&mut each),
        };
        Ok(())
    }
}
