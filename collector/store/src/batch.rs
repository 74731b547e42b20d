//! One commit of a partition: rows written so far lie over the committed ones, and reads see both.
//! Owns the overlay. Nothing of it can be seen from outside before `commit`, and all of it after.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use crate::engine::{Durability, Points};
use crate::error::StoreError;
use crate::read::{Read, Scan, Visit};
use crate::rocks::Rows;
use crate::store::{Store, after_prefix, full_key};
use crate::table::{Family, Table};

pub(crate) type FullKey = SmallVec<[u8; 80]>;

/// Bytes of a full key that put it into a bucket: table, tenant, the fold's table and an id. Scans of the fold name as many.
const BUCKET_BYTES: usize = 22;

/// Rows to be committed together. `None` stands for a deleted row.
pub struct Batch<'s> {
    store: &'s Store,
    points: Points<'s>,
    /// Point reads are many and ranges few: rows lie in a hash table, and their keys once more by their beginning.
    rows: HashMap<FullKey, Option<Vec<u8>>, RandomState>,
    buckets: HashMap<SmallVec<[u8; BUCKET_BYTES]>, Vec<FullKey>, RandomState>,
    /// Committed rows of the graph: nobody else writes them while the batch lives, and to make an iterator costs more than
    /// most scans on it.
    graph: RefCell<Option<Rows<'s>>>,
    bytes: usize,
}

impl<'s> Batch<'s> {
    pub(crate) fn new(store: &'s Store) -> Self {
        let points = store.points();
        let (rows, buckets) = (HashMap::default(), HashMap::default());
        Batch { store, points, rows, buckets, graph: RefCell::new(None), bytes: 0 }
    }

    /// Writes a row.
    pub fn put(&mut self, table: Table, key: &[u8], value: impl Into<Vec<u8>>) {
        self.set(full_key(table, key), Some(value.into()));
    }

    /// Deletes a row.
    pub fn delete(&mut self, table: Table, key: &[u8]) {
        self.set(full_key(table, key), None);
    }

    pub(crate) fn set(&mut self, key: FullKey, row: Option<Vec<u8>>) {
        let bytes = key.len() + row.as_ref().map_or(0, Vec::len);
        self.bytes = self.bytes.saturating_add(bytes);
        match self.rows.get_mut(&key) {
            Some(known) => *known = row,
            None => {
                self.buckets.entry(bucket(&key)).or_default().push(key.clone());
                self.rows.insert(key, row);
            }
        }
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
        let mut rows: Vec<_> = self.rows.iter().collect();
        // In order: a skip list takes a key soonest just after its neighbour.
        rows.sort_unstable_by_key(|(key, _)| *key);
        self.store.write(&rows, self.bytes, durability)
    }

    pub(crate) fn with_full<R>(&self, key: &FullKey, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError> {
        match self.rows.get(key) {
            Some(row) => Ok(row.as_deref().map(read)),
            None => self.points.get(key, read),
        }
    }

    /// The overlay's rows with a prefix, from one key to before another, in order.
    fn over(&self, prefix: &[u8], from: &[u8], to: &[u8]) -> Vec<(&FullKey, &Option<Vec<u8>>)> {
        let inside = |key: &&FullKey| from <= key.as_slice() && key.as_slice() < to;
        let keys: &mut dyn Iterator<Item = &FullKey> = match prefix.get(..BUCKET_BYTES) {
            Some(bucket) => &mut self.buckets.get(bucket).into_iter().flatten(),
            None => &mut self.rows.keys(),
        };
        let mut rows: Vec<_> = keys.filter(inside).filter_map(|key| self.rows.get_key_value(key)).collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        rows
    }

    /// Visits committed rows and those of the overlay in one order; the overlay's stand for committed ones of the same key.
    fn merge<'r>(
        &self,
        scan: Scan<'_>,
        overlay: impl Iterator<Item = (&'r FullKey, &'r Option<Vec<u8>>)>,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        let mut overlay = overlay.peekable();
        let mut stopped = false;
        self.committed(scan, &mut |key, value| {
            while let Some((over, row)) =
                overlay.next_if(|(over, _)| (over[1..] < *key) != scan.reverse && over[1..] != *key)
            {
                stopped = row.as_ref().is_some_and(|row| visit(&over[1..], row).is_break());
                if stopped {
                    return ControlFlow::Break(());
                }
            }
            let flow = match overlay.next_if(|(over, _)| over[1..] == *key) {
                Some((_, Some(row))) => visit(key, row),
                Some((_, None)) => ControlFlow::Continue(()),
                None => visit(key, value),
            };
            stopped = flow.is_break();
            flow
        })?;
        if !stopped {
            let _ = overlay.try_for_each(|(over, row)| match row {
                Some(row) => visit(&over[1..], row),
                None => ControlFlow::Continue(()),
            });
        }
        Ok(())
    }

