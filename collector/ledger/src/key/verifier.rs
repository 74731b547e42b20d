//! Public keys and the strict check of a signature. Never accepts what some verifier in the field would read differently.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

use super::{Algorithm, KeyFault, KeyId, KeyName};
use crate::leaf::Hex;

/// A public key with its name, in text `<name>+<id, 8 hex digits>+<base64 of type and key>` (`c2sp.org/signed-note`).
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    key: VerifyingKey,
}

/// The signature is not one of this key over this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not one of this key over this message")]
pub struct SignatureFault;

impl VerifierKey {
    /// Takes an Ed25519 public key: 32 bytes, a canonical point of large order.
    ///
    /// # Errors
    /// [`KeyFault::Malformed`] where the bytes are no point, [`KeyFault::Weak`] where anyone could sign for it or the
    /// point has a second spelling.
    pub fn from_ed25519(name: KeyName, public: &[u8; 32]) -> Result<Self, KeyFault> {
        let key = VerifyingKey::from_bytes(public).map_err(|_| KeyFault::Malformed)?;
        // The library keeps the bytes it was given; compressing the point again shows whether they were canonical.
        if key.is_weak() || key.to_edwards().compress().as_bytes() != public {
            return Err(KeyFault::Weak);
        }
        let id = key_id(&name, public);
        Ok(Self { name, id, key })
    }

    /// Reads the text form, in the one spelling that [`VerifierKey::to_text`] gives.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn from_text(text: &str) -> Result<Self, KeyFault> {
        let (name, rest) = text.split_once('+').ok_or(KeyFault::Malformed)?;
        let (id, data) = rest.split_once('+').ok_or(KeyFault::Malformed)?;
        let name = KeyName::parse(name)?;
        let id: KeyId = Hex::parse(id).map_err(|_| KeyFault::Malformed)?;
        let data = BASE64_STANDARD.decode(data).map_err(|_| KeyFault::Malformed)?;
        let (&type_byte, public) = data.split_first().ok_or(KeyFault::Malformed)?;
        if type_byte != Algorithm::Ed25519.type_byte() {
            return Err(KeyFault::Algorithm);
        }
        let key = Self::from_ed25519(name, public.try_into().map_err(|_| KeyFault::Malformed)?)?;
        match () {
            () if key.id != id => Err(KeyFault::Id),
            // Whatever else a decoder may have overlooked in the text.
            () if key.to_text() != text => Err(KeyFault::Malformed),
            () => Ok(key),
        }
    }

    /// The text form.
    #[must_use]
    pub fn to_text(&self) -> String {
        let data = [&[Algorithm::Ed25519.type_byte()], self.key.as_bytes().as_slice()].concat();
        format!("{}+{}+{}", self.name, self.id, BASE64_STANDARD.encode(data))
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub fn public_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Checks a signature strictly (RFC 8032 without cofactor): `S` below the group order, `R` canonical and of large
    /// order. So no signature has a twin.
    ///
    /// # Errors
    /// [`SignatureFault`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureFault> {
        let signature = Signature::from_slice(signature).map_err(|_| SignatureFault)?;
        self.key.verify_strict(message, &signature).map_err(|_| SignatureFault)
    }
}

/// The id of an Ed25519 key.
pub(super) fn key_id(name: &KeyName, public: &[u8; 32]) -> KeyId {
    let data = [&[Algorithm::Ed25519.type_byte()], public.as_slice()].concat();
    Hex(signed_note::key_id(name.as_str(), &data).to_be_bytes())
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({})", self.to_text())
    }
}

impl serde::Serialize for VerifierKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de> serde::Deserialize<'de> for VerifierKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_text(&text).map_err(serde::de::Error::custom)
    }
}
