//! A partition's store: opens it, reads committed rows, commits batches, syncs.
//! Owns the RocksDB handle. Never retries a failed sync: it poisons itself, and every later call says so.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rocksdb::{
    ColumnFamily, ColumnFamilyDescriptor, DBRawIteratorWithThreadMode, DBWithThreadMode, ReadOptions, SingleThreaded,
    WriteBatch, WriteOptions,
};

use crate::batch::{Batch, FullKey};
use crate::error::{StoreError, StoreFault};
use crate::failpoint;
use crate::options::StoreOptions;
use crate::read::{Read, Scan, Visit};
use crate::table::{Family, Table};

/// Families are all there once it is open, so that looking one up takes no lock.
type Database = DBWithThreadMode<SingleThreaded>;
/// Rows of a family in key order.
pub(crate) type Rows<'s> = DBRawIteratorWithThreadMode<'s, Database>;

/// Deleted rows that an iterator without bounds steps over at once: beyond them lie other scans' rows.
const DELETED_MAX: u64 = 32;

/// How far a commit has come when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// In the WAL: survives the process, not the machine. A replay from the log brings it back.
    Written,
    /// Synced: survives power loss.
    Synced,
}

/// What one table takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSize {
    /// Name of the column family.
    pub name: &'static str,
    /// Bytes of its files.
    pub bytes: u64,
    /// Keys, estimated.
    pub keys: u64,
}

/// A partition's store. Cheap to clone: clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    path: PathBuf,
    /// What the first failed write or sync was.
    poisoned: OnceLock<StoreFault>,
}

impl Store {
    /// Opens the store at `path`, making it when absent.
    ///
    /// # Errors
    /// When another process holds it, or the disk or the files are at fault.
    pub fn open(path: &Path, options: &StoreOptions) -> Result<Self, StoreError> {
        let families = Family::ALL.map(|family| ColumnFamilyDescriptor::new(family.name(), options.family(family)));
        crate::make_durable(path).map_err(|error| StoreError::damaged(path, format!("make the folder: {error}")))?;
        let database = Database::open_cf_descriptors(&options.database(), path, families)
            .map_err(|error| StoreError::rocks(path, "open", &error))?;
        Ok(Store { inner: Arc::new(Inner { database, path: path.to_owned(), poisoned: OnceLock::new() }) })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// A batch over the committed rows. Only one is open at a time: a partition has one writer.
    pub fn batch(&self) -> Batch<'_> {
        Batch::new(self)
    }