    /// Scans committed rows. A scan within a scan gets an iterator of its own, and so does one that many deleted rows follow:
    /// with bounds it stops where the scan does.
    fn committed(&self, scan: Scan<'_>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let mut visited = 0_usize;
        if let Ok(mut kept) = self.graph.try_borrow_mut()
            && scan.table.family() == Family::Graph
        {
            if kept.is_none() {
                *kept = self.store.rows(Family::Graph);
            }
            let mut count = |key: &[u8], value: &[u8]| {
                visited += 1;
                visit(key, value)
            };
            if let Some(rows) = kept.as_mut()
                && self.store.scan_on(rows, scan, &mut count)?
            {
                return Ok(());
            }
        }
        self.store.scan(scan, &mut |key, value| match visited {
            0 => visit(key, value),
            _ => {
                visited -= 1;
                ControlFlow::Continue(())
            }
        })
    }
}

fn bucket(key: &[u8]) -> SmallVec<[u8; BUCKET_BYTES]> {
    SmallVec::from_slice(&key[..key.len().min(BUCKET_BYTES)])
}

impl Read for Batch<'_> {
    fn with<R>(&self, table: Table, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError> {
        self.with_full(&full_key(table, key), read)
    }

    fn scan(&self, scan: Scan<'_>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let (from, to) = bounds(scan);
        let forward = self.over(&full_key(scan.table, scan.prefix), &from, &to).into_iter();
        match scan.reverse {
            false => self.merge(scan, forward, visit),
            true => self.merge(scan, forward.rev(), visit),
        }
    }
}

