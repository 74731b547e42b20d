//! Snapshots of stores in an object store: made, listed, verified, restored, given up.
//!
//! Owns what is kept there and when it is believed. Never puts anything into state that is not in the log: a snapshot saves the
//! time of a replay and lets the log be trimmed, and a store from it is the one that a replay would give.

mod collect;
mod create;
mod crypto;
mod digests;
mod error;
mod place;
mod remote;
mod restore;
mod sink;
mod summary;
mod trim;
mod verify;

pub use collect::{Collected, collect};
pub use create::{Made, Maker, Publish};
pub use digests::Digests;
pub use error::SnapshotError;
pub use place::Place;
pub(crate) use remote::open_store;
pub use remote::{Access, Put, Remote, Stored};
pub use restore::{Restored, Target, restore, restore_newest};
pub use summary::summaries;
pub use trim::{Verified, trimmable};
pub use verify::{Trust, Wanted, list, manifest, verify};
