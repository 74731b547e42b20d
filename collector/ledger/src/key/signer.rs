//! The seam between what is signed and where the key lives: a file today, an HSM or Vault later.
//! Never sees more than the message and gives back no more than a signature.

use super::KeyName;
use crate::leaf::Hex;

/// Id of a key that signs: the first 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key), big-endian
/// (`c2sp.org/signed-note`). It finds a key; it proves nothing.
pub type KeyId = Hex<4>;

/// Signature types of `c2sp.org/signed-note`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519 over the note's text.
    Ed25519,
}

impl Algorithm {
    /// The byte that stands before public key and key id input.
    #[must_use]
    pub const fn type_byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
        }
    }
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key's keeper did not answer. Retry.
    #[error("the signing key can't be reached at the moment: {0}")]
    Unavailable(String),
    /// The key's keeper said no, or gave something that its own public key does not accept. Halt: trying again is vain.
    #[error("the signing key refused to sign: {0}")]
    Refused(String),
}

/// Something that signs as one named key.
pub trait Signer: Send + Sync {
    /// The key's name.
    fn key_name(&self) -> &KeyName;

    /// The key's id.
    fn key_id(&self) -> KeyId;

    /// Its signature type.
    fn algorithm(&self) -> Algorithm;

    /// Signs `message`.
    ///
    /// # Errors
    /// [`SignError`] says whether to try again.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;
}