    /// Syncs the WAL: everything committed before survives power loss.
    ///
    /// # Errors
    /// When the disk fails; the store is of no use from then on.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.healthy()?;
        if failpoint::hit("store.sync") {
            return Err(self.fail("sync"));
        }
        self.inner.database.flush_wal(true).map_err(|error| self.poison("sync", &error))
    }

    /// Writes memtables to files and waits; for figures and tests.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn flush(&self) -> Result<(), StoreError> {
        for family in Family::ALL {
            self.inner.database.flush_cf(self.handle(family)).map_err(|error| self.poison("flush", &error))?;
        }
        Ok(())
    }

    /// Compacts everything to the last level; for figures and after large imports.
    pub fn compact(&self) {
        for family in Family::ALL {
            self.inner.database.compact_range_cf(self.handle(family), None::<&[u8]>, None::<&[u8]>);
        }
    }

    /// What each column family takes on disk.
    pub fn sizes(&self) -> Vec<TableSize> {
        let property = |family: Family, name: &str| {
            self.inner.database.property_int_value_cf(self.handle(family), name).ok().flatten().unwrap_or(0)
        };
        let size = |family: Family| TableSize {
            name: family.name(),
            bytes: property(family, "rocksdb.total-sst-files-size"),
            keys: property(family, "rocksdb.estimate-num-keys"),
        };
        Family::ALL.into_iter().map(size).collect()
    }

    pub(crate) fn write(&self, rows: WriteBatch, durability: Durability) -> Result<(), StoreError> {
        self.healthy()?;
        let mut options = WriteOptions::default();
        options.set_sync(durability == Durability::Synced);
        if failpoint::hit("store.commit.before") {
            return Err(self.fail("commit"));
        }
        self.inner.database.write_opt(rows, &options).map_err(|error| self.poison("commit", &error))?;
        if failpoint::hit("store.commit.after") { Err(self.fail("commit")) } else { Ok(()) }
    }

    fn handle(&self, family: Family) -> &ColumnFamily {
        self.inner.database.cf_handle(family.name()).expect("open makes every family")
    }

    /// The handles of all families, looked up once.
    pub(crate) fn families(&self) -> Families<'_> {
        Families(Family::ALL.map(|family| self.handle(family)))
    }

    pub(crate) fn with_full<R>(
        &self,
        family: &ColumnFamily,
        key: &FullKey,
        read: impl FnOnce(&[u8]) -> R,
    ) -> Result<Option<R>, StoreError> {
        let found = self.inner.database.get_pinned_cf(family, key);
        Ok(found.map_err(|error| StoreError::rocks(self.path(), "read", &error))?.map(|row| read(&row)))
    }

    /// An iterator over a family as it is now, without bounds: it gives up where it would step over many deleted rows.
    pub(crate) fn rows(&self, family: Family) -> Rows<'_> {
        let mut options = ReadOptions::default();
        options.set_max_skippable_internal_keys(DELETED_MAX);
        self.inner.database.raw_iterator_cf_opt(self.handle(family), options)
    }

    /// Scans on an iterator of the table's family, which may be used again; false when it gave up.
    pub(crate) fn scan_on(
        &self,
        rows: &mut Rows<'_>,
        scan: Scan<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<bool, StoreError> {
        let prefix = full_key(scan.table, scan.prefix);
        let from = full_key(scan.table, scan.from);
        match (scan.reverse, scan.from.is_empty()) {
            (false, true) => rows.seek(&prefix),
            (false, false) => rows.seek(from.as_slice().max(&prefix)),
            (true, true) => {
                rows.seek_for_prev(after_prefix(&prefix));
                // What comes just after the prefix is a key of its own.
                if rows.key().is_some_and(|key| key > prefix.as_slice() && !key.starts_with(&prefix)) {
                    rows.prev();
                }
            }
            (true, false) => rows.seek_for_prev(&from),
        }
        while let Some((key, value)) = rows.item() {
            if !key.starts_with(&prefix) || visit(&key[1..], value).is_break() {
                return Ok(true);
            }
            match scan.reverse {
                false => rows.next(),
                true => rows.prev(),
            }
        }
        match rows.status() {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == rocksdb::ErrorKind::Incomplete => Ok(false),
            Err(error) => Err(StoreError::rocks(self.path(), "scan", &error)),
        }
    }

    fn healthy(&self) -> Result<(), StoreError> {
        match self.inner.poisoned.get() {
            Some(fault) => Err(StoreError {
                fault: *fault,
                path: self.path().to_owned(),
                what: "an earlier write failed; it must be opened again".to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// What a failpoint makes of a step: a disk without space, of which nobody knows how much it took.
    fn fail(&self, doing: &str) -> StoreError {
        self.poisoned(StoreError::full(self.path(), format!("{doing}: a failpoint")))
    }

    fn poison(&self, doing: &str, error: &rocksdb::Error) -> StoreError {
        self.poisoned(StoreError::rocks(self.path(), doing, error))
    }

    /// Refuses every later write: nobody knows what of this one is there.
    fn poisoned(&self, error: StoreError) -> StoreError {
        self.inner.poisoned.get_or_init(|| error.fault);
        error
    }
}

/// The families' handles, in the order of [`Family::ALL`].
pub(crate) struct Families<'s>([&'s ColumnFamily; Family::ALL.len()]);

impl<'s> Families<'s> {
    /// The family of a full key.
    pub(crate) fn of_key(&self, key: &FullKey) -> &'s ColumnFamily {
        let family = Table::family_of_byte(key[0]).expect("keys are made by `full_key`");
        self.0[family as usize]
    }
}

/// The key of a row as RocksDB sees it: the table's byte, then the key.
pub(crate) fn full_key(table: Table, key: &[u8]) -> FullKey {
    let mut full = FullKey::new();
    full.push(table.byte());
    full.extend_from_slice(key);
    full
}

impl Read for Store {
    fn with<R>(&self, table: Table, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError> {
        self.with_full(self.handle(table.family()), &full_key(table, key), read)
    }

    fn scan(&self, scan: Scan<'_>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let prefix = full_key(scan.table, scan.prefix);
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(after_prefix(&prefix));
        options.set_iterate_lower_bound(prefix.into_vec());
        let family = self.handle(scan.table.family());
        self.scan_on(&mut self.inner.database.raw_iterator_cf_opt(family, options), scan, visit).map(drop)
    }
}

/// The least key after every key with `prefix`. A table's byte is never 0xff, so there is one.
pub(crate) fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let kept = prefix.iter().rposition(|byte| *byte != 0xff).map_or(0, |at| at + 1);
    let mut end = prefix[..kept].to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}
