//! A partition's store: opens it, reads committed rows, commits batches, syncs.
//! Owns what a failure means. Never retries a failed sync: it poisons itself, and every later call says so.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::batch::{Batch, FullKey};
use crate::engine::{Durability, Engine, PendingRow, Points};
use crate::error::{StoreError, StoreFault};
use crate::failpoint;
use crate::model::Model;
use crate::options::StoreOptions;
use crate::read::{Read, Scan, Visit};
use crate::rocks::{Rocks, Rows};
use crate::table::{Family, Table};

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
    engine: Engine,
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
        Ok(Self::on(Engine::Rocks(Rocks::open(path, options)?), path))
    }

    pub(crate) fn on_model(model: Model) -> Self {
        Self::on(Engine::Model(model), Path::new("model"))
    }

    fn on(engine: Engine, path: &Path) -> Self {
        Store { inner: Arc::new(Inner { engine, path: path.to_owned(), poisoned: OnceLock::new() }) }
    }

    /// Opens it to be read: writes fail, and no file of it is changed.
    pub(crate) fn open_read_only(path: &Path, options: &StoreOptions) -> Result<Self, StoreError> {
        Ok(Self::on(Engine::Rocks(Rocks::open_read_only(path, options)?), path))
    }

    /// The database below it; a model has none.
    pub(crate) fn rocks(&self) -> Option<&Rocks> {
        match &self.inner.engine {
            Engine::Rocks(rocks) => Some(rocks),
            Engine::Model(_) => None,
        }
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
        self.inner.engine.sync().map_err(|error| self.poisoned(error))
    }

    /// Writes memtables to files and waits; for figures and tests.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn flush(&self) -> Result<(), StoreError> {
        match &self.inner.engine {
            Engine::Rocks(rocks) => rocks.flush().map_err(|error| self.poisoned(error)),
            Engine::Model(_) => self.sync(),
        }
    }

    /// Compacts everything to the last level; for figures and after large imports.
    pub fn compact(&self) {
        if let Engine::Rocks(rocks) = &self.inner.engine {
            rocks.compact();
        }
    }

    /// What each column family takes on disk; nothing is said of a model.
    pub fn sizes(&self) -> Vec<TableSize> {
        match &self.inner.engine {
            Engine::Rocks(rocks) => rocks.sizes(),
            Engine::Model(_) => Vec::new(),
        }
    }

    pub(crate) fn write(
        &self,
        rows: &[PendingRow<'_>],
        bytes: usize,
        durability: Durability,
    ) -> Result<(), StoreError> {
        self.healthy()?;
        if failpoint::hit("store.commit.before") {
            return Err(self.fail("commit"));
        }
        self.inner.engine.write(rows, bytes, durability).map_err(|error| self.poisoned(error))?;
        if failpoint::hit("store.commit.after") { Err(self.fail("commit")) } else { Ok(()) }
    }

    pub(crate) fn points(&self) -> Points<'_> {
        self.inner.engine.points()
    }

    /// An iterator over a family that may be used for many scans; none on a model.
    pub(crate) fn rows(&self, family: Family) -> Option<Rows<'_>> {
        match &self.inner.engine {
            Engine::Rocks(rocks) => Some(rocks.rows(family)),
            Engine::Model(_) => None,
        }
    }

    /// Scans on an iterator of the table's family, which may be used again; false when it gave up.
    pub(crate) fn scan_on(
        &self,
        rows: &mut Rows<'_>,
        scan: Scan<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<bool, StoreError> {
        match &self.inner.engine {
            Engine::Rocks(rocks) => rocks.scan_on(rows, scan, visit),
            Engine::Model(_) => Ok(false),
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

    /// Refuses every later write: nobody knows what of this one is there.
    fn poisoned(&self, error: StoreError) -> StoreError {
        self.inner.poisoned.get_or_init(|| error.fault);
        error
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
        self.inner.engine.get(table, &full_key(table, key), read)
    }

    fn scan(&self, scan: Scan<'_>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.inner.engine.scan(scan, visit)
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
