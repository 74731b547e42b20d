//! One look at a log: its checkpoint, the tiles of a proof, and what comes of it. Never keeps a checkpoint that has not proved
//! itself against the one that is kept.

use std::fs::File;
use std::path::{Path, PathBuf};

use ledger::key::VerifierKey;
use ledger::note::{NOTE_BYTES_MAX, Note, NoteFault};
use ledger::tile::{TILE_WIDTH, TileFault, TileHashes, TilePath};
use ledger::tree::{self, EMPTY_ROOT, HashReader, ProveError, prove_consistency, verify_consistency};
use ledger::witness::{HeadFault, TreeHead};

use super::kept::Kept;
use super::source::{Source, SourceError};

const TILE_BYTES: usize = TILE_WIDTH as usize * 32;

/// Follows one log.
pub struct Follower {
    source: Source,
    keys: Vec<VerifierKey>,
    origin: String,
    kept: Kept,
    /// Held as long as this lives: of two followers over one folder one could keep an older checkpoint over a newer.
    _folder: File,
}

/// What a look has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// The first checkpoint of this log: it is kept, for later ones to be held against.
    First {
        /// Its leaves.
        size: u64,
    },
    /// The checkpoint that is kept.
    Same {
        /// Its leaves.
        size: u64,
    },
    /// A larger tree that goes on from the kept one: it is kept now.
    Grown {
        /// Leaves of the one before.
        from: u64,
        /// Leaves.
        to: u64,
    },
    /// The log has signed what can't be true beside the kept checkpoint, which stays.
    Misconduct(Misconduct),
}

/// A contradiction, with both signed checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misconduct {
    /// `rollback`: a smaller tree than was shown before. `fork`: another tree.
    pub what: &'static str,
    /// In a sentence.
    pub how: String,
    /// The files of the kept checkpoint and of the one that was found.
    pub evidence: [PathBuf; 2],
}

/// A look that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The log can't be read. Try again.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It serves no checkpoint.
    #[error("the log serves no checkpoint")]
    Absent,
    /// What it serves is not signed by the key, or is no checkpoint of it.
    #[error("what is served as a checkpoint is none of this log: {0}")]
    Unsigned(HeadFault),
    /// It names another log.
    #[error("the checkpoint is of {found}, and the key is of {wanted}")]
    Other {
        /// The log that was found.
        found: Box<str>,
        /// The log that is followed.
        wanted: String,
    },
    /// Its tiles do not prove its checkpoint. Try again; it may be serving them late.
    #[error("the tiles that are served do not lead to the checkpoint: {0}")]
    Unproved(String),
    /// The folder can't be used.
    #[error("{path}: {what}")]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

impl Follower {
    /// Follows the log whose keys these are, over the state in `state`. All keys bear the log's origin as their name.
    ///
    /// # Errors
    /// [`FollowError::Folder`], [`FollowError::Other`].
    pub fn open(source: Source, keys: Vec<VerifierKey>, state: &Path) -> Result<Self, FollowError> {
        let origin = keys.first().map(|key| key.name().as_str().to_owned()).unwrap_or_default();
        if let Some(other) = keys.iter().find(|key| key.name().as_str() != origin) {
            return Err(FollowError::Other { found: other.name().as_str().into(), wanted: origin });
        }
        let failed = |what: String| FollowError::Folder { path: state.to_owned(), what };
        let kept = Kept::open(state, &origin).map_err(|error| failed(error.to_string()))?;
        let path = kept.path().with_extension("lock");
        let lock = File::options().create(true).append(true).open(path).map_err(|error| failed(error.to_string()))?;
        lock.try_lock().map_err(|_| failed(format!("another process follows {origin} with it")))?;
        Ok(Self { source, keys, origin, kept, _folder: lock })
    }

    /// Files of contradictions that earlier looks have found.
    ///
    /// # Errors
    /// [`FollowError::Folder`].
    pub fn evidence(&self) -> Result<Vec<PathBuf>, FollowError> {
        self.kept.evidence().map_err(|error| self.folder(error))
    }

