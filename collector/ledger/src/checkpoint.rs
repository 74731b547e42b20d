//! Checkpoints (`c2sp.org/tlog-checkpoint`): what a ledger's key signs. Origin, size and root, three lines, no others.
//! Never signed twice at one size with two roots: that is the caller's to hold, this module has no memory.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::key::{KeyName, SignError, Signer, VerifierKey};
use crate::note::{Note, NoteFault};
use crate::origin::Origin;
use crate::tree::{Hash, LEAVES_MAX};

/// The state of one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which tree.
    pub origin: Origin,
    /// Its leaves.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// Why a checkpoint is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointFault {
    /// The note is not acceptable.
    #[error(transparent)]
    Note(#[from] NoteFault),
    /// The note's text is no checkpoint in the form that we write.
    #[error("the note is not a checkpoint of three lines: origin, size, root")]
    Malformed,
    /// None of the keys that signed bears the tree's name; a witness alone does not make a checkpoint.
    #[error("none of the keys that signed is named {0}, as the ledger's own is")]
    NotOurs(Origin),
}

impl Checkpoint {
    /// What is signed: origin, size and base64 root, each on its line.
    #[must_use]
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64_STANDARD.encode(self.root))
    }

    /// Reads a body, in the one spelling that [`Checkpoint::body`] gives. Extension lines are refused: ours has none.
    ///
    /// # Errors
    /// [`CheckpointFault::Malformed`].
    pub fn from_body(body: &str) -> Result<Self, CheckpointFault> {
        let read = || {
            let mut lines = body.strip_suffix('\n')?.splitn(3, '\n');
            let origin = Origin::parse(lines.next()?).ok()?;
            let size = lines.next()?.parse().ok().filter(|size| *size <= LEAVES_MAX)?;
            let root = BASE64_STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
            Some(Self { origin, size, root })
        };
        read().filter(|checkpoint| checkpoint.body() == body).ok_or(CheckpointFault::Malformed)
    }

    /// Signs with every key in turn: during a rotation both the old and the new one sign.
    ///
    /// # Errors
    /// The first signer's that fails; nothing half-signed is given out.
    pub fn sign(&self, signers: &[&dyn Signer]) -> Result<Note, SignError> {
        let mut note = Note::new(self.body()).expect("a body ends with a line end and holds no control character");
        for signer in signers {
            note.sign(*signer)?;
        }
        Ok(note)
    }

    /// Reads a signed checkpoint. At least one of the keys that signed must bear the tree's own name.
    ///
    /// # Errors
    /// [`CheckpointFault`].
    pub fn verify(note: &[u8], known: &[VerifierKey]) -> Result<Verified, CheckpointFault> {
        let note = Note::from_bytes(note)?;
        let signed_by: Vec<VerifierKey> = note.verify(known)?.into_iter().cloned().collect();
        let checkpoint = Self::from_body(note.text())?;
        let own = KeyName::of_checkpoints(&checkpoint.origin);
        if signed_by.iter().any(|key| *key.name() == own) {
            Ok(Verified { checkpoint, note, signed_by })
        } else {
            Err(CheckpointFault::NotOurs(checkpoint.origin))
        }
    }
}

/// A checkpoint whose signatures were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The whole note, unknown signatures included.
    pub note: Note,
    /// The known keys that signed, at least one with the tree's name.
    pub signed_by: Vec<VerifierKey>,
}

#[cfg(test)]
mod tests;
