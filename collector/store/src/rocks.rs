//! RocksDB as a store uses it: families, point reads, ranges, one write, one sync. Owns the handle; never decides what a failure
//! means for the store.

use std::path::{Path, PathBuf};

use rocksdb::checkpoint::Checkpoint;
use rocksdb::{
    ColumnFamily, ColumnFamilyDescriptor, DBRawIteratorWithThreadMode, DBWithThreadMode, ReadOptions, SingleThreaded,
    WriteBatch, WriteOptions,
};

use crate::batch::FullKey;
use crate::engine::{Durability, PendingRow};
use crate::error::StoreError;
use crate::options::StoreOptions;
use crate::read::{Scan, Visit};
use crate::store::{TableSize, after_prefix, full_key};
use crate::table::{Family, Table};

/// Families are all there once it is open, so that looking one up takes no lock.
type Database = DBWithThreadMode<SingleThreaded>;
/// Rows of a family in key order.
pub(crate) type Rows<'s> = DBRawIteratorWithThreadMode<'s, Database>;

/// Deleted rows that an iterator without bounds steps over at once: beyond them lie other scans' rows.
const DELETED_MAX: u64 = 32;
/// Most that a row takes in a write batch beside its key and value: a tag, a family and two lengths.
const ROW_OVERHEAD_BYTES: usize = 12;

pub(crate) struct Rocks {
    database: Database,
    path: PathBuf,
}

impl Rocks {
    pub fn open(path: &Path, options: &StoreOptions) -> Result<Self, StoreError> {
        let families = Family::ALL.map(|family| ColumnFamilyDescriptor::new(family.name(), options.family(family)));
        crate::make_durable(path).map_err(|error| StoreError::damaged(path, format!("make the folder: {error}")))?;
        let database = Database::open_cf_descriptors(&options.database(), path, families)
            .map_err(|error| StoreError::rocks(path, "open", &error))?;
        Ok(Rocks { database, path: path.to_owned() })
    }

    /// Opens it to be read: writes fail, and no file of it is changed.
    pub fn open_read_only(path: &Path, options: &StoreOptions) -> Result<Self, StoreError> {
        let families = Family::ALL.map(|family| ColumnFamilyDescriptor::new(family.name(), options.family(family)));
        let mut database = options.database();
        database.create_if_missing(false);
        database.create_missing_column_families(false);
        // The WAL that a copy carries is read into memory.
        let database = Database::open_cf_descriptors_read_only(&database, path, families, false)
            .map_err(|error| StoreError::rocks(path, "open to read", &error))?;
        Ok(Rocks { database, path: path.to_owned() })
    }

    /// Makes a copy in `folder`, which must not be there: what is in memtables is written to files first.
    pub fn copy_to(&self, folder: &Path) -> Result<(), StoreError> {
        let made = Checkpoint::new(&self.database).and_then(|checkpoint| checkpoint.create_checkpoint(folder));
        made.map_err(|error| StoreError::rocks(folder, "copy", &error))
    }

    pub fn sync(&self) -> Result<(), StoreError> {
        self.database.flush_wal(true).map_err(|error| self.failed("sync", &error))
    }

    pub fn flush(&self) -> Result<(), StoreError> {
        for family in Family::ALL {
            self.database.flush_cf(self.handle(family)).map_err(|error| self.failed("flush", &error))?;
        }
        Ok(())
    }

    pub fn compact(&self) {
        for family in Family::ALL {
            self.database.compact_range_cf(self.handle(family), None::<&[u8]>, None::<&[u8]>);
        }
    }

    pub fn sizes(&self) -> Vec<TableSize> {
        let property = |family: Family, name: &str| {
            self.database.property_int_value_cf(self.handle(family), name).ok().flatten().unwrap_or(0)
        };
        let size = |family: Family| TableSize {
            name: family.name(),
            bytes: property(family, "rocksdb.total-sst-files-size"),
            keys: property(family, "rocksdb.estimate-num-keys"),
        };
        Family::ALL.into_iter().map(size).collect()
    }

    /// Writes rows, of which keys and values have `bytes`, all or none.
    pub fn write(&self, rows: &[PendingRow<'_>], bytes: usize, durability: Durability) -> Result<(), StoreError> {
        let families = self.families();
        let mut batch = WriteBatch::with_capacity_bytes(bytes + rows.len() * ROW_OVERHEAD_BYTES);
        for (key, row) in rows {
            let family = families.of_key(key);
            match row {
                Some(value) => batch.put_cf(family, key, value),
                None => batch.delete_cf(family, key),
            }
        }
        let mut options = WriteOptions::default();
        options.set_sync(durability == Durability::Synced);
        self.database.write_opt(batch, &options).map_err(|error| self.failed("commit", &error))
    }

    /// The handles of all families, looked up once.
    pub fn families(&self) -> Families<'_> {
        Families(Family::ALL.map(|family| self.handle(family)))
    }

    pub fn handle(&self, family: Family) -> &ColumnFamily {
        self.database.cf_handle(family.name()).expect("open makes every family")
    }

    pub fn get<R>(
        &self,
        family: &ColumnFamily,
        key: &FullKey,
        read: impl FnOnce(&[u8]) -> R,
    ) -> Result<Option<R>, StoreError> {
        let found = self.database.get_pinned_cf(family, key);
        Ok(found.map_err(|error| self.failed("read", &error))?.map(|row| read(&row)))
    }

    pub fn scan(&self, scan: Scan<'_>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let prefix = full_key(scan.table, scan.prefix);
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(after_prefix(&prefix));
        options.set_iterate_lower_bound(prefix.into_vec());
        let family = self.handle(scan.table.family());
        self.scan_on(&mut self.database.raw_iterator_cf_opt(family, options), scan, visit).map(drop)
    }

    /// An iterator over a family as it is now, without bounds: it gives up where it would step over many deleted rows.
    pub fn rows(&self, family: Family) -> Rows<'_> {
        let mut options = ReadOptions::default();
        options.set_max_skippable_internal_keys(DELETED_MAX);
        self.database.raw_iterator_cf_opt(self.handle(family), options)
    }

    /// Scans on an iterator of the table's family, which may be used again; false when it gave up.
    pub fn scan_on(&self, rows: &mut Rows<'_>, scan: Scan<'_>, visit: &mut Visit<'_>) -> Result<bool, StoreError> {
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
            Err(error) => Err(self.failed("scan", &error)),
        }
    }

    fn failed(&self, doing: &str, error: &rocksdb::Error) -> StoreError {
        StoreError::rocks(&self.path, doing, error)
    }
}

/// The families' handles, in the order of [`Family::ALL`].
pub(crate) struct Families<'s>([&'s ColumnFamily; Family::ALL.len()]);

impl<'s> Families<'s> {
    /// The family of a full key.
    pub fn of_key(&self, key: &FullKey) -> &'s ColumnFamily {
        let family = Table::family_of_byte(key[0]).expect("keys are made by `full_key`");
        self.0[family as usize]
    }
}
