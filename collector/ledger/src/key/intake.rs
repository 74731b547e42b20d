//! The key that intakes seal envelopes with and recorders check them by. Shared by both; never leaves them.

use super::secret::{self, Secret, SecretText};
use super::{KeyFault, KeyId};
use crate::leaf::Hex;

const KIND: &str = "LEDGERLINE+INTAKE+KEY";

/// An intake MAC key and the id by which envelopes name it.
#[derive(Clone)]
pub struct IntakeKey {
    id: u32,
    secret: Secret,
}

impl IntakeKey {
    /// Takes 32 bytes drawn by the caller. Ids are handed out by whoever enrols keys and never used twice.
    #[must_use]
    pub fn from_random(id: u32, bytes: [u8; 32]) -> Self {
        Self { id, secret: Secret::new(bytes) }
    }

    /// Reads the text form: `LEDGERLINE+INTAKE+KEY+<id>+<check>+<base64>`, with at most one line end after it.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn from_text(text: &str) -> Result<Self, KeyFault> {
        let (owner, secret) = secret::read(KIND, text)?;
        let id: u32 = owner.parse().map_err(|_| KeyFault::Malformed)?;
        if id.to_string() == owner { Ok(Self { id, secret }) } else { Err(KeyFault::Malformed) }
    }

    /// The text form, for a file that its owner alone may read.
    #[must_use]
    pub fn to_text(&self) -> SecretText {
        secret::write(KIND, &self.id.to_string(), &self.secret)
    }

    /// The id in the preamble of every envelope that it seals.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The id as a leaf names it.
    #[must_use]
    pub const fn leaf_id(&self) -> KeyId {
        Hex(self.id.to_be_bytes())
    }

    /// The secret itself, for whoever seals with it. Never to be shown.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.secret.bytes()
    }
}

impl std::fmt::Debug for IntakeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IntakeKey(id {}, ..)", self.id)
    }
}
