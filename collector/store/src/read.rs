//! Reading rows: what the committed store and an open batch have in common.

use std::ops::ControlFlow;

use crate::error::StoreError;
use crate::table::Table;

/// A range of one table, in key order. Keys are given and returned without the table's byte.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    /// The table.
    pub table: Table,
    /// Only keys that begin with this.
    pub prefix: &'a [u8],
    /// Only keys at or after this (with the prefix); empty: from the start.
    pub from: &'a [u8],
    /// Downwards from the end of the prefix, or from `from` (inclusive) when it isn't empty.
    pub reverse: bool,
}

impl<'a> Scan<'a> {
    /// All keys with a prefix, upwards.
    pub fn prefix(table: Table, prefix: &'a [u8]) -> Self {
        Scan { table, prefix, from: &[], reverse: false }
    }

    /// Keys with a prefix, at or after `from`, upwards.
    pub fn from(table: Table, prefix: &'a [u8], from: &'a [u8]) -> Self {
        Scan { table, prefix, from, reverse: false }
    }

    /// Keys with a prefix, downwards from its end.
    pub fn last(table: Table, prefix: &'a [u8]) -> Self {
        Scan { table, prefix, from: &[], reverse: true }
    }
}

/// Called for each row of a scan; breaks to end it.
pub type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'v;

/// Rows can be read from it.
pub trait Read {
    /// Hands the row under `key` to `read`; `None` when there is none.
    ///
    /// # Errors
    /// When the store fails.
    fn with<R>(&self, table: Table, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError>;

    /// A copy of the row under `key`.
    ///
    /// # Errors
    /// When the store fails.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(table, key, <[u8]>::to_vec)
    }

    /// Whether there is a row under `key`; cheap where there mostly is none.
    ///
    /// # Errors
    /// When the store fails.
    fn has(&self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.with(table, key, |_| ())?.is_some())
    }

    /// Visits the rows of a range until there are no more or `visit` breaks. The caller bounds the number.
    ///
    /// # Errors
    /// When the store fails.
    fn scan(&self, scan: Scan<'_>, visit: &mut Visit<'_>) -> Result<(), StoreError>;
}
