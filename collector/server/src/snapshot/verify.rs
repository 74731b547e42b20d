//! Reading a snapshot back: its manifest, who signed it, and every byte of every object. Never writes anything.

use std::path::Path;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use ledger::key::VerifierKey;
use ledger::leaf::Hex;
use ledger::manifest::{Manifest, SnapshotName};
use ledger::{LedgerName, Origin, Tenant};

use super::SnapshotError;
use super::remote::{Remote, Stored};
use crate::keyring::Keyring;

/// Objects that are read at once: a bucket answers slowly and gives much, a disk has one head.
const READS_MAX: usize = 4;

/// Whose signatures count.
#[derive(Clone)]
pub enum Trust {
    /// The keys that this deployment signs or signed with, but for revoked ones, under each partition's name in the ledger of
    /// this name.
    Own(Arc<Keyring>, LedgerName),
    /// These keys.
    Keys(Vec<VerifierKey>),
}

impl Trust {
    fn known(&self, partition: u32) -> Vec<VerifierKey> {
        match self {
            Trust::Own(keyring, ledger) => {
                let origin = Origin::new(ledger, &Tenant::partition(partition));
                keyring.verifiers(&origin)
            }
            Trust::Keys(keys) => keys.clone(),
        }
    }
}

/// The manifest of a snapshot, its signature checked.
///
/// # Errors
/// [`SnapshotError::Unsound`] where nobody trusted has signed it as it is, or it is another snapshot's.
pub async fn manifest(remote: &Remote, name: &SnapshotName, trust: &Trust) -> Result<Manifest, SnapshotError> {
    let bytes = remote.manifest(name).await?;
    Manifest::verify(&bytes, name, &trust.known(name.partition)).map_err(|fault| SnapshotError::manifest(name, fault))
}

/// Reads a whole snapshot back: signature, digest and length of every object.
///
/// # Errors
/// [`SnapshotError::Unsound`] with the first fault; when the object store fails.
pub async fn verify(remote: &Remote, name: &SnapshotName, trust: &Trust) -> Result<Manifest, SnapshotError> {
    let manifest = manifest(remote, name, trust).await?;
    objects(remote, &manifest, None).await?;
    Ok(manifest)
}

/// Reads every object of a manifest, into a folder where one is named.
pub(super) async fn objects(remote: &Remote, manifest: &Manifest, to: Option<&Path>) -> Result<(), SnapshotError> {
    let name = manifest.name();
    let reads = manifest.files.iter().map(|file| {
        let path = to.map(|folder| folder.join(file.name.as_str()));
        async move { remote.get_object(&name, file, path.as_deref()).await }
    });
    stream::iter(reads.collect::<Vec<_>>()).buffer_unordered(READS_MAX).try_collect::<()>().await
}

/// Which snapshots are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of this partition only.
    pub partition: Option<u32>,
    /// Of this life of it only.
    pub incarnation: Option<Hex<16>>,
}

/// The snapshots that are there, by partition and life, oldest first.
///
/// # Errors
/// When the object store fails.
pub async fn list(remote: &Remote, wanted: &Wanted) -> Result<Vec<Stored<SnapshotName>>, SnapshotError> {
    let prefix = match (wanted.incarnation, wanted.partition) {
        (Some(incarnation), Some(partition)) => SnapshotName::prefix_of(incarnation, partition),
        _ => SnapshotName::prefix_of_all(),
    };
    let mut found = remote.manifests(&prefix).await?;
    found.retain(|stored| {
        wanted.partition.is_none_or(|partition| partition == stored.what.partition)
            && wanted.incarnation.is_none_or(|incarnation| incarnation == stored.what.incarnation)
    });
    found.sort_by_key(|stored| (stored.what.partition, stored.what.incarnation, stored.what.next_offset));
    Ok(found)
}
