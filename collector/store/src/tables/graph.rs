//! The fold's tables inside ours: `graph`, tenant number, the fold's table number, the fold's key.

use std::ops::ControlFlow;

use lineage::row::{self, Corrupt, State, Visit};
use smallvec::SmallVec;

use super::{Graph, GraphBatch};
use crate::batch::Batch;
use crate::error::StoreError;
use crate::read::{Read, Scan};
use crate::table::Table;

const PREFIX_BYTES: usize = 5;

fn key(tenant: u32, table: row::Table, rest: &[u8]) -> SmallVec<[u8; 80]> {
    let mut bytes = SmallVec::new();
    bytes.extend_from_slice(&tenant.to_be_bytes());
    bytes.push(table as u8);
    bytes.extend_from_slice(rest);
    bytes
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
        self.batch.with(Table::Graph, &key(self.tenant, table, rest), read)
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
        self.batch.put(Table::Graph, &key(self.tenant, table, rest), row);
        Ok(())
    }

    fn delete(&mut self, table: row::Table, rest: &[u8]) -> Result<(), StoreError> {
        self.batch.delete(Table::Graph, &key(self.tenant, table, rest));
        Ok(())
    }
}
