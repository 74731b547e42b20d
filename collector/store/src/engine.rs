//! What lies below a store: RocksDB, or a model of it for simulations. Both do the same four things.

use rocksdb::ColumnFamily;

use crate::batch::FullKey;
use crate::error::StoreError;
use crate::model::Model;
use crate::read::{Scan, Visit};
use crate::rocks::{Families, Rocks};
use crate::table::Table;

/// How far a commit has come when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// In the WAL: survives the process, not the machine. A replay from the log brings it back.
    Written,
    /// Synced: survives power loss.
    Synced,
}

/// A row to be written; `None` deletes it.
pub(crate) type PendingRow<'r> = (&'r FullKey, &'r Option<Vec<u8>>);

pub(crate) enum Engine {
    Rocks(Rocks),
    Model(Model),
}

impl Engine {
    pub fn write(&self, rows: &[PendingRow<'_>], bytes: usize, durability: Durability) -> Result<(), StoreError> {
        match self {
            Engine::Rocks(rocks) => rocks.write(rows, bytes, durability),
            Engine::Model(model) => model.write(rows, durability),
        }
    }

    pub fn sync(&self) -> Result<(), StoreError> {
        match self {
            Engine::Rocks(rocks) => rocks.sync(),
            Engine::Model(model) => model.sync(),
        }
    }

    pub fn scan(&self, scan: Scan<'_>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        match self {
            Engine::Rocks(rocks) => rocks.scan(scan, visit),
            Engine::Model(model) => {
                model.scan(scan, visit);
                Ok(())
            }
        }
    }

    /// For many point reads.
    pub fn points(&self) -> Points<'_> {
        match self {
            Engine::Rocks(rocks) => Points::Rocks(rocks, rocks.families()),
            Engine::Model(model) => Points::Model(model),
        }
    }

    /// One point read.
    pub fn get<R>(&self, table: Table, key: &FullKey, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError> {
        match self {
            Engine::Rocks(rocks) => rocks.get(rocks.handle(table.family()), key, read),
            Engine::Model(model) => Ok(model.get(key, read)),
        }
    }
}

/// Point reads, with what they need looked up once.
pub(crate) enum Points<'s> {
    Rocks(&'s Rocks, Families<'s>),
    Model(&'s Model),
}

impl Points<'_> {
    pub fn get<R>(&self, key: &FullKey, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError> {
        match self {
            Points::Rocks(rocks, families) => {
                let family: &ColumnFamily = families.of_key(key);
                rocks.get(family, key, read)
            }
            Points::Model(model) => Ok(model.get(key, read)),
        }
    }
}
