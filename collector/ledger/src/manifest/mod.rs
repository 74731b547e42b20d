//! Manifests of snapshots: which files a copy of a partition's store is made of, and what the store in them holds.
//! Owns their one spelling and what makes one believable. Never reads a file: whoever restores compares what it finds.
//!
//! A manifest is a signed note (`c2sp.org/signed-note`) of the key that signs the checkpoints of the partition's own tree.
//! Its text is a heading and one line of JSON: members in the order below, no whitespace, integers only. A checkpoint's text
//! has no space in its first line and the heading has two, so that neither passes for the other.

mod codec;
mod file;
mod name;

pub use file::{FILE_NAME_BYTES_MAX, FileName, FileNameFault, StoredFile};
pub use name::{SnapshotName, SnapshotNameFault, object_path, objects_prefix, read_object_path};

use serde::{Deserialize, Serialize};

use crate::key::{KeyName, SignError, Signer, VerifierKey};
use crate::leaf::Hex;
use crate::note::{Note, NoteFault};
use crate::origin::Origin;
use crate::tenant::Tenant;

/// Format of a manifest; its heading ends with it.
pub const MANIFEST_FORMAT: u32 = 1;

/// A copy of one partition's store, as it stood after one record of its log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The partition's own tree, `<ledger.name>/p-<n>`; the name of the key that signs.
    pub origin: Origin,
    /// Incarnation of the partition.
    pub incarnation: Hex<16>,
    /// The partition.
    pub partition: u32,
    /// Partitions of the log.
    pub partition_count: u32,
    /// When the copy was made, ns UTC. Told to people; nothing rests on it.
    pub made_at_ns: i64,
    /// Format of the store.
    pub store_format: u32,
    /// Generation of the rule code that derived it.
    pub generation: u32,
    /// Offset of the record after the last that it holds.
    pub next_offset: u64,
    /// Digest of that last record, as the store keeps it.
    pub last_record: Hex<32>,
    /// How far the publisher had come.
    pub published: Published,
    /// Every tree in it, by tenant.
    pub trees: Vec<TreeHead>,
    /// Every file of it, by name.
    pub files: Vec<StoredFile>,
}

/// How far a partition's publisher had come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Everything that came from records below this offset is published.
    pub next_offset: u64,
    /// Next offset of each alert partition after what was delivered there, by partition.
    pub delivered: Vec<Place>,
}

/// A place in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The partition.
    pub partition: u32,
    /// Offset of the next record there.
    pub next_offset: u64,
}

/// Size and root of one tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeHead {
    /// Whose it is.
    pub tenant: Tenant,
    /// Its leaves.
    pub size: u64,
    /// Its root at that size.
    pub root: Hex<32>,
}

/// Why a manifest is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestFault {
    /// The note is not acceptable.
    #[error(transparent)]
    Note(#[from] NoteFault),
    /// Of a later format, which a later build reads.
    #[error("the manifest is of format {0} and this build reads format {MANIFEST_FORMAT}: upgrade")]
    Newer(u32),
    /// Not a manifest in the one form that we write.
    #[error("not a manifest: {0}")]
    Malformed(String),
    /// None of the keys that signed bears the name of the partition's own tree.
    #[error("none of the keys that signed is named {0}, as the partition's own is")]
    NotOurs(Origin),
    /// It is another snapshot's.
    #[error("the manifest is that of snapshot {found} and stands under the name of {expected}")]
    Misplaced {
        /// Where it stands.
        expected: SnapshotName,
        /// What it says of itself.
        found: SnapshotName,
    },
    /// Over what a note may hold.
    #[error("{files} files and {trees} trees make a manifest longer than {} bytes", crate::note::NOTE_BYTES_MAX)]
    TooLong {
        /// Files named.
        files: usize,
        /// Trees named.
        trees: usize,
    },
}

impl Manifest {
    /// The snapshot's name.
    #[must_use]
    pub fn name(&self) -> SnapshotName {
        SnapshotName { incarnation: self.incarnation, partition: self.partition, next_offset: self.next_offset }
    }

    /// Bytes of its files together.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.length_bytes))
    }

    /// Signs it.
    ///
    /// # Errors
    /// [`SealFault`].
    pub fn seal(&self, signers: &[&dyn Signer]) -> Result<Vec<u8>, SealFault> {
        self.check().map_err(ManifestFault::Malformed)?;
        let too_long = ManifestFault::TooLong { files: self.files.len(), trees: self.trees.len() };
        let mut note = Note::new(codec::text(self)).map_err(|_| too_long.clone())?;
        for signer in signers {
            note.sign(*signer)?;
        }
        // Signature lines come on top of the text: what can't be read back must not be written.
        let bytes = note.to_bytes();
        if bytes.len() > crate::note::NOTE_BYTES_MAX { Err(too_long.into()) } else { Ok(bytes) }
    }

    /// Reads a signed manifest that stands under `name`. A key that signed must bear the name of the partition's own tree.
    ///
    /// # Errors
    /// [`ManifestFault`].
    pub fn verify(bytes: &[u8], name: &SnapshotName, known: &[VerifierKey]) -> Result<Self, ManifestFault> {
        let note = Note::from_bytes(bytes)?;
        let signed_by: Vec<KeyName> = note.verify(known)?.into_iter().map(|key| key.name().clone()).collect();
        let manifest = Self::of(&note, name)?;
        let own = KeyName::of_checkpoints(&manifest.origin);
        if signed_by.contains(&own) { Ok(manifest) } else { Err(ManifestFault::NotOurs(manifest.origin)) }
    }

    /// Reads what a manifest says without asking who signed it: enough to keep what it names, never to restore from.
    ///
    /// # Errors
    /// [`ManifestFault`].
    pub fn unverified(bytes: &[u8], name: &SnapshotName) -> Result<Self, ManifestFault> {
        Self::of(&Note::from_bytes(bytes)?, name)
    }

    fn of(note: &Note, name: &SnapshotName) -> Result<Self, ManifestFault> {
        let manifest = codec::read(note.text())?;
        manifest.check().map_err(ManifestFault::Malformed)?;
        match manifest.name() {
            found if found == *name => Ok(manifest),
            found => Err(ManifestFault::Misplaced { expected: *name, found }),
        }
    }

    /// What must hold between its members.
    fn check(&self) -> Result<(), String> {
        let no = |what: &str| Err(what.to_owned());
        let rising = |names: &mut dyn Iterator<Item = &str>| {
            let names: Vec<&str> = names.collect();
            names.windows(2).all(|pair| pair[0] < pair[1])
        };
        match () {
            () if *self.origin.tenant() != Tenant::partition(self.partition) => no("the origin is another partition's"),
            () if self.partition >= self.partition_count => no("the partition is not one of those counted"),
            () if self.next_offset == 0 => no("it holds no record"),
            () if self.files.is_empty() => no("it names no file"),
            () if !rising(&mut self.files.iter().map(|file| file.name.as_str())) => no("its files are not in order"),
            () if !rising(&mut self.trees.iter().map(|tree| tree.tenant.as_str())) => no("its trees are not in order"),
            () if !self.published.delivered.windows(2).all(|pair| pair[0].partition < pair[1].partition) => {
                no("its places are not in order")
            }
            () => Ok(()),
        }
    }
}

/// Why a manifest was not written.
#[derive(Debug, thiserror::Error)]
pub enum SealFault {
    /// It can't be one.
    #[error(transparent)]
    Manifest(#[from] ManifestFault),
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

#[cfg(test)]
mod tests;
