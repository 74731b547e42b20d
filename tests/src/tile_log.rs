//! A log of C2SP's formats in memory: what a witness is asked about, and a follower reads. It signs whatever it is asked to,
//! another past included.

use std::convert::Infallible;
use std::path::Path;

use anyhow::Result;
use ledger::key::{KeyName, SigningKey, VerifierKey};
use ledger::note::Note;
use ledger::tile::{Part, TilePath, tile_hashes, width_at};
use ledger::tree::{Frontier, Hash, HashReader, leaf_hash, prove_consistency, root};
use ledger::witness::{AddCheckpoint, TreeHead};

/// A log with all its leaves' hashes.
pub struct TileLog {
    key: SigningKey,
    leaves: u64,
    stored: Stored,
}

struct Stored(Vec<Hash>);

impl HashReader for Stored {
    type Error = Infallible;

    fn read(&self, index: u64) -> Result<Hash, Infallible> {
        Ok(self.0[usize::try_from(index).expect("a test's log is small")])
    }
}

impl TileLog {
    /// A log of `leaves` leaves. One that has `forked` has another leaf in that place, and from there on all else the same.
    pub fn new(origin: &str, leaves: u64, forked: Option<u64>) -> Self {
        let key = SigningKey::from_seed(KeyName::parse(origin).expect("a test's origin is a name"), [77; 32]);
        let (mut frontier, mut stored) = (Frontier::new(), Stored(Vec::new()));
        for at in 0..leaves {
            let leaf = if forked == Some(at) { "another".to_owned() } else { format!("leaf {at}") };
            frontier.push(leaf_hash(leaf.as_bytes()), |_, hash| stored.0.push(*hash));
        }
        Self { key, leaves, stored }
    }

    /// What others check it with.
    pub fn key(&self) -> VerifierKey {
        self.key.verifier().clone()
    }

    /// The root of its first `size` leaves.
    pub fn root(&self, size: u64) -> Hash {
        let Ok(root) = root(size, &self.stored);
        root
    }

    /// Its signed checkpoint at `size`.
    pub fn checkpoint(&self, size: u64) -> Note {
        use base64::Engine as _;
        let encoded = base64::prelude::BASE64_STANDARD.encode(self.root(size));
        let mut note = Note::new(format!("{}\n{size}\n{encoded}\n", self.key.verifier().name())).expect("a text");
        note.sign(&self.key).expect("a key in memory signs");
        note
    }

    /// The proof from `old` to `new` leaves: none from nothing, and none between equals.
    pub fn proof(&self, old: u64, new: u64) -> Vec<Hash> {
        match old {
            0 => Vec::new(),
            _ => prove_consistency(old, new, &self.stored).expect("both sizes are the log's"),
        }
    }

    /// A request for its checkpoint at `new`, with the proof from `old`.
    pub fn request(&self, old: u64, new: u64) -> AddCheckpoint {
        AddCheckpoint { old_size: old, proof: self.proof(old, new), checkpoint: self.checkpoint(new) }
    }

    /// What it says of itself at `size`.
    pub fn head(&self, size: u64) -> TreeHead {
        TreeHead { origin: self.key.verifier().name().as_str().into(), size, root: self.root(size) }
    }

    /// Writes its checkpoint at `size`, and all tiles of that tree, into a folder.
    pub fn write(&self, folder: &Path, size: u64) -> Result<()> {
        assert!(size <= self.leaves, "the log has the leaves");
        for level in 0..8 {
            for number in 0.. {
                let width = width_at(Part::Level(level), number, size);
                let Ok(path) = TilePath::new(Part::Level(level), number, width) else { break };
                let Ok(tile) = tile_hashes(&path, size, &self.stored);
                put(&folder.join(path.to_string()), &tile.unwrap_or_default())?;
            }
        }
        put(&folder.join("checkpoint"), &self.checkpoint(size).to_bytes())
    }
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
    Ok(std::fs::write(path, bytes)?)
}
