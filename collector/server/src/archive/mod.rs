//! A tree in an object store, for whoever is to check it when there is no server: tiles, bundles, checkpoints, and bodies
//! apart. Layout: `docs/ledger-format.md`, "An archive". All but one object are only ever created, so that a WORM bucket takes them.
//! Never writes what does not lead to the signed root.

mod bodies;
mod checkout;
mod objects;
mod recompute;
mod writer;

pub use bodies::{Held, decode_bodies, encode_bodies};
pub use checkout::checkout;
pub use objects::Objects;
pub use recompute::{Recomputed, recompute};
pub use writer::{Archived, Archiver, Partials, Source};

use ledger::proof::Fault;

use crate::snapshot::SnapshotError;

/// Why an archive was not written or not read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The object store.
    #[error(transparent)]
    Store(#[from] SnapshotError),
    /// What is to be archived does not come.
    #[error("{0}")]
    Source(String),
    /// What is there is not what it must be.
    #[error("{0}")]
    Wrong(#[from] Fault),
}

/// Path of a bundle of bodies beside a bundle of leaves.
pub(crate) fn bodies_path(bundle: &str) -> String {
    bundle.replacen("tile/entries/", "bodies/", 1)
}

/// Path of an archived checkpoint.
fn checkpoint_path(size: u64) -> String {
    format!("checkpoints/{size:020}")
}
