//! The recorder's state in RocksDB: one store per partition, one table per file, one batch per commit.
//! Owns every byte on disk. Never decides what is recorded, never reads a clock, never talks to a log.

#![forbid(unsafe_code)]

mod batch;
mod copy;
mod engine;
mod error;
pub mod failpoint;
mod folder;
mod model;
mod options;
mod read;
mod rocks;
mod store;
pub mod table;
pub mod tables;

pub use batch::Batch;
pub use copy::{CopiedFile, Held, HeldTree, clear_own_logs, copied_files};
pub use engine::Durability;
pub use error::{StoreError, StoreFault};
pub use folder::{make_durable, replace_durably};
pub use model::Disk;
pub use options::StoreOptions;
pub use read::{Read, Scan};
pub use store::{Store, TableSize};
pub use table::Table;
