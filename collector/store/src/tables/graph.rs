//! The fold's tables inside ours: `graph`, tenant number, the fold's table number, the fold's key.

use std::ops::ControlFlow;

use lineage::row::{self, Corrupt, State, Visit};
use smallvec::SmallVec;

use super::{Graph, GraphBatch};
use crate::batch::{Batch, FullKey};
use crate::error::StoreError;
use crate::read::{Read, Scan};
use crate::table::Table;

const PREFIX_BYTES: usize = 5;

fn key(tenant: u32, table: row::Table, rest: &[u8]) -> SmallVec<[u8; 80]> {
    let mut bytes = SmallVec::from_slice(&head(tenant, table)[1..]);
    bytes.extend_from_slice(rest);
    bytes
}

/// The same with our table before it, as a batch takes it.
fn full_key(tenant: u32, table: row::Table, rest: &[u8]) -> FullKey {
    let mut bytes = FullKey::from_slice(&head(tenant, table));
    bytes.extend_from_slice(rest);
    bytes
}

fn head(tenant: u32, table: row::Table) -> [u8; 1 + PREFIX_BYTES] {
    let [a, b, c, d] = tenant.to_be_bytes();
    [Table::Graph.byte(), a, b, c, d, table as u8]
}

impl From<Corrupt> for StoreError {
    fn from(corrupt: Corrupt) -> Self {
        StoreError::damaged(std::path::Path::new("."), corrupt.to_string())
    }
}

fn scan(
    rows: &impl Read,
    tenant: u32,
    table: row::Table,
    prefix: &[u8],
    from: &[u8],
    visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
) -> Result<(), StoreError> {
    let (prefix, from) = (key(tenant, table, prefix), key(tenant, table, from));
    rows.scan(Scan::from(Table::Graph, &prefix, &from), &mut |key, value| match visit(&key[PREFIX_BYTES..], value) {
        Visit::Next => ControlFlow::Continue(()),
        Visit::Stop => ControlFlow::Break(()),
    })
}

impl<T: Read> row::Read for Graph<'_, T> {
    type Error = StoreError;

    fn get<R>(&self, table: row::Table, rest: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError> {
        self.rows.with(Table::Graph, &key(self.tenant, table, rest), read)
    }

    fn scan(
        &self,
        table: row::Table,
        prefix: &[u8],
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), StoreError> {
        scan(self.rows, self.tenant, table, prefix, from, visit)
    }
}

impl row::Read for GraphBatch<'_, '_> {
    type Error = StoreError;

    fn get<R>(&self, table: row::Table, rest: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError> {
        self.batch.with_full(&full_key(self.tenant, table, rest), read)
    }

    fn scan(
        &self,
        table: row::Table,
        prefix: &[u8],
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), StoreError> {
        let rows: &Batch<'_> = self.batch;
        scan(rows, self.tenant, table, prefix, from, visit)
    }
}

impl State for GraphBatch<'_, '_> {
    fn put(&mut self, table: row::Table, rest: &[u8], row: &[u8]) -> Result<(), StoreError> {
        self.batch.set(full_key(self.tenant, table, rest), Some(row.to_vec()));
        Ok(())
    }

    fn delete(&mut self, table: row::Table, rest: &[u8]) -> Result<(), StoreError> {
        self.batch.set(full_key(self.tenant, table, rest), None);
        Ok(())
    }
}
