//! A disk in memory that loses its power on order: what simulations run a store on. Keeps what was synced apart from what was only
//! written. Tests hold it and RocksDB alike.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::batch::FullKey;
use crate::engine::{Durability, PendingRow};
use crate::error::StoreError;
use crate::read::{Scan, Visit};
use crate::store::{Store, after_prefix, full_key};
use crate::table::Table;

/// The disk of one store. Clones are the same disk; a store on it may be dropped and opened again.
#[derive(Clone, Default)]
pub struct Disk {
    layers: Arc<Mutex<Layers>>,
}

#[derive(Default)]
struct Layers {
    synced: BTreeMap<FullKey, Vec<u8>>,
    /// Batches that were written and not synced, oldest first.
    unsynced: Vec<Vec<(FullKey, Option<Vec<u8>>)>>,
    /// Both together.
    rows: BTreeMap<FullKey, Vec<u8>>,
    /// Writes and syncs until one fails.
    fails_in: Option<u64>,
}

impl Disk {
    /// The store on this disk.
    pub fn open(&self) -> Store {
        Store::on_model(Model { disk: self.clone() })
    }

    /// Batches that a loss of power could take.
    pub fn unsynced(&self) -> usize {
        self.layers.lock().unsynced.len()
    }

    /// The machine loses its power: of what was not synced only the first `kept` batches are left. Stores that are open on it
    /// must be dropped.
    pub fn lose_power(&self, kept: usize) {
        let mut layers = self.layers.lock();
        let layers = &mut *layers;
        layers.unsynced.truncate(kept);
        layers.rows = layers.synced.clone();
        for batch in &layers.unsynced {
            batch.iter().for_each(|row| apply(&mut layers.rows, row));
        }
        layers.fails_in = None;
    }

    /// The `n`th write or sync from now on fails, from 1: a disk that has no space.
    pub fn fail(&self, n: u64) {
        self.layers.lock().fails_in = Some(n);
    }
}

impl Disk {
    /// Loses every row of a table: for tests that must notice.
    pub fn forget(&self, table: Table) {
        let mut layers = self.layers.lock();
        layers.rows.retain(|key, _| key[0] != table.byte());
        layers.synced.retain(|key, _| key[0] != table.byte());
        layers.unsynced.iter_mut().for_each(|batch| batch.retain(|(key, _)| key[0] != table.byte()));
    }
}

fn apply(rows: &mut BTreeMap<FullKey, Vec<u8>>, (key, row): &(FullKey, Option<Vec<u8>>)) {
    match row {
        Some(value) => drop(rows.insert(key.clone(), value.clone())),
        None => drop(rows.remove(key)),
    }
}

impl Layers {
    fn step(&mut self) -> Result<(), StoreError> {
        match &mut self.fails_in {
            None => return Ok(()),
            Some(left) if *left > 1 => {
                *left -= 1;
                return Ok(());
            }
            Some(_) => self.fails_in = None,
        }
        Err(StoreError::full(Path::new("model"), "the disk was told to fail"))
    }

    fn sync(&mut self) {
        for batch in std::mem::take(&mut self.unsynced) {
            batch.iter().for_each(|row| apply(&mut self.synced, row));
        }
    }
}

/// A store's rows on such a disk.
pub(crate) struct Model {
    disk: Disk,
}

impl Model {
    pub fn get<R>(&self, key: &FullKey, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.disk.layers.lock().rows.get(key).map(|row| read(row))
    }

    /// Visits copies: a visitor may read from the store again.
    pub fn scan(&self, scan: Scan<'_>, visit: &mut Visit<'_>) {
        let (prefix, from) = (full_key(scan.table, scan.prefix), full_key(scan.table, scan.from));
        let end = FullKey::from_slice(&after_prefix(&prefix));
        let (first, last) = match (scan.reverse, scan.from.is_empty()) {
            (_, true) => (Bound::Included(prefix), Bound::Excluded(end)),
            (false, false) => (Bound::Included(from.max(prefix)), Bound::Excluded(end)),
            (true, false) => {
                let last = if from < end { Bound::Included(from) } else { Bound::Excluded(end) };
                (Bound::Included(prefix), last)
            }
        };
        // `BTreeMap::range` panics on a range that ends before it begins.
        let is_empty = match (&first, &last) {
            (Bound::Included(first), Bound::Included(last)) => first > last,
            (Bound::Included(first), Bound::Excluded(last)) => first >= last,
            _ => false,
        };
        if is_empty {
            return;
        }
        let found: Vec<(FullKey, Vec<u8>)> = {
            let layers = self.disk.layers.lock();
            let rows = layers.rows.range((first, last)).map(|(key, row)| (key.clone(), row.clone()));
            if scan.reverse { rows.rev().collect() } else { rows.collect() }
        };
        let _ = found.iter().try_for_each(|(key, row)| visit(&key[1..], row));
    }

    pub fn write(&self, rows: &[PendingRow<'_>], durability: Durability) -> Result<(), StoreError> {
        let mut layers = self.disk.layers.lock();
        layers.step()?;
        let batch: Vec<_> = rows.iter().map(|(key, row)| ((*key).clone(), (*row).clone())).collect();
        batch.iter().for_each(|row| apply(&mut layers.rows, row));
        layers.unsynced.push(batch);
        if durability == Durability::Synced {
            layers.sync();
        }
        Ok(())
    }

    pub fn sync(&self) -> Result<(), StoreError> {
        let mut layers = self.disk.layers.lock();
        layers.step()?;
        layers.sync();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Read;

    #[test]
    fn power_takes_what_was_not_synced_from_its_end() {
        let disk = Disk::default();
        let put = |key: u8, durability| {
            let store = disk.open();
            let mut batch = store.batch();
            batch.put(Table::Meta, &[key], [key]);
            batch.commit(durability)
        };
        let keys = || (0..9).filter(|key| disk.open().has(Table::Meta, &[*key]).unwrap()).collect::<Vec<u8>>();
        put(0, Durability::Written).unwrap();
        put(1, Durability::Synced).unwrap();
        put(2, Durability::Written).unwrap();
        put(3, Durability::Written).unwrap();
        assert_eq!((keys(), disk.unsynced()), (vec![0, 1, 2, 3], 2));
        disk.lose_power(1);
        assert_eq!((keys(), disk.unsynced()), (vec![0, 1, 2], 1));
        disk.lose_power(0);
        assert_eq!(keys(), [0, 1]);
        put(4, Durability::Written).unwrap();
        disk.open().sync().unwrap();
        disk.lose_power(0);
        assert_eq!(keys(), [0, 1, 4]);
        disk.fail(2);
        put(5, Durability::Written).unwrap();
        let store = disk.open();
        assert_eq!(store.sync().unwrap_err().fault, crate::StoreFault::Full);
        assert!(store.sync().is_err(), "it is of no use from then on");
    }
}
