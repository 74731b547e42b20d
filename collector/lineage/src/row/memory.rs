//! [`State`] in ordered maps: for tests, and for whoever wants a model of the store. Nothing is ever written anywhere.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::{Corrupt, Read, State, Table, Visit};

/// One tenant's tables in memory. Equal states have equal bytes in every table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Rows by table and key.
    pub rows: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
    /// Puts that changed something, since the beginning.
    pub puts: u64,
}

impl Read for Memory {
    type Error = Corrupt;

    fn get<R>(&self, table: Table, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, Corrupt> {
        Ok(self.rows.get(&(table, key.to_vec())).map(|row| read(row)))
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), Corrupt> {
        let first = Bound::Included((table, from.max(prefix).to_vec()));
        for ((found, key), row) in self.rows.range((first, Bound::Unbounded)) {
            if *found != table || !key.starts_with(prefix) || visit(key, row) == Visit::Stop {
                break;
            }
        }
        Ok(())
    }
}

impl State for Memory {
    fn put(&mut self, table: Table, key: &[u8], row: &[u8]) -> Result<(), Corrupt> {
        let before = self.rows.insert((table, key.to_vec()), row.to_vec());
        self.puts += u64::from(before.as_deref() != Some(row));
        Ok(())
    }

    fn delete(&mut self, table: Table, key: &[u8]) -> Result<(), Corrupt> {
        self.rows.remove(&(table, key.to_vec()));
        Ok(())
    }
}
