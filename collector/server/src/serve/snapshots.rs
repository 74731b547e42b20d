//! Snapshots as the API sees them, and what a core hands to those who make and restore them.

use std::sync::Arc;

use ledger::LedgerName;

use super::restorer::Restorer;
use super::{Core, Newest};
use crate::http::model::{SnapshotFailed, SnapshotMade, SnapshotOrdered, SnapshotSummary};
use crate::http::{Answering, NoSnapshots, Snapshots};
use crate::snapshot::{Access, Remote, SnapshotError, Trust, summaries};

/// Answers for the snapshots of a core.
pub(super) struct KeptSnapshots(pub Arc<Core>);

impl Core {
    /// What makes a missing store.
    pub(super) fn restorer(&self) -> Restorer {
        Restorer {
            folder: self.config.data_dir.clone(),
            log: Arc::clone(&self.log),
            events: Arc::clone(&self.names.events),
            homes: Arc::clone(&self.desk.homes),
            settings: self.config.snapshots.clone(),
            trust: self.trust(),
            generation: self.build.generation,
        }
    }

    /// Whose manifests this deployment believes: its own.
    pub(super) fn trust(&self) -> Trust {
        // A ledger was begun under this name: it has parsed before. Under no other name is anything of ours signed.
        match LedgerName::parse(&self.config.ledger.name) {
            Ok(ledger) => Trust::Own(Arc::clone(&self.desk.keyring), ledger),
            Err(_) => Trust::Keys(Vec::new()),
        }
    }

    /// The newest snapshot of a partition, as far as this process knows.
    pub(crate) fn newest_snapshot(&self, partition: u32) -> Option<Newest> {
        self.kept.newest(partition)
    }
}

impl Snapshots for KeptSnapshots {
    fn order(&self, key: String) -> Answering<Result<SnapshotOrdered, NoSnapshots>> {
        let core = Arc::clone(&self.0);
        Box::pin(async move {
            if core.config.snapshots.place().is_none() {
                return Err(NoSnapshots::Off);
            }
            let outcomes = core.kept.order(key).await.ok_or_else(|| NoSnapshots::Unavailable {
                reason: "no snapshot came of it: the process is stopping, or too many other orders came after; order it again"
                    .to_owned(),
            })?;
            let mut ordered = SnapshotOrdered { done: true, made: Vec::new(), failed: Vec::new() };
            for (partition, outcome) in outcomes {
                match outcome {
                    Ok(made) => ordered.made.push(SnapshotMade {
                        snapshot: made.name.to_string(),
                        size_bytes: made.size_bytes,
                        files: made.files,
                        uploaded_bytes: made.uploaded_bytes,
                        uploaded_files: made.uploaded_files,
                    }),
                    Err(reason) => ordered.failed.push(SnapshotFailed { partition, reason }),
                }
            }
            Ok(ordered)
        })
    }

    fn list(&self) -> Answering<Result<(Vec<SnapshotSummary>, bool), NoSnapshots>> {
        let core = Arc::clone(&self.0);
        Box::pin(async move {
            let place = core.config.snapshots.place().ok_or(NoSnapshots::Off)?;
            let listed = async {
                let remote = Remote::open(&place, &core.config.snapshots.options, Access::Read)?;
                summaries(&remote, &core.trust()).await
            };
            match listed.await {
                Ok(listed) => Ok(listed),
                Err(SnapshotError::Absent { .. }) => Ok((Vec::new(), false)),
                Err(error) => Err(NoSnapshots::Unavailable { reason: error.to_string() }),
            }
        })
    }
}
