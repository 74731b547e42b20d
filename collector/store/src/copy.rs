//! A copy of a store as it stands at one moment: made without stopping the writer, opened to be read, never to be written.
//! Owns how RocksDB is asked for one. Never uploads, signs or names one.
//!
//! **The WAL.** Memtables are written to files first. A copy that carried the WAL instead would carry, each time, everything
//! since the last flush, up to 256 MiB under a new digest; flushed, it is one small file for what is new. The families are
//! flushed one after another, while the writer goes on: RocksDB therefore adds the WALs from the oldest unflushed row on, which
//! are a few records, and replays them when the copy is opened. So a copy is the store after one whole batch, never between.

use std::path::{Path, PathBuf};

use crate::error::StoreError;
use crate::failpoint;
use crate::options::StoreOptions;
use crate::store::Store;
use crate::tables::{self, Meta, PublishedRow, Tree};

/// A file of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedFile {
    /// Its name in the copy's folder.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// What a store holds, in short: what two copies of the same log must agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The partition and how far it has come.
    pub meta: Meta,
    /// How far its publisher had come.
    pub published: PublishedRow,
    /// Each tenant's tree, by name.
    pub trees: Vec<HeldTree>,
}

/// A tree of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldTree {
    /// Whose it is.
    pub tenant: String,
    /// Its leaves.
    pub size: u64,
    /// Its root, computed from the stored hashes.
    pub root: [u8; 32],
}

impl Store {
    /// Makes a copy in `folder`, which must not be there and lies on the same file system: files that never change are links.
    /// Everything committed before is synced and in it.
    ///
    /// # Errors
    /// When the disk fails. What is left in `folder` then is of no use.
    pub fn copy_to(&self, folder: &Path) -> Result<(), StoreError> {
        self.sync()?;
        if failpoint::hit("store.copy") {
            return Err(StoreError::damaged(folder, "copy: a failpoint"));
        }
        match self.rocks() {
            Some(rocks) => rocks.copy_to(folder),
            None => Err(StoreError::damaged(folder, "copy: a model of a store has no files")),
        }
    }

    /// Opens a copy to be read; nothing of it is changed. RocksDB leaves its own log (`LOG`) in the folder.
    ///
    /// # Errors
    /// When it is no store, is damaged, or was written by a newer build.
    pub fn open_copy(folder: &Path, options: &StoreOptions) -> Result<Self, StoreError> {
        Self::open_read_only(folder, options)
    }

    /// What it holds; `None` where it has applied nothing.
    ///
    /// # Errors
    /// When the store fails, is of another format ([`Meta::format_of`]), or lacks hashes of a tree.
    pub fn held(&self) -> Result<Option<Held>, StoreError> {
        let Some(meta) = tables::get::<Meta>(self, &[])? else { return Ok(None) };
        let published = tables::get::<PublishedRow>(self, &[])?.unwrap_or_default();
        let tree = |(tenant, row): (String, tables::TenantRow)| {
            let root = Tree::load(self, row.number, row.size)?.root();
            Ok(HeldTree { tenant, size: row.size, root })
        };
        let trees = tables::tenants(self)?.into_iter().map(tree).collect::<Result<_, StoreError>>()?;
        Ok(Some(Held { meta, published, trees }))
    }
}

/// The files of a copy, by name. RocksDB's own log is none of them.
///
/// # Errors
/// When the folder can't be read or holds what no store holds.
pub fn copied_files(folder: &Path) -> Result<Vec<CopiedFile>, StoreError> {
    let failed = |error: std::io::Error| StoreError::damaged(folder, format!("read the folder: {error}"));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_own_log(&name) {
            continue;
        }
        if !entry.file_type().map_err(failed)?.is_file() {
            return Err(StoreError::damaged(folder, format!("{name} is no file of a store")));
        }
        files.push(CopiedFile { name, path: entry.path() });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// Removes what reading a copy has left beside its files.
///
/// # Errors
/// When the disk fails.
pub fn clear_own_logs(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if is_own_log(&entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// `LOG` and `LOG.old.…` are RocksDB's notes, `LOCK` its lock: neither is state.
fn is_own_log(name: &str) -> bool {
    name == "LOG" || name.starts_with("LOG.old.") || name == "LOCK"
}

#[cfg(test)]
mod tests;
