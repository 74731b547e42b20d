//! Opens the database under the embedded log, reads and writes it. Never decides what is written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rocksdb::{
    BlockBasedOptions, BoundColumnFamily, Cache, ColumnFamilyDescriptor, DBCompressionType,
    DBRawIteratorWithThreadMode, DBRecoveryMode, DBWithThreadMode, MultiThreaded, Options, ReadOptions, WriteBatch,
    WriteOptions,
};

use store::failpoint;

use super::format::{self, FORMAT};
use crate::log::LogError;

type Rocks = DBWithThreadMode<MultiThreaded>;

/// The default column family, which holds the catalogue.
const CATALOGUE: &str = "default";

/// Memory and disk the database may take, whatever the number of partitions.
const WRITE_BUFFER_BYTES: usize = 32 << 20;
const WRITE_BUFFERS_TOTAL_BYTES: usize = 64 << 20;
const BLOCK_CACHE_BYTES: usize = 16 << 20;
const BLOCK_BYTES: usize = 32 << 10;
const WAL_TOTAL_BYTES: u64 = 256 << 20;

/// Key, its tag taken off, and value.
type CatalogueRow = (Vec<u8>, Vec<u8>);

/// The open database.
pub(super) struct Database {
    rocks: Rocks,
    folder: PathBuf,
    records: Options,
}

impl Database {
    /// Opens the database in `folder`, or makes it.
    pub(super) fn open(folder: &Path) -> Result<Self, LogError> {
        store::make_durable(folder).map_err(|error| cannot("make the folder of", folder, &error))?;
        let records = record_options();
        let columns = if folder.join("CURRENT").exists() {
            Rocks::list_cf(&Options::default(), folder).map_err(|error| opening(folder, &error))?
        } else {
            vec![CATALOGUE.to_owned()]
        };
        let columns = columns.into_iter().map(|name| {
            let options = if name == CATALOGUE { Options::default() } else { records.clone() };
            ColumnFamilyDescriptor::new(name, options)
        });
        let rocks = Rocks::open_cf_descriptors(&database_options(), folder, columns)
            .map_err(|error| opening(folder, &error))?;
        let database = Self { rocks, folder: folder.to_owned(), records };
        database.check_format()?;
        Ok(database)
    }

    fn check_format(&self) -> Result<(), LogError> {
        match self.get(&format::format_key())? {
            None => {
                let mut batch = WriteBatch::default();
                batch.put(format::format_key(), FORMAT.to_be_bytes());
                self.write_synced(batch).map_err(LogError::halt)
            }
            Some(found) if found == FORMAT.to_be_bytes() => Ok(()),
            Some(found) => Err(LogError::halt(format!(
                "the log in {} has format {} and this build reads {FORMAT}: run the build that wrote it",
                self.folder.display(),
                hex::encode(found),
            ))),
        }
    }

