//! State whose every change is told to what walks know of it.

use crate::query::Known;
use crate::row::{Read, State, Table, Visit};

/// State, and what is known of it.
pub(super) struct Watched<'w, S> {
    pub state: &'w mut S,
    pub known: &'w Known,
}

impl<S: Read> Read for Watched<'_, S> {
    type Error = S::Error;

    fn get<R>(&self, table: Table, key: &[u8], read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, S::Error> {
        self.state.get(table, key, read)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Visit,
    ) -> Result<(), S::Error> {
        self.state.scan(table, prefix, from, visit)
    }
}

impl<S: State> State for Watched<'_, S> {
    fn put(&mut self, table: Table, key: &[u8], row: &[u8]) -> Result<(), S::Error> {
        self.known.forget(table, key);
        self.state.put(table, key, row)
    }

    fn delete(&mut self, table: Table, key: &[u8]) -> Result<(), S::Error> {
        self.known.forget(table, key);
        self.state.delete(table, key)
    }
}
