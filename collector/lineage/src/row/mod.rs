//! The rows that fold, graph and rules keep per tenant, their keys and their bytes. Owns every layout below the
//! ledger; `docs/graph.md` draws them. Never reads or writes by itself: [`State`] is what a store gives.
//!
//! Bytes: one version byte, then `postcard` (varints, no field names). A layout that has been released only grows
//! by a new version byte; snapshot tests pin both keys and rows.

mod alert;
mod edge;
mod facet;
mod flow;
mod group;
pub mod key;
pub mod memory;
mod node;
mod packed;
mod register;
mod run;
mod stamp;
mod state;
#[cfg(test)]
mod tests;
mod usage;

pub use alert::{AlertRow, AlertState, OpenAlertRow};
pub use edge::EdgeRow;
pub use facet::FacetKey;
pub use flow::{ColumnLink, FlowId, FlowRow, MemberRow};
pub use group::{DeclarationRow, FlowGroupRow, GroupRow, GroupState, TimelineRow, TopRun};
pub use key::Table;
pub use node::{NameRow, NodeKind, NodeRow};
pub use register::{ContentRow, HistoryRow, Register, Value};
pub use run::{ChildRow, End, Lineage, ParentRegister, Place, RunRow, Terminal, Transition};
pub use stamp::{HEARTBEAT_NS, Stamp, floor};
pub use state::{Corrupt, Read, State, Visit};
pub use usage::{ChangeRow, UseRow};

use key::{Key, KeyBytes};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Version byte that rows are written with.
pub const ROW_VERSION: u8 = 1;

/// A stored row: which table it is in, how its key looks, how its bytes read.
pub trait Row: Serialize + DeserializeOwned {
    /// The table.
    const TABLE: Table;
    /// The key's type; its bytes order as the table is meant to be scanned.
    type Key: Key;

    /// The row's bytes.
    fn encode(&self) -> Vec<u8> {
        // Room for most rows: growing byte by byte costs more than encoding.
        let mut bytes = Vec::with_capacity(512);
        bytes.push(ROW_VERSION);
        postcard::to_extend(self, bytes).expect("a row has no map, no float and no unsized sequence")
    }

    /// Reads a row's bytes.
    ///
    /// # Errors
    /// [`Corrupt`] when the version is unknown or the bytes are no such row.
    fn decode(bytes: &[u8]) -> Result<Self, Corrupt> {
        match bytes.split_first() {
            Some((&ROW_VERSION, row)) => postcard::from_bytes(row).map_err(|_| Corrupt { table: Self::TABLE }),
            _ => Err(Corrupt { table: Self::TABLE }),
        }
    }
}

/// The row at `key`.
///
/// # Errors
/// The store's own, or [`Corrupt`] as one of them.
pub fn get<T: Row, S: Read>(state: &S, key: &T::Key) -> Result<Option<T>, S::Error> {
    state.get(T::TABLE, &key.bytes(), T::decode)?.transpose().map_err(S::Error::from)
}

/// Whether there is a row at `key`.
///
/// # Errors
/// The store's own.
pub fn has<T: Row, S: Read>(state: &S, key: &T::Key) -> Result<bool, S::Error> {
    Ok(state.get(T::TABLE, &key.bytes(), |_| ())?.is_some())
}

/// Writes the row at `key`.
///
/// # Errors
/// The store's own.
pub fn put<T: Row, S: State>(state: &mut S, key: &T::Key, row: &T) -> Result<(), S::Error> {
    state.put(T::TABLE, &key.bytes(), &row.encode())
}

/// Removes the row at `key`, if there is one.
///
/// # Errors
/// The store's own.
pub fn delete<T: Row, S: State>(state: &mut S, key: &T::Key) -> Result<(), S::Error> {
    state.delete(T::TABLE, &key.bytes())
}

/// Rows whose key begins with `prefix`, in key order, at most `rows_max`.
///
/// # Errors
/// The store's own, or [`Corrupt`] as one of them.
pub fn scan<T: Row, S: Read>(state: &S, prefix: &KeyBytes, rows_max: usize) -> Result<Vec<(T::Key, T)>, S::Error> {
    scan_from(state, prefix, prefix, rows_max)
}

/// The same, from the key `from` on.
///
/// # Errors
/// The store's own, or [`Corrupt`] as one of them.
pub fn scan_from<T: Row, S: Read>(
    state: &S,
    prefix: &KeyBytes,
    from: &KeyBytes,
    rows_max: usize,
) -> Result<Vec<(T::Key, T)>, S::Error> {
    let mut rows = Vec::new();
    let mut corrupt = None;
    if rows_max == 0 {
        return Ok(rows);
    }
    state.scan(T::TABLE, prefix, from, &mut |key, value| {
        match (T::Key::parse(key), T::decode(value)) {
            (Some(key), Ok(row)) => rows.push((key, row)),
            _ => corrupt = Some(Corrupt { table: T::TABLE }),
        }
        if corrupt.is_some() || rows.len() >= rows_max { Visit::Stop } else { Visit::Next }
    })?;
    match corrupt {
        Some(fault) => Err(fault.into()),
        None => Ok(rows),
    }
}
