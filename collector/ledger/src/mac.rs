//! The intake MAC: proof that an envelope was written by one of our intakes and travelled unchanged.
//! Never says what the envelope means, nor which key ids are enrolled: the caller looks the key up.
//!
//! Keyed BLAKE3 under the intake key, over the parts of the record as they travel, each length-prefixed.

use crate::digest::{self, Hasher};
use crate::key::IntakeKey;

/// Bytes of a tag.
pub const TAG_BYTES: usize = 32;

/// A MAC over one record.
pub type Tag = [u8; TAG_BYTES];

/// The tag over `parts`. Cut a record the same way on both sides: `[a, b]` and `[ab]` have different tags.
#[must_use]
pub fn tag(key: &IntakeKey, parts: &[&[u8]]) -> Tag {
    seal(key, parts).finish()
}

/// Whether `claimed` is the tag over `parts`; takes as long for a near miss as for a far one.
#[must_use]
pub fn verify(key: &IntakeKey, parts: &[&[u8]], claimed: &Tag) -> bool {
    use subtle::ConstantTimeEq;
    bool::from(seal(key, parts).finish().ct_eq(claimed))
}

fn seal(key: &IntakeKey, parts: &[&[u8]]) -> Hasher {
    let mut hasher = Hasher::keyed(key.expose(), digest::INTAKE_MAC);
    for part in parts {
        hasher.field(part);
    }
    hasher
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_holds_for_its_key_and_parts_alone() {
        let key = IntakeKey::from_random(1, [3; 32]);
        let parts: [&[u8]; 2] = [b"preamble", b"envelope"];
        let tag = tag(&key, &parts);
        // Made with another BLAKE3 implementation.
        assert_eq!(hex::encode(tag), "dc119d0e6fe80a3fb374c93a3c3ed89be7322d9338a67078eacb4d997134e31c");
        assert!(verify(&key, &parts, &tag));
        let check = |what: &str, key: &IntakeKey, parts: &[&[u8]], tag: &Tag| {
            assert!(!verify(key, parts, tag), "{what}");
        };
        check("another key", &IntakeKey::from_random(1, [4; 32]), &parts, &tag);
        check("another body", &key, &[b"preamble", b"envelopf"], &tag);
        check("bytes moved between parts", &key, &[b"preamblee", b"nvelope"], &tag);
        check("a part fewer", &key, &[b"preambleenvelope"], &tag);
        check("an empty part more", &key, &[b"preamble", b"envelope", b""], &tag);
        for bit in 0..TAG_BYTES * 8 {
            let mut flipped = tag;
            flipped[bit / 8] ^= 1 << (bit % 8);
            check("a flipped bit", &key, &parts, &flipped);
        }
    }
}
