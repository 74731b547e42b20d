//! Giving snapshots up: old manifests beyond those that are kept, then objects that no manifest names. Never anything younger
//! than a day: what is being uploaded now is named by nothing yet.

use std::collections::{BTreeMap, HashSet};

use ledger::SnapshotName;
use ledger::leaf::Hex;
use ledger::manifest::Manifest;

use super::SnapshotError;
use super::remote::Remote;
use super::verify::{Wanted, list};

/// What is younger is kept, whatever names it.
const KEPT_NS: i64 = 24 * 3_600 * 1_000_000_000;

/// What was given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Manifests.
    pub manifests: u64,
    /// Objects.
    pub objects: u64,
    /// Bytes of these objects.
    pub bytes: u64,
}

/// Keeps the newest `keep` snapshots of each partition and life, what is younger than a day, and what any manifest that is left
/// names.
///
/// # Errors
/// When the object store fails, or a manifest can't be read: then nobody knows what it names, and no object is removed.
pub async fn collect(remote: &Remote, keep: usize, now_ns: i64) -> Result<Collected, SnapshotError> {
    let old = |written_at_ns: i64| written_at_ns < now_ns.saturating_sub(KEPT_NS);
    let mut lives: BTreeMap<(Hex<16>, u32), Vec<(SnapshotName, i64)>> = BTreeMap::new();
    for stored in list(remote, &Wanted::default()).await? {
        let name = stored.what;
        lives.entry((name.incarnation, name.partition)).or_default().push((name, stored.written_at_ns));
    }
    let mut collected = Collected::default();
    let mut kept = Vec::new();
    for snapshots in lives.values() {
        // By offset, the oldest first: `list` says so.
        let beyond = snapshots.len().saturating_sub(keep.max(1));
        for (number, (name, written_at_ns)) in snapshots.iter().enumerate() {
            if number < beyond && old(*written_at_ns) {
                remote.delete_manifest(name).await?;
                collected.manifests += 1;
            } else {
                kept.push(*name);
            }
        }
    }
    let named = named(remote, &kept).await?;
    for object in remote.objects().await? {
        if old(object.written_at_ns) && !named.contains(&object.what) {
            remote.delete_object(&object.what).await?;
            collected.objects += 1;
            collected.bytes += object.length_bytes;
        }
    }
    Ok(collected)
}

/// Every object that these manifests name. Whose signature they bear is no matter here: a forged one may keep bytes, and takes
/// none away.
async fn named(remote: &Remote, manifests: &[SnapshotName]) -> Result<HashSet<Hex<32>>, SnapshotError> {
    let mut named = HashSet::new();
    for name in manifests {
        let bytes = remote.manifest(name).await?;
        let manifest = Manifest::unverified(&bytes, name).map_err(|fault| SnapshotError::manifest(name, fault))?;
        named.extend(manifest.files.iter().map(|file| file.digest));
    }
    Ok(named)
}
