//! The folder of a follower: the newest checkpoint that proved itself, and what contradicts it. Never replaces a checkpoint by a
//! smaller one, and never removes evidence.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use ledger::note::Note;
use sha2::{Digest as _, Sha256};

/// Pieces of evidence that are kept of one log; a log that signs ever more contradictions has been shown to by these.
const EVIDENCE_MAX: usize = 64;

/// What is kept of one log.
pub(super) struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// What is kept of the log `origin` in `state`, which is made where it is missing.
    pub fn open(state: &Path, origin: &str) -> io::Result<Self> {
        let folder = state.join(hex::encode(&Sha256::digest(origin.as_bytes())[..16]));
        store::make_durable(&folder)?;
        Ok(Self { folder })
    }

    /// The newest checkpoint's file.
    pub fn path(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    /// The newest checkpoint's bytes.
    pub fn newest(&self) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(self.path()) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps a newer checkpoint; durable when this returns.
    pub fn keep(&self, note: &Note) -> io::Result<()> {
        store::replace_durably(&self.path(), &note.to_bytes(), 0o644)
    }

    /// Writes both checkpoints down; gives their files. The same contradiction, found again, is the same two files.
    pub fn contradiction(&self, what: &str, kept: &Note, found: &Note) -> io::Result<[PathBuf; 2]> {
        let digest = Sha256::new().chain_update(kept.text()).chain_update(found.text()).finalize();
        let name = format!("{what}-{}", hex::encode(&digest[..8]));
        let files = ["kept", "found"].map(|side| self.folder.join(format!("{name}.{side}")));
        if self.evidence()?.len() >= 2 * EVIDENCE_MAX && !files[1].exists() {
            return Err(io::Error::other(format!("{EVIDENCE_MAX} contradictions are kept already: see to them first")));
        }
        for (file, note) in files.iter().zip([kept, found]) {
            store::replace_durably(file, &note.to_bytes(), 0o644)?;
        }
        Ok(files)
    }

    /// Files of contradictions that were found.
    pub fn evidence(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "kept" || extension == "found") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}