    /// Looks at the log once. May block as long as the source lets it.
    ///
    /// # Errors
    /// [`FollowError`]; what is kept stays as it was.
    pub fn look(&self) -> Result<Look, FollowError> {
        let bytes = self.source.get("checkpoint", NOTE_BYTES_MAX)?.ok_or(FollowError::Absent)?;
        let (note, found) = self.read(&bytes)?;
        let Some((kept_note, kept)) = self.newest()? else {
            self.prove_root(&found)?;
            self.keep(&note)?;
            return Ok(Look::First { size: found.size });
        };
        let misconduct = |what, how| {
            let evidence = self.kept.contradiction(what, &kept_note, &note).map_err(|error| self.folder(error))?;
            Ok(Look::Misconduct(Misconduct { what, how, evidence }))
        };
        if found.size < kept.size {
            let how = format!("{} shows {} leaves and has shown {} before", self.origin, found.size, kept.size);
            return misconduct("rollback", how);
        }
        if found.size == kept.size {
            let how = format!("{} has signed two trees of {} leaves", self.origin, found.size);
            return if found.root == kept.root { Ok(Look::Same { size: found.size }) } else { misconduct("fork", how) };
        }
        if self.prefix_root(kept.size, &found)? != kept.root {
            let how = format!(
                "{}'s tree of {} leaves does not go on from that of {} leaves which it has signed before",
                self.origin, found.size, kept.size
            );
            return misconduct("fork", how);
        }
        self.keep(&note)?;
        Ok(Look::Grown { from: kept.size, to: found.size })
    }

    fn read(&self, bytes: &[u8]) -> Result<(Note, TreeHead), FollowError> {
        let unsigned = |fault: NoteFault| FollowError::Unsigned(fault.into());
        let note = Note::from_bytes(bytes).map_err(unsigned)?;
        let head = TreeHead::verify(&note, &self.keys).map_err(FollowError::Unsigned)?;
        if *head.origin == *self.origin {
            Ok((note, head))
        } else {
            Err(FollowError::Other { found: head.origin, wanted: self.origin.clone() })
        }
    }

    fn newest(&self) -> Result<Option<(Note, TreeHead)>, FollowError> {
        let Some(bytes) = self.kept.newest().map_err(|error| self.folder(error))? else { return Ok(None) };
        let damaged = |error: FollowError| FollowError::Folder {
            path: self.kept.path(),
            what: format!("what is kept there can't be read ({error}): restore it, or begin in another folder"),
        };
        self.read(&bytes).map(Some).map_err(damaged)
    }

    fn keep(&self, note: &Note) -> Result<(), FollowError> {
        self.kept.keep(note).map_err(|error| self.folder(error))
    }

    fn folder(&self, error: std::io::Error) -> FollowError {
        FollowError::Folder { path: self.kept.path(), what: error.to_string() }
    }

    /// Has the log show that its tiles lead to the root that it has signed.
    fn prove_root(&self, head: &TreeHead) -> Result<(), FollowError> {
        let root = match head.size {
            0 => EMPTY_ROOT,
            size => tree::root(size, &self.tiles(size)).map_err(unread)?,
        };
        if root == head.root { Ok(()) } else { Err(FollowError::Unproved("they give another root".to_owned())) }
    }

    /// Root of the first `old` leaves of the tree that the log has signed, as its tiles prove it. So a tree that is another is
    /// told from tiles that are wrong: these prove nothing against the log, for it does not sign them.
    fn prefix_root(&self, old: u64, head: &TreeHead) -> Result<tree::Hash, FollowError> {
        if old == 0 {
            return self.prove_root(head).map(|()| EMPTY_ROOT);
        }
        let tiles = self.tiles(head.size);
        let root = tree::root(old, &tiles).map_err(unread)?;
        let proof = prove_consistency(old, head.size, &tiles).map_err(|error| match error {
            ProveError::Read(fault) => unread(fault),
            ProveError::Fault(fault) => FollowError::Unproved(fault.to_string()),
        })?;
        verify_consistency(&proof, old, &root, head.size, &head.root)
            .map_err(|fault| FollowError::Unproved(fault.to_string()))?;
        Ok(root)
    }

    fn tiles(&self, size: u64) -> impl HashReader<Error = TileFault<SourceError>> {
        TileHashes::new(size, |path: &TilePath| self.source.get(&path.to_string(), TILE_BYTES))
    }
}

fn unread(fault: TileFault<SourceError>) -> FollowError {
    match fault {
        TileFault::Fetch(_, error) => FollowError::Source(error),
        fault => FollowError::Unproved(fault.to_string()),
    }
}
