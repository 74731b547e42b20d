//! What the witness knows of one log: the newest checkpoint that it cosigned, as a file that holds the note with the log's
//! signatures and its own. Whole at any moment, and its own proof: what this key did not cosign is not believed.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use ledger::cosignature::{WitnessKey, times};
use ledger::note::Note;
use ledger::witness::TreeHead;
use sha2::{Digest as _, Sha256};
use store::failpoint;

/// The memory of one log. Its user holds a lock around reading, judging and keeping.
pub(super) struct Memory {
    path: PathBuf,
    origin: String,
    /// A write has failed: what is on disk is known to nobody until the folder is opened anew.
    broken: bool,
}

/// A checkpoint that was cosigned.
pub(super) struct Cosigned {
    pub head: TreeHead,
    /// When, seconds since 1970 UTC.
    pub time_s: u64,
}

/// The memory can't be used; whoever runs the witness has to look at it.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The file can't be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It does not hold what this key cosigned.
    #[error(
        "{path} does not hold a checkpoint of {origin} that this key cosigned: put file and witness.key back as they were"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The log.
        origin: String,
    },
    /// An earlier write failed.
    #[error("an earlier write of {path} failed: see to the disk, then start the witness again")]
    Broken {
        /// The file.
        path: PathBuf,
    },
}

impl Memory {
    /// The memory of the log `origin` in `folder`: a file named by the digest of the origin, whatever that is made of.
    pub fn new(folder: &Path, origin: &str) -> Self {
        let digest = hex::encode(&Sha256::digest(origin.as_bytes())[..16]);
        Self { path: folder.join(format!("{digest}.checkpoint")), origin: origin.to_owned(), broken: false }
    }

    /// The newest checkpoint that was cosigned; nothing where there was none.
    pub fn newest(&self, key: &WitnessKey) -> Result<Option<Cosigned>, MemoryError> {
        if self.broken {
            return Err(MemoryError::Broken { path: self.path.clone() });
        }
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.file(error)),
        };
        let read = || {
            let note = Note::from_bytes(&bytes).ok()?;
            let (_, time_s) = times(&note, std::slice::from_ref(key)).ok()?.pop()?;
            let head = TreeHead::from_text(note.text()).ok()?;
            (*head.origin == *self.origin).then_some(Cosigned { head, time_s })
        };
        let damaged = || MemoryError::Damaged { path: self.path.clone(), origin: self.origin.clone() };
        read().ok_or_else(damaged).map(Some)
    }

    /// Keeps a cosigned checkpoint in place of the one before. Durable when this returns; until then its cosignature is to
    /// reach nobody.
    pub fn keep(&mut self, note: &Note) -> Result<(), MemoryError> {
        // Left out, a test's witness forgets: it must be noticed.
        if failpoint::skipped("witness.keep") {
            return Ok(());
        }
        store::replace_durably(&self.path, &note.to_bytes(), 0o644).map_err(|error| {
            self.broken = true;
            self.file(error)
        })
    }

    /// Keeps the first checkpoint that can't be true beside the known one: the two together prove what the log did.
    pub fn keep_fork(&self, note: &Note) -> Result<(), MemoryError> {
        let path = self.path.with_extension("fork");
        if path.exists() {
            return Ok(());
        }
        store::replace_durably(&path, &note.to_bytes(), 0o644).map_err(|error| MemoryError::File { path, error })
    }

    fn file(&self, error: io::Error) -> MemoryError {
        MemoryError::File { path: self.path.clone(), error }
    }
}
