//! Making a store from a snapshot. Everything is checked before the folder becomes the partition's store: signature, every
//! byte, the store's format, and that the store in it is the one that the manifest names. Never touches a store that is there.

use std::fs::File;
use std::path::{Path, PathBuf};

use ledger::leaf::Hex;
use ledger::manifest::{Manifest, SnapshotName};
use store::tables::Meta;
use store::{Held, Store, StoreOptions, clear_own_logs, failpoint};

use super::SnapshotError;
use super::create::clear;
use super::remote::Remote;
use super::verify::{Trust, Wanted, list, manifest, objects};

/// Block cache and memtables of a store that is looked at.
const LOOK_BYTES: usize = 8 << 20;

/// Which store is wanted, and where.
#[derive(Clone, Debug)]
pub struct Target {
    /// The folder of the stores: the partition's own lies in it.
    pub folder: PathBuf,
    /// The partition.
    pub partition: u32,
    /// Its incarnation, by the log; `None`: that of the snapshot, for the log is compared when the store is opened.
    pub incarnation: Option<[u8; 16]>,
    /// Generation of the rules that must have derived it: this build's.
    pub generation: u32,
}

/// What became of looking for a snapshot to restore.
#[derive(Debug)]
pub enum Restored {
    /// The store is there, made from this snapshot.
    From(SnapshotName),
    /// There is no snapshot that could be used; those that could not, and why.
    Nothing(Vec<SnapshotError>),
}

impl Target {
    /// The partition's store.
    pub fn store(&self) -> PathBuf {
        self.folder.join(format!("partition-{}", self.partition))
    }

    /// Whether there is a store, as RocksDB marks one.
    pub fn has_store(&self) -> bool {
        self.store().join("CURRENT").exists()
    }
}

