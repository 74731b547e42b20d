//! Keys of the trees: which sign, since when, and what they have signed. Keys: tenant number, and the key's own number in its
//! tree, in the order in which they were enrolled.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{Row, undecodable};
use crate::batch::Batch;
use crate::error::StoreError;
use crate::read::{Read, Scan};
use crate::table::Table;

/// A key of a tree. Sizes and indexes are leaves of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    /// Verifier key, as text.
    pub verifier: String,
    /// It signs checkpoints from this size on.
    pub from_size: u64,
    /// Time of the log when it was enrolled, ns UTC.
    pub enrolled_ns: i64,
    /// Index of the leaf by which another took its place.
    pub replaced_at: Option<u64>,
    /// Time of the log at which it retires by itself, ns UTC, once it is replaced.
    pub retires_ns: Option<i64>,
    /// It signs no checkpoint of this size or a larger one.
    pub retired_from: Option<u64>,
    /// Index of the leaf that revoked it.
    pub revoked_at: Option<u64>,
    /// The keys that enrolled it, as text.
    pub enrolled_by: Vec<String>,
    /// Checkpoints that it was to sign.
    pub signed: SignedRow,
}

/// The checkpoints that a key was to sign, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedRow {
    /// How many.
    pub count: u64,
    /// Size of the first.
    pub first_size: u64,
    /// Size of the last.
    pub last_size: u64,
    /// Digest over all of them, in their order.
    pub digest: [u8; 32],
}

impl Row for KeyRow {
    const TABLE: Table = Table::Keys;
}

/// Writes a key of a tree.
pub fn put_key(batch: &mut Batch<'_>, tenant: u32, number: u32, row: &KeyRow) {
    let mut key = [0; 8];
    key[..4].copy_from_slice(&tenant.to_be_bytes());
    key[4..].copy_from_slice(&number.to_be_bytes());
    super::put(batch, &key, row);
}

/// The keys of a tree, in the order in which they were enrolled.
///
/// # Errors
/// When the store fails.
pub fn keys(state: &impl Read, tenant: u32) -> Result<Vec<KeyRow>, StoreError> {
    let mut rows = Vec::new();
    state.scan(Scan::prefix(Table::Keys, &tenant.to_be_bytes()), &mut |_, value| {
        rows.push(KeyRow::decode(value));
        ControlFlow::Continue(())
    })?;
    rows.into_iter().map(|row| row.ok_or_else(|| undecodable(Table::Keys))).collect()
}
