//! Tenants of a partition: their numbers, which begin the keys of their rows, and how far their ledgers have come.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{Row, undecodable};
use crate::error::StoreError;
use crate::read::{Read, Scan};
use crate::table::Table;

/// A tenant, under its name. The partition's own (`p-<n>`) is one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantRow {
    /// Its number in this partition, from 0, in the order in which the log names them.
    pub number: u32,
    /// Leaves in its tree.
    pub size: u64,
    /// Distinct events recorded.
    pub recorded: u64,
    /// Events that came again.
    pub duplicates: u64,
    /// Events that intake refused.
    pub rejected: u64,
    /// Leaves at its last checkpoint.
    pub checkpoint_size: u64,
    /// Time of the log at its last checkpoint, ns UTC.
    pub checkpoint_ns: i64,
    /// Time of the log at its newest leaf, ns UTC.
    pub grown_ns: i64,
    /// Root key, as text.
    pub root_key: String,
}

impl Row for TenantRow {
    const TABLE: Table = Table::Tenants;
}

/// All tenants, by name.
///
/// # Errors
/// When the store fails.
pub fn tenants(state: &impl Read) -> Result<Vec<(String, TenantRow)>, StoreError> {
    let mut rows = Vec::new();
    state.scan(Scan::prefix(Table::Tenants, &[]), &mut |key, value| {
        rows.push((String::from_utf8_lossy(key).into_owned(), TenantRow::decode(value)));
        ControlFlow::Continue(())
    })?;
    rows.into_iter().map(|(name, row)| Ok((name, row.ok_or_else(|| undecodable(Table::Tenants))?))).collect()
}

/// The newest published checkpoint of a tenant, under its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointRow {
    /// Leaves that it covers.
    pub size: u64,
    /// The signed note, as text.
    pub note: String,
}

impl Row for CheckpointRow {
    const TABLE: Table = Table::Checkpoints;
}

/// How far the publisher has come, under the empty key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedRow {
    /// Everything that came from records below this offset is published.
    pub next_offset: u64,
    /// Next offset of each alert partition after what this partition's publisher delivered.
    pub delivered: Vec<(u32, u64)>,
    /// Next offset of each checkpoint partition after those that this store's trees were compared with. This store's own: it is
    /// in no watermark.
    pub compared: Vec<(u32, u64)>,
}

impl Row for PublishedRow {
    const TABLE: Table = Table::Published;
}
