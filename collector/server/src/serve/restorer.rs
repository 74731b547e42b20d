//! What a partition's missing store is made from: the newest snapshot that verifies, or the log alone where it is whole.
//! Owns that choice. Never touches a store that is there, and never lets one begin over a log whose beginning is gone.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config;
use crate::genesis::Homes;
use crate::log::Log;
use crate::snapshot::{Access, Place, Remote, Restored, SnapshotError, Target, Trust, restore_newest};

/// Restores stores.
pub struct Restorer {
    /// Where the stores lie.
    pub folder: PathBuf,
    /// The log that a store goes on with.
    pub log: Arc<dyn Log>,
    /// `lineage.events`.
    pub events: Arc<str>,
    /// Incarnations.
    pub homes: Arc<Homes>,
    /// `snapshots.*`
    pub settings: config::Snapshots,
    /// Whose manifests count.
    pub trust: Trust,
    /// Generation of this build's rules.
    pub generation: u32,
}

impl Restorer {
    /// Where a partition's store lies.
    pub fn store(&self, partition: u32) -> PathBuf {
        self.target(partition).store()
    }

    /// Sees to it that the partition's store may be opened: it is there, or was restored, or may be begun from the log.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn prepare(&self, partition: u32) -> Result<(), String> {
        let target = self.target(partition);
        if target.has_store() {
            return Ok(());
        }
        let range = self.log.range(&self.events, partition).map_err(|error| error.to_string())?;
        if range.end == 0 {
            return Ok(());
        }
        let unsound = match self.settings.place() {
            None => Vec::new(),
            Some(place) => match self.restore(&place, &target) {
                Ok(Restored::From(_)) => return Ok(()),
                Ok(Restored::Nothing(unsound)) => unsound,
                Err(error) if error.is_absent() => Vec::new(),
                Err(error) => {
                    return Err(format!(
                        "its store is missing and can't be restored: {error}. It is tried again; with snapshots.url unset it is \
                         made from the log alone"
                    ));
                }
            },
        };
        if range.start == 0 {
            if !unsound.is_empty() {
                let tried = unsound.len();
                tracing::warn!(partition, tried, "no snapshot is sound; the store is made from the log alone");
            }
            return Ok(());
        }
        Err(self.lost(partition, range.start, &unsound))
    }

    fn restore(&self, place: &Place, target: &Target) -> Result<Restored, SnapshotError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime
            .map_err(|error| SnapshotError::Disk { path: self.folder.clone(), what: format!("no runtime: {error}") })?;
        let remote = Remote::open(place, &self.settings.options, Access::Read)?;
        runtime.block_on(restore_newest(&remote, &self.trust, target))
    }

    fn target(&self, partition: u32) -> Target {
        let incarnation = Some(self.homes.at(partition).incarnation);
        Target { folder: self.folder.clone(), partition, incarnation, generation: self.generation }
    }

    /// Neither a store, nor a sound snapshot, nor a whole log.
    fn lost(&self, partition: u32, start: u64, unsound: &[SnapshotError]) -> String {
        let place = self.settings.url.as_deref().unwrap_or("nowhere (snapshots.url is not set)");
        let tried = match unsound {
            [] => format!("there is no snapshot of it in {place}"),
            faults => faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        };
        format!(
            "its store is missing, {}/{partition} begins at offset {start}, and {tried}: name the place of its snapshots in \
             snapshots.url, or bring its folder back from a copy",
            self.events
        )
    }
}
