//! Making a snapshot: copy the store, look what is in the copy, wait until that is published, upload what is new, sign.
//! Owns the order of these steps. Never signs what the partition has not published: a process that lost the partition
//! without knowing it makes copies that nobody sees.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::key::Signer;
use ledger::leaf::Hex;
use ledger::manifest::{Manifest, Place as TopicPlace, Published, SnapshotName, StoredFile, TreeHead};
use ledger::{LedgerName, Origin, Tenant};
use store::{Held, Store, StoreOptions, copied_files, failpoint};

use super::remote::{Put, Remote};
use super::{Digests, SnapshotError};
use crate::clock::Clock;
use crate::keyring::{Keyring, key_book_of};

/// Block cache and memtables of a copy that is looked at.
const LOOK_BYTES: usize = 8 << 20;
/// An object that is there may be relied on while it is younger than this: what collects them waits for twice as long.
pub(super) const FRESH_NS: i64 = 12 * 3_600 * 1_000_000_000;

/// Makes snapshots of one partition.
pub struct Maker {
    /// Where they go.
    pub remote: Remote,
    /// Signs.
    pub keyring: Arc<Keyring>,
    /// For the time that is told.
    pub clock: Arc<dyn Clock>,
    /// The folder beside which the store lies; the copy is made here.
    pub folder: PathBuf,
}

/// A snapshot that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Which.
    pub name: SnapshotName,
    /// Bytes of all its files.
    pub size_bytes: u64,
    /// Its files.
    pub files: u64,
    /// Bytes of those that were not there before.
    pub uploaded_bytes: u64,
    /// How many those were.
    pub uploaded_files: u64,
}

/// What lets a copy's trees be published.
pub trait Publish {
    /// Waits until a checkpoint that covers each of these trees has been published.
    ///
    /// # Errors
    /// [`SnapshotError::Unpublished`] when that does not happen in time.
    fn covered(&self, trees: &[TreeHead]) -> impl Future<Output = Result<(), SnapshotError>>;
}

impl Maker {
    /// Makes a snapshot of `store` as it stands now. One of the same record that is there already is left as it is.
    ///
    /// # Errors
    /// [`SnapshotError`]. What was uploaded and is named by no manifest is collected in time.
    pub async fn make(
        &self,
        store: &Store,
        partition: u32,
        digests: &mut Digests,
        publish: &impl Publish,
    ) -> Result<Made, SnapshotError> {
        let copy = self.folder.join(format!("partition-{partition}.snapshot"));
        clear(&copy)?;
        let made = self.make_from(store, &copy, digests, publish).await;
        // Whatever came of it: a copy keeps files on disk that the store has given up.
        clear(&copy)?;
        made
    }

    async fn make_from(
        &self,
        store: &Store,
        copy: &Path,
        digests: &mut Digests,
        publish: &impl Publish,
    ) -> Result<Made, SnapshotError> {
        store.copy_to(copy)?;
        // Before the copy is opened: the digests are of the files as they were made.
        let files = digests.of(&copied_files(copy)?).await?;
        let manifest = self.manifest(&looked_at(copy)?, files)?;
        let name = manifest.name();
        publish.covered(&manifest.trees).await?;
        let (mut uploaded_bytes, mut uploaded_files) = (0, 0);
        let there = self.there(&manifest).await?;
        for file in manifest.files.iter().filter(|file| !there.contains(&(file.digest, file.length_bytes))) {
            uploaded_bytes += self.remote.put_object(&copy.join(file.name.as_str()), &file.digest).await?;
            uploaded_files += 1;
        }
        if failpoint::hit("snapshot.manifest.before") {
            return Err(SnapshotError::Stopped);
        }
        let sealed = self.sealed(store, &manifest)?;
        // The commit point: from here on the snapshot is there, and every object that it names was there before it.
        match self.remote.put_manifest(&name, sealed).await? {
            Put::Written => tracing::info!(snapshot = %name, uploaded_bytes, uploaded_files, "a snapshot was made"),
            Put::Existed => tracing::info!(snapshot = %name, "the snapshot was there already"),
        }
        let (size_bytes, files) = (manifest.size_bytes(), manifest.files.len() as u64);
        Ok(Made { name, size_bytes, files, uploaded_bytes, uploaded_files })
    }

