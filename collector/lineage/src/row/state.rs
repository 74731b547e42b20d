//! What a store gives to the fold: bytes by table and key, in key order. Owns the two traits; never an implementation
//! (the store's batch overlay is one, the tests' ordered map another).

use super::Table;

/// A stored row that does not read back: the disk's or our fault, never the input's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row of table {table:?} does not decode: the store is damaged or was written by a newer version")]
pub struct Corrupt {
    /// The table.
    pub table: Table,
}

/// Whether a scan goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// Give the next row.
    Next,
    /// That was enough.
    Stop,
}

/// Reading one tenant's tables.
pub trait Read {
    /// What can go wrong.
    type Error: From<Corrupt>;

    /// Hands the bytes at `key` to `read`; `None` when there are none.
    ///
    /// # Errors
    /// The store's own.
    fn get<R>(&self, table: Table, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, Self::Error>;

    /// Visits keys that begin with `prefix` and are not less than `from`, in ascending order of bytes, until the visitor
    /// stops or there are no more. What this batch has put or deleted counts.
    ///
    /// # Errors
    /// The store's own.
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), Self::Error>;
}

/// Reading and writing one tenant's tables inside a batch.
pub trait State: Read {
    /// Sets the bytes at `key`.
    ///
    /// # Errors
    /// The store's own.
    fn put(&mut self, table: Table, key: &[u8], row: &[u8]) -> Result<(), Self::Error>;

    /// Removes `key`; nothing happens when it is absent.
    ///
    /// # Errors
    /// The store's own.
    fn delete(&mut self, table: Table, key: &[u8]) -> Result<(), Self::Error>;
}
