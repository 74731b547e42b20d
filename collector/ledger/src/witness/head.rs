//! The checkpoint of any log (`c2sp.org/tlog-checkpoint`): an origin of whatever form, and perhaps extension lines, which
//! are signed and mean nothing here. Ours have none and name a tenant: that stricter form is [`crate::Checkpoint`].

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::key::VerifierKey;
use crate::note::{Note, NoteFault};
use crate::tree::{Hash, LEAVES_MAX};

/// Size and root of one log's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// The checkpoint's first line: not empty.
    pub origin: Box<str>,
    /// Leaves, at most [`LEAVES_MAX`].
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
}

/// Why a note is no checkpoint of a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadFault {
    /// Its text is not one.
    #[error("the note is no checkpoint: origin, size and root, each on its line, and no empty line")]
    Malformed,
    /// The log's signature is missing or wrong.
    #[error(transparent)]
    Note(#[from] NoteFault),
}

impl TreeHead {
    /// Reads a checkpoint's text: at least three lines, none empty, numbers and base64 in their one spelling.
    ///
    /// # Errors
    /// [`HeadFault::Malformed`].
    pub fn from_text(text: &str) -> Result<Self, HeadFault> {
        let read = || {
            let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
            let [origin, digits, encoded, ..] = lines.as_slice() else { return None };
            let size = digits.parse().ok().filter(|size: &u64| *size <= LEAVES_MAX && size.to_string() == *digits)?;
            let root: Hash = BASE64_STANDARD.decode(encoded).ok()?.try_into().ok()?;
            let formed = lines.iter().all(|line| !line.is_empty()) && BASE64_STANDARD.encode(root) == *encoded;
            formed.then(|| Self { origin: (*origin).into(), size, root })
        };
        read().ok_or(HeadFault::Malformed)
    }

    /// Reads a signed checkpoint of the log whose keys these are: a known key signed it, and none of their lines is bad.
    ///
    /// # Errors
    /// [`HeadFault`].
    pub fn verify(note: &Note, known: &[VerifierKey]) -> Result<Self, HeadFault> {
        note.verify(known)?;
        Self::from_text(note.text())
    }
}
