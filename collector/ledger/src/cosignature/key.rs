//! A witness's public key. Never taken for a key of a log: its type byte, and so its id, is another.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::key::{KeyFault, KeyId, KeyName, SignatureFault, VerifierKey};
use crate::leaf::Hex;

/// Signature type of Ed25519 cosignatures.
const TYPE: u8 = 0x04;

/// A witness's public key with its name, in text `<name>+<id, 8 hex digits>+<base64 of 0x04 and key>`. The key is held to
/// what a [`VerifierKey`] is held to: a canonical point of large order.
#[derive(Clone, PartialEq, Eq)]
pub struct WitnessKey {
    /// The same point under the type of notes: it is what checks signatures.
    key: VerifierKey,
    id: KeyId,
}

/// Why a text is no witness's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessKeyFault {
    /// It is a key, of another type.
    #[error("it is a key of signature type {0:#04x}; a witness's is of type 0x04 (Ed25519 cosignatures)")]
    Type(u8),
    /// It is no key.
    #[error(transparent)]
    Key(#[from] KeyFault),
}

impl WitnessKey {
    /// The witness's half of a signing key: the same name and the same point, under the type of cosignatures. Such a key is to
    /// sign cosignatures alone.
    #[must_use]
    pub fn of(key: &VerifierKey) -> Self {
        let data = [&[TYPE], key.public_bytes().as_slice()].concat();
        let id = Hex(signed_note::key_id(key.name().as_str(), &data).to_be_bytes());
        Self { key: key.clone(), id }
    }

    /// Reads the text form, in the one spelling that [`WitnessKey::to_text`] gives.
    ///
    /// # Errors
    /// [`WitnessKeyFault`].
    pub fn from_text(text: &str) -> Result<Self, WitnessKeyFault> {
        let (name, rest) = text.split_once('+').ok_or(KeyFault::Malformed)?;
        let (id, data) = rest.split_once('+').ok_or(KeyFault::Malformed)?;
        let name = KeyName::parse(name).map_err(KeyFault::from)?;
        let id: KeyId = Hex::parse(id).map_err(|_| KeyFault::Malformed)?;
        let data = BASE64_STANDARD.decode(data).map_err(|_| KeyFault::Malformed)?;
        let (&type_byte, public) = data.split_first().ok_or(KeyFault::Malformed)?;
        if type_byte != TYPE {
            return Err(WitnessKeyFault::Type(type_byte));
        }
        let public = public.try_into().map_err(|_| KeyFault::Malformed)?;
        let key = Self::of(&VerifierKey::from_ed25519(name, public)?);
        match () {
            () if key.id != id => Err(KeyFault::Id.into()),
            // Whatever else a decoder may have overlooked in the text.
            () if key.to_text() != text => Err(KeyFault::Malformed.into()),
            () => Ok(key),
        }
    }

    /// The text form.
    #[must_use]
    pub fn to_text(&self) -> String {
        let data = [&[TYPE], self.key.public_bytes().as_slice()].concat();
        format!("{}+{}+{}", self.name(), self.id, BASE64_STANDARD.encode(data))
    }

    /// The witness's name.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        self.key.name()
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Checks the 64 bytes of an Ed25519 signature over a whole message, as strictly as [`VerifierKey::verify`].
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureFault> {
        self.key.verify(message, signature)
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessKey({})", self.to_text())
    }
}