/// Restores the newest snapshot that verifies; one that does not is told, and the next older one is tried.
///
/// # Errors
/// When the object store, the disk or the store fails: then it is unknown whether there was a sound one.
pub async fn restore_newest(remote: &Remote, trust: &Trust, target: &Target) -> Result<Restored, SnapshotError> {
    let wanted = Wanted { partition: Some(target.partition), incarnation: target.incarnation.map(Hex) };
    let mut unsound = Vec::new();
    for stored in list(remote, &wanted).await?.iter().rev() {
        match restore(remote, &stored.what, trust, target).await {
            Ok(()) => return Ok(Restored::From(stored.what)),
            Err(error) if error.is_unsound() => {
                tracing::warn!(snapshot = %stored.what, %error, "a snapshot can't be restored; the next older one is tried");
                unsound.push(error);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Restored::Nothing(unsound))
}

/// Restores one snapshot. The partition must have no store.
///
/// # Errors
/// [`SnapshotError::Unsound`] and [`SnapshotError::Refused`] where another snapshot may do; when the object store or the disk
/// fails. What was built until then is removed by the next attempt.
pub async fn restore(
    remote: &Remote,
    name: &SnapshotName,
    trust: &Trust,
    target: &Target,
) -> Result<(), SnapshotError> {
    let (to, beside) = (target.store(), target.folder.join(format!("partition-{}.restoring", target.partition)));
    if to.exists() {
        let what = "it is there already: stop the process and move it away first".to_owned();
        return Err(SnapshotError::Disk { path: to, what });
    }
    let manifest = manifest(remote, name, trust).await?;
    usable(&manifest, target)?;
    let disk = |path: &Path, doing: &str, error: std::io::Error| SnapshotError::disk(path, doing, &error);
    clear(&beside)?;
    std::fs::create_dir_all(&beside).map_err(|error| disk(&beside, "be made", error))?;
    objects(remote, &manifest, Some(&beside)).await?;
    compare(&manifest, &beside)?;
    // Erasure orders are applied here, before anything of the store can be asked for: docs/snapshots.md#erasures.
    clear_own_logs(&beside).map_err(|error| disk(&beside, "be cleared", error))?;
    sync_folder(&beside)?;
    if failpoint::hit("snapshot.restore.before") {
        return Err(SnapshotError::Stopped);
    }
    // The commit point: from here on this is the partition's store. Until then a crash leaves nothing that counts.
    std::fs::rename(&beside, &to).map_err(|error| disk(&to, "be put in place", error))?;
    sync_folder(&target.folder)?;
    tracing::info!(snapshot = %name, store = %to.display(), "a store was restored");
    Ok(())
}

/// Refuses what this build or this partition has no use for, before anything is read.
fn usable(manifest: &Manifest, target: &Target) -> Result<(), SnapshotError> {
    let name = manifest.name();
    let refused =
        |reason: String, remedy: &str| Err(SnapshotError::Refused { name, reason, remedy: remedy.to_owned() });
    match manifest.store_format {
        newer if newer > Meta::FORMAT => refused(
            format!("its store is of format {newer} and this build reads {}", Meta::FORMAT),
            "Upgrade this process.",
        ),
        older if older < Meta::FORMAT => refused(
            format!("its store is of format {older} and this build reads {}", Meta::FORMAT),
            "A newer snapshot or the log gives the store again.",
        ),
        _ if manifest.partition != target.partition => {
            refused(format!("it is of partition {}", manifest.partition), "Name one of this partition.")
        }
        _ if target.incarnation.is_some_and(|incarnation| incarnation != manifest.incarnation.0) => {
            refused("it is of another life of the log".to_owned(), "Name one of this incarnation.")
        }
        _ if manifest.generation != target.generation => refused(
            format!(
                "rules of generation {} derived it and this build's are of {}",
                manifest.generation, target.generation
            ),
            "A snapshot that this build made, or the log, gives the store again.",
        ),
        _ => Ok(()),
    }
}

/// The store that was built against what the manifest says of it.
fn compare(manifest: &Manifest, folder: &Path) -> Result<(), SnapshotError> {
    let name = manifest.name();
    // Every byte is the one that was signed: a store that can't be read was written so.
    let unsound = |error: store::StoreError| SnapshotError::unsound(&name, error);
    let store = Store::open_copy(folder, &StoreOptions::new(LOOK_BYTES, LOOK_BYTES)).map_err(unsound)?;
    if let Some((reason, remedy)) = Meta::format_of(&store).map_err(unsound)?.refusal() {
        return Err(SnapshotError::Refused { name, reason, remedy: remedy.to_owned() });
    }
    let held = store.held().map_err(unsound)?;
    let held = held.ok_or_else(|| SnapshotError::unsound(&name, "the store in it has applied nothing"))?;
    match difference(manifest, &held) {
        None => Ok(()),
        Some(what) => Err(SnapshotError::unsound(&name, format!("{what} of the store is not the manifest's"))),
    }
}

/// The first thing in which they differ.
fn difference(manifest: &Manifest, held: &Held) -> Option<&'static str> {
    let Held { meta, published, trees } = held;
    let delivered = manifest.published.delivered.iter().map(|place| (place.partition, place.next_offset));
    let heads = manifest.trees.iter().map(|tree| (tree.tenant.as_str(), tree.size, tree.root.0));
    let same = [
        ("the incarnation", meta.incarnation == Some(manifest.incarnation.0)),
        ("the partition", (meta.partition, meta.partition_count) == (manifest.partition, manifest.partition_count)),
        ("the ledger's name", meta.ledger_name == manifest.origin.ledger().as_str()),
        ("the generation of rules", meta.generation == manifest.generation),
        ("the next offset", meta.next_offset == manifest.next_offset),
        ("the last record", meta.last_record == manifest.last_record.0),
        ("the watermark", published.next_offset == manifest.published.next_offset),
        ("the watermark", published.delivered.iter().copied().eq(delivered)),
        ("a tree", trees.iter().map(|tree| (tree.tenant.as_str(), tree.size, tree.root)).eq(heads)),
    ];
    same.into_iter().find(|(_, same)| !same).map(|(what, _)| what)
}

fn sync_folder(folder: &Path) -> Result<(), SnapshotError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| SnapshotError::disk(folder, "be synced", &error))
}
