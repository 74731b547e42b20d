//! The seam to the snapshots: orders in, what became of them out.

use super::intake::Answering;
use super::model::{SnapshotOrdered, SnapshotSummary};

/// Why there is no answer about snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoSnapshots {
    /// No place for them is configured.
    Off,
    /// Not now.
    Unavailable {
        /// Why, and what to do.
        reason: String,
    },
}

/// Makes and lists snapshots.
pub trait Snapshots: Send + Sync {
    /// Makes one of each partition here, once for each key; answers when that is done. Asked again with the same key, it waits
    /// for the same ones.
    fn order(&self, key: String) -> Answering<Result<SnapshotOrdered, NoSnapshots>>;

    /// Those that are there, the newest last, and whether older ones were left out.
    fn list(&self) -> Answering<Result<(Vec<SnapshotSummary>, bool), NoSnapshots>>;
}
