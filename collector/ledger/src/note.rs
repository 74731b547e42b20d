//! Signed notes (`c2sp.org/signed-note`): a text, and lines that sign it.
//! Owns their one spelling. Never says what a text means, and never takes an unknown key's signature for a fault.
//!
//! Lines are read and written by the `signed_note` crate; which keys count, and how strictly, is decided here.

use crate::key::{KeyId, KeyName, SignError, Signer, VerifierKey};
use crate::leaf::Hex;

/// Bytes in the longest note that is read.
pub const NOTE_BYTES_MAX: usize = 1_000_000;

/// Signatures on the most signed note that is read.
pub const SIGNATURES_MAX: usize = 100;

/// A well-formed note; who signed it is not known before [`Note::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: KeyName,
    id: KeyId,
    bytes: Vec<u8>,
}

/// Why a note is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    /// Not in the one form that a note has.
    #[error("this is not a well-formed signed note")]
    Malformed,
    /// A known key's line does not verify: the note was changed, or the line is a forgery.
    #[error("the signature of {name} ({id}) is not over this text")]
    Forged {
        /// Name of the key that the line claims.
        name: KeyName,
        /// Its id.
        id: KeyId,
    },
    /// None of the known keys signed.
    #[error("none of the known keys signed this note")]
    Unsigned,
}

impl Note {
    /// Starts a note without signatures. A text ends with a line end and has no control character but line ends.
    ///
    /// # Errors
    /// [`NoteFault::Malformed`].
    pub fn new(text: String) -> Result<Self, NoteFault> {
        let formed = text.len() > 1 && text.ends_with('\n') && !text.chars().any(|c| c < ' ' && c != '\n');
        if formed && text.len() <= NOTE_BYTES_MAX {
            Ok(Self { text, signatures: vec![] })
        } else {
            Err(NoteFault::Malformed)
        }
    }

    /// Reads a signed note, in the one spelling that [`Note::to_bytes`] gives; at least one signature line.
    ///
    /// # Errors
    /// [`NoteFault::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NoteFault> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteFault::Malformed);
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteFault::Malformed)?;
        let at = whole.rfind("\n\n").ok_or(NoteFault::Malformed)?;
        let mut note = Self::new(whole[..=at].to_owned())?;
        let lines = whole[at + 2..].strip_suffix('\n').ok_or(NoteFault::Malformed)?;
        for line in lines.split('\n') {
            if note.signatures.len() == SIGNATURES_MAX {
                return Err(NoteFault::Malformed);
            }
            note.signatures.push(NoteSignature::from_line(line)?);
        }
        // A second spelling of the same signatures would let one note pass for two.
        if note.to_bytes() == bytes { Ok(note) } else { Err(NoteFault::Malformed) }
    }

    /// The note: text, empty line, signature lines.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.text.clone().into_bytes();
        bytes.push(b'\n');
        for signature in &self.signatures {
            bytes.extend(signature.to_line());
        }
        bytes
    }

    /// What is signed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every signature line, verified or not.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Signs the text, in place of what this key signed before.
    ///
    /// # Errors
    /// The signer's.
    pub fn sign(&mut self, signer: &dyn Signer) -> Result<(), SignError> {
        let bytes = signer.sign(self.text.as_bytes())?.to_vec();
        self.add(NoteSignature { name: signer.key_name().clone(), id: signer.key_id(), bytes });
        Ok(())
    }

    /// Adds a signature made elsewhere, such as a cosignature, in place of what that key signed before.
    pub fn add(&mut self, signature: NoteSignature) {
        self.signatures.retain(|other| (&other.name, other.id) != (&signature.name, signature.id));
        self.signatures.push(signature);
    }

    /// Which of the known keys signed, in their order. Lines of unknown keys are passed over, as the format says; a known
    /// key's line that does not verify refuses the whole note.
    ///
    /// # Errors
    /// [`NoteFault::Forged`], [`NoteFault::Unsigned`].
    pub fn verify<'k>(&self, known: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, NoteFault> {
        let mut signed = Vec::new();
        for key in known {
            let mut lines =
                self.signatures.iter().filter(|line| (&line.name, line.id) == (key.name(), key.id())).peekable();
            let present = lines.peek().is_some();
            if lines.any(|line| key.verify(self.text.as_bytes(), &line.bytes).is_err()) {
                return Err(NoteFault::Forged { name: key.name().clone(), id: key.id() });
            }
            if present && !signed.contains(&key) {
                signed.push(key);
            }
        }
        if signed.is_empty() { Err(NoteFault::Unsigned) } else { Ok(signed) }
    }
}

impl NoteSignature {
    /// Takes a signature with the name and id of its key. What the bytes are is the key's algorithm's to say.
    #[must_use]
    pub fn new(name: KeyName, id: KeyId, bytes: Vec<u8>) -> Self {
        Self { name, id, bytes }
    }

    /// Name of the key that the line claims.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// Id of the key that the line claims.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The signature, without the id before it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn from_line(line: &str) -> Result<Self, NoteFault> {
        let read = signed_note::Signature::from_bytes(line.as_bytes()).map_err(|_| NoteFault::Malformed)?;
        let name = KeyName::parse(read.name()).map_err(|_| NoteFault::Malformed)?;
        Ok(Self { name, id: Hex(read.id().to_be_bytes()), bytes: read.signature().to_vec() })
    }

    /// The line, with its end.
    #[must_use]
    pub fn to_line(&self) -> Vec<u8> {
        signed_note::Signature::new(self.name.as_str().to_owned(), u32::from_be_bytes(self.id.0), self.bytes.clone())
            .expect("a KeyName is a name that the format allows")
            .to_bytes()
    }
}

#[cfg(test)]
mod tests;