    /// Signed by the keys that sign the partition's own tree, as far as they are here.
    fn sealed(&self, store: &Store, manifest: &Manifest) -> Result<Vec<u8>, SnapshotError> {
        let origin = &manifest.origin;
        let size = manifest.trees.iter().find(|tree| tree.tenant == *origin.tenant()).map_or(0, |tree| tree.size);
        let book = key_book_of(store, &origin.ledger(), origin.tenant())?;
        let signers = book.map(|book| self.keyring.signers_of(&book, size)).unwrap_or_default();
        if signers.is_empty() {
            let what =
                format!("no key that signs {origin} is here: see `ledgerline --tenant {} keys list`", origin.tenant());
            return Err(SnapshotError::Unpublished(what));
        }
        let signers: Vec<&dyn Signer> = signers.iter().map(|signer| signer as &dyn Signer).collect();
        Ok(manifest.seal(&signers)?)
    }

    fn manifest(&self, held: &Held, files: Vec<StoredFile>) -> Result<Manifest, SnapshotError> {
        let Held { meta, published, trees } = held;
        let unusable = |what: String| SnapshotError::Unpublished(format!("partition {}: {what}", meta.partition));
        let incarnation = meta.incarnation.ok_or_else(|| unusable("it has no genesis record yet".to_owned()))?;
        let ledger = LedgerName::parse(&meta.ledger_name).map_err(|error| unusable(error.to_string()))?;
        let tree = |tree: &store::HeldTree| {
            let tenant = Tenant::parse_recorded(&tree.tenant).map_err(|error| unusable(error.to_string()))?;
            Ok(TreeHead { tenant, size: tree.size, root: Hex(tree.root) })
        };
        let place = |&(partition, next_offset): &(u32, u64)| TopicPlace { partition, next_offset };
        Ok(Manifest {
            origin: Origin::new(&ledger, &Tenant::partition(meta.partition)),
            incarnation: Hex(incarnation),
            partition: meta.partition,
            partition_count: meta.partition_count,
            made_at_ns: self.clock.now_ns(),
            store_format: meta.format,
            generation: meta.generation,
            next_offset: meta.next_offset,
            last_record: Hex(meta.last_record),
            published: Published {
                next_offset: published.next_offset,
                delivered: published.delivered.iter().map(place).collect(),
            },
            trees: trees.iter().map(tree).collect::<Result<_, SnapshotError>>()?,
            files,
        })
    }

    /// Objects that need no upload: those of this partition's newest snapshot, which is kept as long as it is the newest, and
    /// those that were uploaded lately, by an attempt that came to nothing.
    async fn there(&self, manifest: &Manifest) -> Result<HashSet<(Hex<32>, u64)>, SnapshotError> {
        let prefix = SnapshotName::prefix_of(manifest.incarnation, manifest.partition);
        let mut there = HashSet::new();
        if let Some(newest) = self.remote.manifests(&prefix).await?.last() {
            let bytes = self.remote.manifest(&newest.what).await?;
            if let Ok(newest) = Manifest::unverified(&bytes, &newest.what) {
                there.extend(newest.files.iter().map(|file| (file.digest, file.length_bytes)));
            }
        }
        // One listing in place of a question for each file, and none where all is there.
        if manifest.files.iter().filter(|file| !there.contains(&(file.digest, file.length_bytes))).count()
            > RETRY_FILES_MIN
        {
            let since_ns = self.clock.now_ns().saturating_sub(FRESH_NS);
            let fresh = self.remote.objects().await?.into_iter().filter(|object| object.written_at_ns > since_ns);
            there.extend(fresh.map(|object| (object.what, object.length_bytes)));
        }
        Ok(there)
    }
}

/// So many new files are uploaded without asking whether an earlier attempt has left some of them.
const RETRY_FILES_MIN: usize = 16;

/// What a copy holds.
fn looked_at(copy: &Path) -> Result<Held, SnapshotError> {
    let store = Store::open_copy(copy, &StoreOptions::new(LOOK_BYTES, LOOK_BYTES))?;
    store.held()?.ok_or_else(|| SnapshotError::Unpublished("the partition has applied no record yet".to_owned()))
}

/// Removes a folder of our own making, where it is there; also the one that RocksDB makes beside it.
pub(super) fn clear(folder: &Path) -> Result<(), SnapshotError> {
    let mut partial = folder.as_os_str().to_owned();
    partial.push(".tmp");
    for folder in [folder, Path::new(&partial)] {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(SnapshotError::disk(folder, "be removed", &error));
            }
            _ => {}
        }
    }
    Ok(())
}
