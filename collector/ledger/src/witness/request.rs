//! The body of an add-checkpoint request: size of the tree that the witness knows, proof, checkpoint.
//! Never takes a second spelling of one request.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::TreeHead;
use crate::note::Note;
use crate::tree::Hash;

/// Hashes in the longest proof that a request may carry.
pub const REQUEST_HASHES_MAX: usize = 63;

/// A checkpoint submitted to a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Leaves of the newest tree that the witness is taken to have cosigned; 0 for none.
    pub old_size: u64,
    /// Consistency proof of RFC 6962, section 2.1.2, from that tree to the checkpoint's. At most [`REQUEST_HASHES_MAX`].
    pub proof: Vec<Hash>,
    /// The checkpoint with its signatures; its text is a [`TreeHead`]'s. Whose they are is not checked here.
    pub checkpoint: Note,
}

/// The bytes are no such request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an add-checkpoint request: a line `old SIZE`, at most 63 lines of base64 hashes, an empty line, a checkpoint"
)]
pub struct RequestFault;

impl AddCheckpoint {
    /// Reads a request, in the one spelling that [`AddCheckpoint::to_bytes`] gives.
    ///
    /// # Errors
    /// [`RequestFault`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RequestFault> {
        let request = Self::read(bytes).ok_or(RequestFault)?;
        if request.to_bytes() == bytes { Ok(request) } else { Err(RequestFault) }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let at = bytes.windows(2).position(|two| two == b"\n\n")?;
        let mut lines = std::str::from_utf8(&bytes[..at]).ok()?.split('\n');
        let old_size = lines.next()?.strip_prefix("old ")?.parse().ok()?;
        let mut proof = Vec::new();
        for line in lines {
            let hash = BASE64_STANDARD.decode(line).ok()?.try_into().ok()?;
            proof.push(hash);
            if proof.len() > REQUEST_HASHES_MAX {
                return None;
            }
        }
        let checkpoint = Note::from_bytes(&bytes[at + 2..]).ok()?;
        TreeHead::from_text(checkpoint.text()).ok()?;
        Some(Self { old_size, proof, checkpoint })
    }

    /// The request's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("old {}\n", self.old_size);
        for hash in &self.proof {
            head.push_str(&BASE64_STANDARD.encode(hash));
            head.push('\n');
        }
        head.push('\n');
        [head.as_bytes(), &self.checkpoint.to_bytes()].concat()
    }
}
