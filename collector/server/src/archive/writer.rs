//! A tree into an archive: what is new since the last time, checked before it is written.
//! The commit point of a run is the object under `checkpoints/`: what it covers was written before it.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use ledger::checkpoint::{Checkpoint, Verified};
use ledger::key::VerifierKey;
use ledger::proof::{Fault, Trust, Verdict};
use ledger::tile::{Part, TILE_WIDTH, TileFault, TileHashes, TilePath, decode_bundle, width_at};
use ledger::tree;
use ledger::{Origin, leaf};

use super::{ArchiveError, Held, Objects, bodies_path, checkpoint_path, decode_bodies};

/// Where a tree comes from: a server, by the paths below `/ledger/{tenant}/`.
pub trait Source {
    /// The bytes behind a path; nothing where it is not there.
    ///
    /// # Errors
    /// When nobody answers.
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, ArchiveError>;
}

/// Whether a run ends with a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partials {
    /// Full tiles and bundles alone.
    Wait,
    /// Partial ones too, and the checkpoint that covers them.
    Write,
}

/// What a run has archived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Archived {
    /// Leaves of the newest checkpoint that was seen.
    pub size: u64,
    /// Leaves of the newest archived checkpoint.
    pub archived_size: u64,
    /// Objects that are new.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Writes one tree's archive.
pub struct Archiver<'a> {
    objects: &'a Objects,
    source: &'a dyn Source,
    origin: Origin,
    trust: Trust,
    /// Number of the first bundle of which nobody knows that it is there.
    next: u64,
    report: Archived,
}

impl<'a> Archiver<'a> {
    /// An archiver that goes on from what is there.
    ///
    /// # Errors
    /// When the store fails, or what is there is no archive of this tree.
    pub fn new(
        objects: &'a Objects,
        source: &'a dyn Source,
        origin: Origin,
        keys: Vec<VerifierKey>,
    ) -> Result<Self, ArchiveError> {
        let mut archiver =
            Self { objects, source, origin, trust: Trust::of(keys), next: 0, report: Archived::default() };
        if let Some(newest) = archiver.newest()? {
            archiver.next = newest.checkpoint.size / u64::from(TILE_WIDTH);
            archiver.report.archived_size = newest.checkpoint.size;
        }
        Ok(archiver)
    }

    /// Whose tree.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Archives what is new.
    ///
    /// # Errors
    /// When source or store fail, or the tree is not the one that was signed, or not the one that was archived before. What was
    /// written by then stays, and is right.
    pub fn run(&mut self, partials: Partials) -> Result<Archived, ArchiveError> {
        (self.report.objects, self.report.bytes) = (0, 0);
        let note = self.wanted("checkpoint")?;
        let signed = self.trust.checkpoint(&note, &self.origin)?.verified;
        let size = signed.checkpoint.size;
        self.report.size = size;
        self.agrees(&signed.checkpoint)?;
        let width = u64::from(TILE_WIDTH);
        for number in self.next..size / width {
            self.bundle(number, TILE_WIDTH)?;
            self.levels_above(number, size)?;
            self.next = number + 1;
        }
        if partials == Partials::Write && size > self.report.archived_size {
            for level in 0..8 {
                let number = size.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0);
                let partial = width_at(Part::Level(level), number, size);
                if (1..TILE_WIDTH).contains(&partial) {
                    if level == 0 {
                        self.bundle(number, partial)?;
                    } else {
                        self.tile(level, number, partial)?;
                    }
                }
            }
            self.create(&checkpoint_path(size), note.clone())?;
            self.objects.replace(&self.path("checkpoint"), note)?;
            self.report.archived_size = size;
        }
        Ok(self.report)
    }

    /// The newest archived checkpoint.
    fn newest(&self) -> Result<Option<Verified>, ArchiveError> {
        let Some(note) = self.objects.get(&self.path("checkpoint"))? else { return Ok(None) };
        let verified =
            self.trust.checkpoint(&note, &self.origin).map_err(|fault| fault.at("the archive's checkpoint"))?;
        Ok(Some(verified.verified))
    }

    /// The tiles lead to the root that was signed, and to the one that was archived before.
    fn agrees(&self, signed: &Checkpoint) -> Result<(), ArchiveError> {
        let hashes = TileHashes::new(signed.size, |path: &TilePath| self.source.get(&path.to_string()));
        let root = tree::root(signed.size, &hashes).map_err(unread)?;
        if root != signed.root {
            let what = format!(
                "the tiles of {} leaves have root {}, and {} was signed",
                signed.size,
                hex::encode(root),
                hex::encode(signed.root)
            );
            return Err(Fault::new(Verdict::RootMismatch, what).into());
        }
        let Some(before) = self.newest()? else { return Ok(()) };
        let before = before.checkpoint;
        if before.size > signed.size {
            let what = format!("{} leaves of {}, and {} are archived", signed.size, self.origin, before.size);
            return Err(Fault::new(Verdict::Rollback, what).into());
        }
        if tree::root(before.size, &hashes).map_err(unread)? != before.root {
            let what = format!("the tree does not go on from the archived one of {} leaves", before.size);
            return Err(Fault::new(Verdict::Fork, what).into());
        }
        Ok(())
    }

    /// A bundle of leaves with its tile of hashes and its bodies, each checked against the others.
    fn bundle(&mut self, number: u64, width: u16) -> Result<(), ArchiveError> {
        let path = |part| TilePath::new(part, number, width).map(|path| path.to_string());
        let path = |part| path(part).map_err(|fault| Fault::new(Verdict::Malformed, fault.to_string()));
        let (entries, tile) = (path(Part::Entries)?, path(Part::Level(0))?);
        let (leaves, hashes) = (self.wanted(&entries)?, self.wanted(&tile)?);
        let mismatch = |verdict, what: String| ArchiveError::Wrong(Fault::new(verdict, what));
        let split = decode_bundle(&leaves, width)
            .map_err(|fault| mismatch(Verdict::BundleMismatch, format!("{entries}: {fault}")))?;
        if split.iter().flat_map(|leaf| tree::leaf_hash(leaf)).ne(hashes.iter().copied()) {
            return Err(mismatch(Verdict::TileMismatch, format!("{tile} does not hold the hashes of {entries}")));
        }
        let bodies = self.wanted(&bodies_path(&entries))?;
        let held = decode_bodies(&bodies, width).ok_or_else(|| {
            mismatch(Verdict::BundleMismatch, format!("the bodies of {entries} are not one for each leaf"))
        })?;
        for (index, (bytes, held)) in (number * u64::from(TILE_WIDTH)..).zip(split.iter().zip(&held)) {
            opens(index, bytes, held)?;
        }
        self.create(&tile, hashes)?;
        self.create(&entries, leaves)?;
        self.create_packed(&format!("{}.gz", bodies_path(&entries)), &bodies)
    }

    /// The full tiles that a full bundle completes on the levels above.
    fn levels_above(&mut self, bundle: u64, size: u64) -> Result<(), ArchiveError> {
        let (mut level, mut below) = (1_u8, bundle + 1);
        while below.is_multiple_of(u64::from(TILE_WIDTH)) {
            below /= u64::from(TILE_WIDTH);
            if width_at(Part::Level(level), below - 1, size) == TILE_WIDTH {
                self.tile(level, below - 1, TILE_WIDTH)?;
            }
            level += 1;
        }
        Ok(())
    }

    fn tile(&mut self, level: u8, number: u64, width: u16) -> Result<(), ArchiveError> {
        let path = TilePath::new(Part::Level(level), number, width);
        let path = path.map_err(|fault| Fault::new(Verdict::Malformed, fault.to_string()))?.to_string();
        let tile = self.wanted(&path)?;
        self.create(&path, tile)
    }

    fn wanted(&self, path: &str) -> Result<Vec<u8>, ArchiveError> {
        let missing = || ArchiveError::Source(format!("{path} of {} is not there yet; try again", self.origin));
        self.source.get(path)?.ok_or_else(missing)
    }

    fn create(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), ArchiveError> {
        let wanted = bytes.clone();
        let written = self.objects.create(&self.path(path), bytes, |there| there == wanted)?;
        self.count(written);
        Ok(())
    }

    /// The same, compressed: what is there may be compressed in another way.
    fn create_packed(&mut self, path: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        let packed =
            pack(bytes).map_err(|error| ArchiveError::Source(format!("{path} can't be compressed: {error}")))?;
        let same = |there: &[u8]| unpack(there).is_some_and(|there| there == bytes);
        let written = self.objects.create(&self.path(path), packed, same)?;
        self.count(written);
        Ok(())
    }

    fn count(&mut self, bytes: u64) {
        self.report.objects += u64::from(bytes > 0);
        self.report.bytes += bytes;
    }

    fn path(&self, path: &str) -> String {
        format!("{}/{path}", self.origin)
    }
}

