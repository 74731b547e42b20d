//! Keys: what signs, what seals, what identifies, and their text forms for files.
//! Never reads or writes a file, never draws a key: random bytes and texts enter and leave as values. No secret is ever
//! shown: `Debug` says only whose key it is, nothing implements `Display`, and every secret is overwritten when dropped.

mod book;
mod identity;
mod intake;
mod name;
mod order;
mod secret;
mod signer;
mod signing;
mod verifier;

pub use book::{BookKey, Judged, KEYS_MAX, KeyBook, KeyBookFault, KeyRefusal, KeyState, KeyStatus};
pub use identity::IdentityKey;
pub use intake::IntakeKey;
pub use name::{KeyName, KeyNameFault};
pub use order::{KeyOrder, KeyOrderFault, Reason, ReasonFault};
pub use secret::SecretText;
pub use signer::{Algorithm, KeyId, SignError, Signer};
pub use signing::SigningKey;
pub use verifier::{SignatureFault, VerifierKey};

/// Why a text holds no key. What it says never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Not in the form of this kind of key.
    #[error("this is not a key of the kind asked for, or it was changed since it was written")]
    Malformed,
    /// The name in it is no key name.
    #[error(transparent)]
    Name(#[from] KeyNameFault),
    /// Signature type other than Ed25519.
    #[error("the key is of another algorithm than Ed25519 (type 0x01)")]
    Algorithm,
    /// Its id or check value belongs to another key: a slip of the pen, or a half-written file.
    #[error("the key's id or check value does not belong to it; the text was damaged or pieced together")]
    Id,
    /// A point of small order or in a second spelling, for which signatures prove nothing.
    #[error("the public key is weak or not in canonical form")]
    Weak,
}

#[cfg(test)]
mod tests;
