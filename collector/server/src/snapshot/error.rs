//! What can go wrong with snapshots, by what the caller must do.

use std::path::{Path, PathBuf};

use ledger::manifest::{ManifestFault, SealFault, SnapshotName};
use store::StoreError;

use super::Place;

/// A snapshot that was not made, listed, verified or restored. Nothing that was there before has changed.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The object store can't be reached or does not do what was asked: try again, or mend its settings.
    #[error("the snapshots in {place} can't be {doing}: {what}")]
    Unreachable {
        /// Where.
        place: String,
        /// What was asked.
        doing: &'static str,
        /// Its answer.
        what: String,
    },
    /// A snapshot is damaged, forged or not of this ledger: take another one.
    #[error("snapshot {name} is not sound: {what}")]
    Unsound {
        /// Which.
        name: SnapshotName,
        /// What of it.
        what: String,
    },
    /// There is none.
    #[error("there is no {what} in {place}; `ledgerline snapshot list` shows those that are there")]
    Absent {
        /// What was looked for.
        what: String,
        /// Where.
        place: String,
    },
    /// This build can't use it, though nothing is wrong with it.
    #[error("snapshot {name}: {reason}. {remedy}")]
    Refused {
        /// Which.
        name: SnapshotName,
        /// Why.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// A file or folder of this machine.
    #[error("{path}: {what}")]
    Disk {
        /// Which.
        path: PathBuf,
        /// What happened.
        what: String,
    },
    /// The store could not be copied or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The manifest could not be signed.
    #[error("the manifest can't be signed: {0}")]
    Seal(#[from] SealFault),
    /// What it holds was not published in time, so nothing of it was signed.
    #[error("{0}")]
    Unpublished(String),
    /// The process is stopping.
    #[error("the process is stopping; the snapshot is made after the next start")]
    Stopped,
}

impl SnapshotError {
    pub(crate) fn reach(place: &Place, doing: &'static str, error: &object_store::Error) -> Self {
        // The innermost reason says what happened; those around it repeat the request.
        let mut reason: &dyn std::error::Error = error;
        while let Some(inner) = reason.source() {
            reason = inner;
        }
        let (whole, inner) = (error.to_string(), reason.to_string());
        let what = if whole.contains(&inner) { whole } else { format!("{whole}: {inner}") };
        Self::Unreachable { place: place.to_string(), doing, what }
    }

    pub(super) fn unsound(name: &SnapshotName, what: impl ToString) -> Self {
        Self::Unsound { name: *name, what: what.to_string() }
    }

    pub(super) fn manifest(name: &SnapshotName, fault: ManifestFault) -> Self {
        match fault {
            ManifestFault::Newer(_) => {
                let remedy = "Upgrade this process, or name an older snapshot.".to_owned();
                Self::Refused { name: *name, reason: fault.to_string(), remedy }
            }
            fault => Self::unsound(name, fault),
        }
    }

    pub(crate) fn disk(path: &Path, doing: &str, error: &std::io::Error) -> Self {
        Self::Disk { path: path.to_owned(), what: format!("can't {doing}: {error}") }
    }

    /// Whether there is nothing where it was looked for.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent { .. })
    }

    /// Whether the snapshot itself is at fault, so that an older one may do.
    pub fn is_unsound(&self) -> bool {
        matches!(self, Self::Unsound { .. } | Self::Refused { .. })
    }
}
