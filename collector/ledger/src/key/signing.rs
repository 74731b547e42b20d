//! An Ed25519 key held in memory, as read from a file: the checkpoint key of a tree, or its root key.
//! Never shown; what others may see of it is its [`VerifierKey`].

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::Signer as _;
use zeroize::{Zeroize, Zeroizing};

use super::secret::SecretText;
use super::{Algorithm, KeyFault, KeyId, KeyName, SignError, Signer, VerifierKey};

const KIND: &str = "PRIVATE+KEY";

/// A signing key with its name. The text form is that of `golang.org/x/mod/sumdb/note`, so that other tools read it:
/// `PRIVATE+KEY+<name>+<id, 8 hex digits>+<base64 of type and seed>`.
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    verifier: VerifierKey,
}

impl SigningKey {
    /// Takes a seed of 32 bytes drawn by the caller.
    #[must_use]
    pub fn from_seed(name: KeyName, mut seed: [u8; 32]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        seed.zeroize();
        let verifier = VerifierKey::from_ed25519(name, key.verifying_key().as_bytes())
            .expect("a clamped scalar times the base point is never of small order, and is compressed canonically");
        Self { key, verifier }
    }

    /// Reads the text form, with at most one line end after it.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn from_text(text: &str) -> Result<Self, KeyFault> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let rest = line.strip_prefix(KIND).and_then(|rest| rest.strip_prefix('+')).ok_or(KeyFault::Malformed)?;
        let (name, rest) = rest.split_once('+').ok_or(KeyFault::Malformed)?;
        let (id, data) = rest.split_once('+').ok_or(KeyFault::Malformed)?;
        let data = Zeroizing::new(BASE64_STANDARD.decode(data).map_err(|_| KeyFault::Malformed)?);
        let (&type_byte, seed) = data.split_first().ok_or(KeyFault::Malformed)?;
        if type_byte != Algorithm::Ed25519.type_byte() {
            return Err(KeyFault::Algorithm);
        }
        let key = Self::from_seed(KeyName::parse(name)?, seed.try_into().map_err(|_| KeyFault::Malformed)?);
        match () {
            () if key.verifier.id().to_string() != id => Err(KeyFault::Id),
            () if key.to_text().expose() != line => Err(KeyFault::Malformed),
            () => Ok(key),
        }
    }

    /// The text form, for a file that its owner alone may read.
    #[must_use]
    pub fn to_text(&self) -> SecretText {
        let mut data = [0; 33];
        data[0] = Algorithm::Ed25519.type_byte();
        data[1..].copy_from_slice(self.key.as_bytes());
        let mut encoded = BASE64_STANDARD.encode(data);
        data.zeroize();
        let text = format!("{KIND}+{}+{}+{encoded}", self.verifier.name(), self.verifier.id());
        encoded.zeroize();
        SecretText::new(text)
    }

    /// The same key under another name: one key may sign for several trees, in each under the tree's own name.
    #[must_use]
    pub fn named(&self, name: KeyName) -> Self {
        Self::from_seed(name, self.key.to_bytes())
    }

    /// What others check its signatures with.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }
}

impl Signer for SigningKey {
    fn key_name(&self) -> &KeyName {
        self.verifier.name()
    }

    fn key_id(&self) -> KeyId {
        self.verifier.id()
    }

    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(self.key.sign(message).to_bytes())
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, ..)", self.verifier.name())
    }
}
