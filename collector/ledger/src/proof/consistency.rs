//! A consistency file: that the tree of one checkpoint is the beginning of another's.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::file::{ENTRIES_MAX, Entry};
use super::verdict::{Fault, Verdict};
use crate::checkpoint::Checkpoint;
use crate::origin::Origin;
use crate::tree::{Hash, ProofFault, verify_consistency};

const FORMAT: &str = "ledgerline-consistency-1";

/// Two checkpoints and what links them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyFile {
    /// `ledgerline-consistency-1`.
    format: String,
    /// Whose tree.
    pub origin: Origin,
    /// The older checkpoint: as it was signed, or its three lines alone.
    pub old: String,
    /// The newer one, as it was signed.
    pub new: String,
    /// The proof, base64.
    hashes: Vec<String>,
    /// Leaf 0 and the key operations below the newer one's size.
    pub keys: Vec<Entry>,
}

impl ConsistencyFile {
    /// A file.
    #[must_use]
    pub fn new(origin: Origin, old: String, new: String, hashes: &[Hash], keys: Vec<Entry>) -> Self {
        let hashes = hashes.iter().map(|hash| BASE64_STANDARD.encode(hash)).collect();
        Self { format: FORMAT.to_owned(), origin, old, new, hashes, keys }
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("its members are texts");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a file; says nothing of what it proves.
    ///
    /// # Errors
    /// [`Verdict::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        let malformed = |what: String| Fault::new(Verdict::Malformed, what);
        let file: Self =
            serde_json::from_slice(bytes).map_err(|error| malformed(format!("not a consistency file: {error}")))?;
        match () {
            () if file.format != FORMAT => {
                Err(malformed(format!("the format is {:?}, and {FORMAT} is read", file.format)))
            }
            () if file.keys.len() > ENTRIES_MAX => Err(malformed(format!("it has more than {ENTRIES_MAX} leaves"))),
            () => Ok(file),
        }
    }

    /// The older checkpoint, whoever signed it.
    ///
    /// # Errors
    /// [`Verdict::Malformed`], [`Verdict::WrongOrigin`].
    pub fn old(&self) -> Result<Checkpoint, Fault> {
        unsigned(&self.old, &self.origin).map_err(|fault| fault.at("the older checkpoint"))
    }

    /// The newer checkpoint, whoever signed it.
    ///
    /// # Errors
    /// [`Verdict::Malformed`], [`Verdict::WrongOrigin`].
    pub fn new_checkpoint(&self) -> Result<Checkpoint, Fault> {
        unsigned(&self.new, &self.origin).map_err(|fault| fault.at("the newer checkpoint"))
    }

    /// Whether the proof leads from one to the other.
    ///
    /// # Errors
    /// [`Verdict::Malformed`], [`Verdict::WrongOrigin`], [`Verdict::Fork`] where it does not.
    pub fn check_link(&self) -> Result<(Checkpoint, Checkpoint), Fault> {
        let (old, new) = (self.old()?, self.new_checkpoint()?);
        let hashes: Option<Vec<Hash>> = self.hashes.iter().map(|text| super::hash(text)).collect();
        let hashes =
            hashes.ok_or_else(|| Fault::new(Verdict::Malformed, "a hash of the proof is not 32 bytes in base64"))?;
        match verify_consistency(&hashes, old.size, &old.root, new.size, &new.root) {
            Ok(()) => Ok((old, new)),
            Err(ProofFault::SizeZero) => Err(Fault::new(Verdict::SizeZero, "a tree without leaves links to nothing")),
            Err(ProofFault::SizesReversed) => {
                let what = format!("the older checkpoint has {} leaves and the newer one {}", old.size, new.size);
                Err(Fault::new(Verdict::Rollback, what))
            }
            Err(_) if old.size == new.size => {
                Err(Fault::new(Verdict::Fork, format!("two roots at {} leaves of {}", old.size, self.origin)))
            }
            Err(fault) => {
                let what =
                    format!("the tree of {} leaves is not shown to go on from that of {}: {fault}", new.size, old.size);
                Err(Fault::new(Verdict::Fork, what))
            }
        }
    }
}

/// The checkpoint in a note, or in a note's text alone, of this tree.
pub(super) fn unsigned(text: &str, origin: &Origin) -> Result<Checkpoint, Fault> {
    let body = text.find("\n\n").map_or(text, |end| &text[..=end]);
    let checkpoint = Checkpoint::from_body(body).map_err(|fault| Fault::new(Verdict::Malformed, fault.to_string()))?;
    if checkpoint.origin == *origin {
        Ok(checkpoint)
    } else {
        Err(Fault::new(Verdict::WrongOrigin, format!("it is of {} and not of {origin}", checkpoint.origin)))
    }
}
