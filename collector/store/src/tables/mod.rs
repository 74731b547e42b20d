//! Typed rows of the state tables: one table per file. A row's bytes are a version byte and postcard; a version is never
//! reused. The rows of the graph are the fold's (`lineage::row`).

mod cosigned;
mod graph;
mod hashes;
mod keys;
mod leaves;
mod meta;
mod outbox;
mod refusals;
mod sources;
mod tenants;
mod tiles;

pub use cosigned::CosignedRow;
pub use hashes::TreeHashes;
pub use keys::{KeyRow, SignedRow, keys, put_key};
pub use leaves::{Beside, LeafKey, body, count_repeat, leaf_at, leaf_of, opening, put_dedup, put_leaf, repeats};
pub use meta::{Meta, StoreFormat};
pub use outbox::{OutboxKey, Outgoing};
pub use refusals::{RefusalsRow, RefusedAt};
pub use sources::{PendingRow, ProgressRow, RejectionKey, RejectionRow, SourceKey, SourceRow};
pub use tenants::{CheckpointRow, PublishedRow, TenantRow, tenants};
pub use tiles::{Tree, tile};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::batch::Batch;
use crate::error::StoreError;
use crate::read::Read;
use crate::store::Store;
use crate::table::Table;

const VERSION: u8 = 1;

/// A row of one table.
pub trait Row: Serialize + DeserializeOwned {
    /// The table.
    const TABLE: Table;

    /// Its bytes.
    fn encode(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![VERSION]).expect("a vector takes all it is given")
    }

    /// Reads its bytes; `None` when they are no such row.
    fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first() {
            Some((&VERSION, row)) => postcard::from_bytes(row).ok(),
            _ => None,
        }
    }
}

/// The row under `key`.
///
/// # Errors
/// When the store fails or the row does not decode.
pub fn get<T: Row>(state: &impl Read, key: &[u8]) -> Result<Option<T>, StoreError> {
    match state.with(T::TABLE, key, T::decode)? {
        None => Ok(None),
        Some(Some(row)) => Ok(Some(row)),
        Some(None) => Err(undecodable(T::TABLE)),
    }
}

/// Writes the row under `key`.
pub fn put<T: Row>(batch: &mut Batch<'_>, key: &[u8], row: &T) {
    batch.put(T::TABLE, key, row.encode());
}

/// What a row that does not decode means.
pub fn undecodable(table: Table) -> StoreError {
    let what = format!(
        "a row of table {} does not decode: the store is damaged or was written by a newer version",
        table.name()
    );
    StoreError::damaged(std::path::Path::new("."), what)
}

/// A store's graph, of one tenant, as the fold sees it.
pub struct Graph<'a, T> {
    rows: &'a T,
    tenant: u32,
}

/// A batch's graph, of one tenant, as the fold writes it.
pub struct GraphBatch<'a, 's> {
    batch: &'a mut Batch<'s>,
    tenant: u32,
}

impl Store {
    /// The committed graph of a tenant.
    pub fn graph(&self, tenant: u32) -> Graph<'_, Store> {
        Graph { rows: self, tenant }
    }
}

impl<'s> Batch<'s> {
    /// The graph of a tenant within this batch.
    pub fn graph(&mut self, tenant: u32) -> GraphBatch<'_, 's> {
        GraphBatch { batch: self, tenant }
    }
}
