//! Commitments: what a leaf says about a body without showing it.
//! Never draws the opening; intake does, and hands it over as bytes.
//!
//! `commitment = HMAC-SHA-256(key = opening, message = body as received)`. SHA-256 so that anyone checks it with a
//! standard library; keyed with 32 random bytes so that an erased body can't be guessed from its leaf.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroize;

use crate::digest;
use crate::key::IdentityKey;
use crate::leaf::Hex;

/// A commitment, as it stands in a leaf.
pub type Commitment = Hex<32>;

/// The 32 random bytes that open a commitment; disclosed and erased together with the body, so never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening([u8; 32]);

impl Opening {
    /// Takes bytes drawn by the caller. Two bodies must never share an opening.
    #[must_use]
    pub const fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The opening of a control record. Its content travels in the open, so intake draws none; this one follows from the
    /// log and the tenant's identity key, so that a replay makes the same leaf, and is disclosed with the content.
    #[must_use]
    pub fn of_control(key: &IdentityKey, idempotency_key: &[u8], content: &[u8]) -> Self {
        Self(key.digest(digest::CONTROL_OPENING, &[idempotency_key, content]))
    }

    /// The bytes, to be stored or disclosed beside the body.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Commits to `body`.
    #[must_use]
    pub fn commit(&self, body: &[u8]) -> Commitment {
        Hex(self.hmac(body).finalize().into_bytes().into())
    }

    /// Whether `commitment` is the one this opening makes of `body`.
    #[must_use]
    pub fn opens(&self, commitment: &Commitment, body: &[u8]) -> bool {
        self.hmac(body).verify_slice(&commitment.0).is_ok()
    }

    fn hmac(&self, body: &[u8]) -> Hmac<Sha256> {
        let mut hmac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        hmac.update(body);
        hmac
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opening(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commitment_is_plain_hmac_sha256() {
        // RFC 4231, test case 1, has a 20-byte key; HMAC pads a key with zeros, so a 32-byte opening gives the same tag.
        let mut key = [0_u8; 32];
        key[..20].fill(0x0b);
        let commitment = Opening::from_random(key).commit(b"Hi There");
        assert_eq!(commitment.to_string(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn it_opens_for_its_body_and_opening_alone() {
        let opening = Opening::from_random([7; 32]);
        let commitment = opening.commit(b"body");
        assert!(opening.opens(&commitment, b"body"));
        assert!(!opening.opens(&commitment, b"bodY"));
        assert!(!opening.opens(&commitment, b""));
        assert!(!Opening::from_random([8; 32]).opens(&commitment, b"body"));
        for bit in 0..256 {
            let mut flipped = commitment;
            flipped.0[bit / 8] ^= 1 << (bit % 8);
            assert!(!opening.opens(&flipped, b"body"), "bit {bit}");
        }
    }

    #[test]
    fn an_opening_is_never_shown() {
        assert_eq!(format!("{:?}", Opening::from_random([0x41; 32])), "Opening(..)");
    }
}