    /// A catalogue value.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LogError> {
        self.rocks.get(key).map_err(|error| cannot("read", &self.folder, &error))
    }

    /// Every catalogue row under a tag, the tag taken off its key.
    pub(super) fn catalogue(&self, tag: u8) -> Result<Vec<CatalogueRow>, LogError> {
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(vec![tag.saturating_add(1)]);
        let mut rows = Vec::new();
        let mut iterator = self.rocks.raw_iterator_opt(options);
        iterator.seek([tag]);
        while let Some((key, value)) = iterator.item() {
            rows.push((key[1..].to_vec(), value.to_vec()));
            iterator.next();
        }
        iterator.status().map_err(|error| cannot("read", &self.folder, &error))?;
        Ok(rows)
    }

    /// Makes a column family, or finds it made.
    pub(super) fn make_column(&self, name: &str) -> Result<(), LogError> {
        if self.rocks.cf_handle(name).is_some() {
            return Ok(());
        }
        self.rocks.create_cf(name, &self.records).map_err(|error| cannot("make a partition in", &self.folder, &error))
    }

    /// A partition's column family.
    pub(super) fn column(&self, name: &str) -> Result<Arc<BoundColumnFamily<'_>>, LogError> {
        self.rocks.cf_handle(name).ok_or_else(|| {
            LogError::halt(format!("the log in {} lacks {name}: restore it from a copy", self.folder.display()))
        })
    }

    /// Calls `visit` with offset and row of each record in `from..to`, in order, until it returns false. Gives the offset
    /// to go on at.
    pub(super) fn scan(
        &self,
        column: &str,
        from: u64,
        to: u64,
        mut visit: impl FnMut(u64, &[u8]) -> Result<bool, LogError>,
    ) -> Result<u64, LogError> {
        let column = self.column(column)?;
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(format::record_key(to));
        options.fill_cache(false);
        let mut iterator = self.rocks.raw_iterator_cf_opt(&column, options);
        iterator.seek(format::record_key(from));
        while let Some((key, row)) = iterator.item() {
            let offset = self.offset(key)?;
            if !visit(offset, row)? {
                return Ok(offset);
            }
            iterator.next();
        }
        self.finished(&iterator)?;
        Ok(to)
    }

    /// The newest offset in a column family.
    pub(super) fn newest(&self, column: &str) -> Result<Option<u64>, LogError> {
        let mut iterator = self.rocks.raw_iterator_cf(&self.column(column)?);
        iterator.seek_to_last();
        let newest = iterator.key().map(|key| self.offset(key)).transpose()?;
        self.finished(&iterator)?;
        Ok(newest)
    }

    /// Writes and syncs. The text of a failure says what happened; whatever it was, the batch may or may not be on disk.
    pub(super) fn write_synced(&self, batch: WriteBatch) -> Result<(), String> {
        let mut options = WriteOptions::default();
        // Each of these makes a log that acknowledges what it may lose: to power loss the one, to a kill the other.
        options.set_sync(!failpoint::skipped("log.sync") && !failpoint::skipped("log.write"));
        options.disable_wal(failpoint::skipped("log.write"));
        self.write(batch, &options)
    }

    /// Writes what may be lost in a crash.
    pub(super) fn write_unsynced(&self, batch: WriteBatch) -> Result<(), String> {
        self.write(batch, &WriteOptions::default())
    }

    fn write(&self, batch: WriteBatch, options: &WriteOptions) -> Result<(), String> {
        self.rocks
            .write_opt(batch, options)
            .map_err(|error| format!("the log in {} cannot be written: {error}", self.folder.display()))
    }

    /// Drops the files that hold nothing but records below an offset, whose rows have been deleted.
    pub(super) fn drop_files_below(&self, column: &str, below: u64) -> Result<(), LogError> {
        self.rocks
            .delete_file_in_range_cf(&self.column(column)?, format::record_key(0), format::record_key(below))
            .map_err(|error| cannot("trim", &self.folder, &error))
    }

    fn offset(&self, key: &[u8]) -> Result<u64, LogError> {
        format::record_offset(key).ok_or_else(|| self.damaged(&format!("key {}", hex::encode(key))))
    }

    /// What to say of a row that cannot be read.
    pub(super) fn damaged(&self, what: &str) -> LogError {
        LogError::halt(format!("the log in {} is damaged at {what}: restore it from a copy", self.folder.display()))
    }

    fn finished(&self, iterator: &DBRawIteratorWithThreadMode<'_, Rocks>) -> Result<(), LogError> {
        iterator.status().map_err(|error| cannot("read", &self.folder, &error))
    }
}

fn database_options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    // A torn last record is what power loss leaves, and was never acknowledged; damage before it is not survived.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_recycle_log_file_num(0);
    options.set_max_background_jobs(2);
    options.set_db_write_buffer_size(WRITE_BUFFERS_TOTAL_BYTES);
    options.set_max_total_wal_size(WAL_TOTAL_BYTES);
    options.set_keep_log_file_num(4);
    options.set_stats_dump_period_sec(0);
    options
}

fn record_options() -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&Cache::new_lru_cache(BLOCK_CACHE_BYTES));
    table.set_block_size(BLOCK_BYTES);
    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    // One compression on every level lets a file move down as it is; level 1 costs a third of level 3 for 5 % more bytes.
    options.set_compression_type(DBCompressionType::Zstd);
    options.set_compression_options(-14, 1, 0, 0);
    options
}

fn cannot(what: &str, folder: &Path, error: &dyn std::fmt::Display) -> LogError {
    LogError::halt(format!("cannot {what} the log in {}: {error}", folder.display()))
}

fn opening(folder: &Path, error: &rocksdb::Error) -> LogError {
    // RocksDB tells a held lock apart by text alone; both forms come from its `LockFile`.
    let text = error.as_ref();
    if text.contains("While lock file") || text.contains("lock hold by current process") {
        return LogError::Locked { path: folder.display().to_string() };
    }
    cannot("open", folder, error)
}