/// The keys that a scan may give, as RocksDB sees them: from the first to just after the last.
fn bounds(scan: Scan<'_>) -> (FullKey, Vec<u8>) {
    let start = |key: &[u8]| full_key(scan.table, key);
    match (scan.reverse, scan.from.is_empty()) {
        (false, true) => (start(scan.prefix), after_prefix(&start(scan.prefix))),
        (false, false) => (start(scan.from.max(scan.prefix)), after_prefix(&start(scan.prefix))),
        (true, true) => (start(scan.prefix), after_prefix(&start(scan.prefix))),
        (true, false) => {
            let mut end = start(scan.from).to_vec();
            end.push(0);
            (start(scan.prefix), end.min(after_prefix(&start(scan.prefix))))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::collections::BTreeMap;

    use super::*;
    use crate::{Disk, StoreOptions};

    /// A row operation on a few short keys, so that they meet often.
    fn operation() -> impl Strategy<Value = (Vec<u8>, Option<Vec<u8>>)> {
        let key = prop::collection::vec(prop::sample::select(vec![0, 1, 0xfe, 0xff]), 0..4);
        (key, prop::option::weighted(0.7, prop::collection::vec(any::<u8>(), 0..3)))
    }

    /// What a scan of the model gives.
    fn expected(model: &BTreeMap<Vec<u8>, Vec<u8>>, scan: Scan<'_>, rows_max: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let inside = |key: &[u8]| {
            key.starts_with(scan.prefix)
                && (scan.from.is_empty() || if scan.reverse { key <= scan.from } else { key >= scan.from })
        };
        let mut rows: Vec<_> =
            model.iter().filter(|(key, _)| inside(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
        if scan.reverse {
            rows.reverse();
        }
        rows.truncate(rows_max);
        rows
    }

    #[test]
    fn deleted_rows_around_a_range_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &StoreOptions::default()).unwrap();
        let row = |group: u8, n: u16| [&[group][..], &n.to_be_bytes()].concat();
        let mut batch = store.batch();
        (0..3).for_each(|group| (0..500).for_each(|n| batch.put(Table::Graph, &row(group, n), [group])));
        batch.commit(Durability::Written).unwrap();
        let mut batch = store.batch();
        let kept = |group: u8, n: u16| group == 1 && (n < 2 || n == 250);
        for (group, n) in (0..3).flat_map(|group| (0..500).map(move |n| (group, n))).filter(|(g, n)| !kept(*g, *n)) {
            batch.delete(Table::Graph, &row(group, n));
        }
        batch.commit(Durability::Written).unwrap();
        let batch = store.batch();
        let rows = |scan: Scan<'_>| {
            let mut rows = Vec::new();
            batch
                .scan(scan, &mut |key, _| {
                    rows.push(key.to_vec());
                    ControlFlow::Continue(())
                })
                .unwrap();
            rows
        };
        let all = [row(1, 0), row(1, 1), row(1, 250)];
        for group in 0..3 {
            let expected: &[Vec<u8>] = if group == 1 { &all } else { &[] };
            assert_eq!(rows(Scan::prefix(Table::Graph, &[group])), expected, "group {group}");
            let backwards: Vec<_> = expected.iter().rev().cloned().collect();
            assert_eq!(rows(Scan::last(Table::Graph, &[group])), backwards, "group {group} from its end");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn a_batch_reads_like_the_rows_it_will_leave(
            committed in prop::collection::vec(operation(), 0..20),
            pending in prop::collection::vec(operation(), 0..20),
            scans in prop::collection::vec((operation(), operation(), any::<bool>(), 1..8_usize), 1..12),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let on_disk = Store::open(folder.path(), &StoreOptions::default()).unwrap();
            for store in [on_disk, Disk::default().open()] {
            let mut model = BTreeMap::new();
            let mut apply = |batch: &mut Batch<'_>, (key, value): &(Vec<u8>, Option<Vec<u8>>)| match value {
                Some(value) => { batch.put(Table::Graph, key, value.clone()); model.insert(key.clone(), value.clone()); }
                None => { batch.delete(Table::Graph, key); model.remove(key); }
            };
            let mut batch = store.batch();
            committed.iter().for_each(|row| apply(&mut batch, row));
            batch.commit(Durability::Written).unwrap();
            let mut batch = store.batch();
            pending.iter().for_each(|row| apply(&mut batch, row));
            let check = |state: &dyn Fn(Scan<'_>, &mut Visit<'_>) -> Result<(), StoreError>| {
                for ((prefix, _), (from, _), reverse, rows_max) in &scans {
                    let from: &[u8] = if from.starts_with(prefix) { from } else { &[] };
                    let scan = Scan { table: Table::Graph, prefix, from, reverse: *reverse };
                    let mut rows = Vec::new();
                    state(scan, &mut |key, value| {
                        rows.push((key.to_vec(), value.to_vec()));
                        if rows.len() == *rows_max { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                    }).unwrap();
                    prop_assert_eq!(rows, expected(&model, scan, *rows_max), "{:?}", scan);
                }
                Ok(())
            };
            check(&|scan, visit| batch.scan(scan, visit))?;
            for ((key, _), ..) in &scans {
                prop_assert_eq!(batch.get(Table::Graph, key).unwrap(), model.get(key).cloned());
            }
            batch.commit(Durability::Synced).unwrap();
            check(&|scan, visit| store.scan(scan, visit))?;
            }
        }
    }
}
