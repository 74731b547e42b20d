//! Leaves, with what is stored and erased beside them: openings and bodies. Keys: tenant number, leaf index.

use crate::batch::Batch;
use crate::error::StoreError;
use crate::read::Read;
use crate::table::Table;

/// A leaf of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafKey {
    /// The tenant's number.
    pub tenant: u32,
    /// Index in its tree, from 0.
    pub index: u64,
}

impl LeafKey {
    /// Its bytes: both big-endian.
    pub fn bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&self.tenant.to_be_bytes());
        bytes[4..].copy_from_slice(&self.index.to_be_bytes());
        bytes
    }
}

/// Key of a dedup row: tenant number, event id.
fn dedup_key(tenant: u32, event_id: &[u8; 32]) -> [u8; 36] {
    let mut bytes = [0; 36];
    bytes[..4].copy_from_slice(&tenant.to_be_bytes());
    bytes[4..].copy_from_slice(event_id);
    bytes
}

/// What lies beside a leaf and is shown and erased with it.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// The event's id, under which it is found again; none for a control record.
    pub event_id: Option<&'a [u8; 32]>,
    /// Opens the leaf's commitment.
    pub opening: &'a [u8],
    /// What the leaf commits to: the event as received, or the content of the control record.
    pub body: &'a [u8],
}

/// Writes a leaf, and the rows beside it.
pub fn put_leaf(batch: &mut Batch<'_>, key: LeafKey, leaf: Vec<u8>, beside: Option<Beside<'_>>) {
    batch.put(Table::Leaves, &key.bytes(), leaf);
    if let Some(Beside { event_id, opening, body }) = beside {
        batch.put(Table::Openings, &key.bytes(), opening);
        batch.put(Table::Bodies, &key.bytes(), body);
        if let Some(event_id) = event_id {
            put_dedup(batch, key, event_id);
        }
    }
}

/// Writes the row by which an event is known again.
pub fn put_dedup(batch: &mut Batch<'_>, key: LeafKey, event_id: &[u8; 32]) {
    batch.put(Table::Dedup, &dedup_key(key.tenant, event_id), key.index.to_be_bytes());
}

/// The leaf record.
///
/// # Errors
/// When the store fails.
pub fn leaf_at(state: &impl Read, key: LeafKey) -> Result<Option<Vec<u8>>, StoreError> {
    state.get(Table::Leaves, &key.bytes())
}

/// Index of the leaf that recorded an event.
///
/// # Errors
/// When the store fails.
pub fn leaf_of(state: &impl Read, tenant: u32, event_id: &[u8; 32]) -> Result<Option<u64>, StoreError> {
    let index = |row: &[u8]| row.try_into().map(u64::from_be_bytes).ok();
    match state.with(Table::Dedup, &dedup_key(tenant, event_id), index)? {
        Some(None) => Err(super::undecodable(Table::Dedup)),
        Some(found) => Ok(found),
        None => Ok(None),
    }
}

/// How often the event of a leaf came again.
///
/// # Errors
/// When the store fails.
pub fn repeats(state: &impl Read, key: LeafKey) -> Result<u64, StoreError> {
    let count = |row: &[u8]| row.try_into().map(u64::from_be_bytes).ok();
    match state.with(Table::Repeats, &key.bytes(), count)? {
        None => Ok(0),
        Some(found) => found.ok_or_else(|| super::undecodable(Table::Repeats)),
    }
}

/// Counts that the event of a leaf came again.
///
/// # Errors
/// When the store fails.
pub fn count_repeat(batch: &mut Batch<'_>, key: LeafKey) -> Result<(), StoreError> {
    let count = repeats(batch, key)?.saturating_add(1);
    batch.put(Table::Repeats, &key.bytes(), count.to_be_bytes());
    Ok(())
}

/// The opening of a leaf's commitment; `None` when erased, or when the leaf has none.
///
/// # Errors
/// When the store fails.
pub fn opening(state: &impl Read, key: LeafKey) -> Result<Option<Vec<u8>>, StoreError> {
    state.get(Table::Openings, &key.bytes())
}

/// The body behind a leaf; `None` when erased, or when the leaf has none.
///
/// # Errors
/// When the store fails.
pub fn body(state: &impl Read, key: LeafKey) -> Result<Option<Vec<u8>>, StoreError> {
    state.get(Table::Bodies, &key.bytes())
}
