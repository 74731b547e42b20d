//! What can go wrong in the store, by what the caller must do about it.

use std::path::{Path, PathBuf};

/// What the caller must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// Another process holds the store: nothing is wrong with it.
    Locked,
    /// The disk has no space; the store must be closed, and opened again when there is some.
    Full,
    /// The store can't be used: close it. The log still holds everything.
    Halt,
}

/// A failure of the store. After one on a write or a sync the store must be closed and opened again: a write
/// whose sync failed may or may not be there, and trying again can't tell.
#[derive(Debug, thiserror::Error)]
#[error("store {path}: {what}{}", hint(*fault))]
pub struct StoreError {
    /// What the caller must do.
    pub fault: StoreFault,
    /// The store's folder.
    pub path: PathBuf,
    /// What happened.
    pub what: String,
}

fn hint(fault: StoreFault) -> &'static str {
    match fault {
        StoreFault::Locked => " (another ledgerline has it open: ask that one with --server, or stop it)",
        StoreFault::Full => " (the disk is full: make space, the partition goes on by itself)",
        StoreFault::Halt => {
            " (run `ledgerline doctor`; the log still holds everything, a deleted store is rebuilt from it)"
        }
    }
}

impl StoreError {
    pub(crate) fn rocks(path: &Path, doing: &str, error: &rocksdb::Error) -> Self {
        let mut text = error.to_string();
        // RocksDB tells a family that it was not asked to open by text alone.
        if text.contains("Column families not opened") {
            text.push_str("; a newer build wrote this store: upgrade this process");
        }
        let fault = match error.kind() {
            _ if text.contains("No space left") => StoreFault::Full,
            rocksdb::ErrorKind::IOError if text.contains("lock") => StoreFault::Locked,
            _ => StoreFault::Halt,
        };
        StoreError { fault, path: path.to_owned(), what: format!("{doing}: {text}") }
    }

    pub(crate) fn full(path: &Path, what: impl Into<String>) -> Self {
        StoreError { fault: StoreFault::Full, path: path.to_owned(), what: what.into() }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        StoreError { fault: StoreFault::Halt, path: path.to_owned(), what: what.into() }
    }
}