/// Why a hash of the source could not be read.
fn unread(fault: TileFault<ArchiveError>) -> ArchiveError {
    match fault {
        TileFault::Fetch(_, error) => error,
        fault => Fault::new(Verdict::Missing, fault.to_string()).into(),
    }
}

/// Whether what is held behind a leaf is what it commits to.
pub(super) fn opens(index: u64, bytes: &[u8], held: &Held) -> Result<leaf::Leaf, Fault> {
    let leaf = leaf::decode(bytes).map_err(|fault| {
        let verdict = if fault == leaf::LeafFault::NotCanonical { Verdict::NotCanonical } else { Verdict::Malformed };
        Fault::new(verdict, format!("leaf {index}: {fault}"))
    })?;
    let commitment = ledger::proof::commitment(&leaf.detail);
    let wrong = |what: &str| Err(Fault::new(Verdict::BodyMismatch, format!("leaf {index}: {what}")));
    match (held, commitment) {
        (Held::None, None) | (Held::Erased, Some(_)) => Ok(leaf),
        (Held::Body(opening, body), Some(commitment)) => {
            match ledger::Opening::from_random(*opening).opens(commitment, body) {
                true => Ok(leaf),
                false => wrong("opening and body do not make its commitment"),
            }
        }
        (Held::None, Some(_)) => wrong("it commits to a body, and none is held nor said to be erased"),
        (Held::Body(..) | Held::Erased, None) => wrong("a body is held, and it commits to none"),
    }
}

fn pack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes)?;
    packer.finish()
}

/// Nothing where it is no gzip, or would become longer than any bundle.
pub(super) fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    const BYTES_MAX: u64 = 1 << 31;
    let mut unpacked = Vec::new();
    let mut from = flate2::bufread::GzDecoder::new(bytes);
    (&mut from).take(BYTES_MAX).read_to_end(&mut unpacked).ok()?;
    (from.into_inner().is_empty() && (unpacked.len() as u64) < BYTES_MAX).then_some(unpacked)
}

/// Sizes of archived checkpoints with their objects.
pub(super) fn archived(objects: &Objects, origin: &Origin) -> Result<BTreeMap<u64, String>, ArchiveError> {
    let prefix = format!("{origin}/checkpoints");
    let mut found = BTreeMap::new();
    for path in objects.list(&prefix)? {
        let name = path.rsplit('/').next().unwrap_or_default();
        let size: u64 = name.parse().map_err(|_| {
            ArchiveError::Wrong(Fault::new(Verdict::Malformed, format!("{path} is no archived checkpoint's name")))
        })?;
        found.insert(size, path);
    }
    Ok(found)
}
