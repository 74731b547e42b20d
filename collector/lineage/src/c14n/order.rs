//! The order of members: by UTF-16 code units of their decoded names (RFC 8785, 3.2.3). Never allocates for a name without escapes.

use std::cmp::Ordering;

use crate::json::{Key, Value};

/// A member that stays, and enough of its name to sort most members without looking at the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// The name's first eight bytes as ranks, most significant first, zeros after its end.
    prefix: u64,
    /// Node of the name.
    pub name: u32,
}

/// Appends the object's members whose value is not null, in order.
pub(super) fn sorted(object: Value<'_, '_>, members: &mut Vec<Member>) {
    let base = members.len();
    for (key, value) in object.members() {
        if !value.is_null() {
            // A member's value follows its name on the tape.
            members.push(Member { prefix: prefix(key), name: value.index() - 1 });
        }
    }
    let own = &mut members[base..];
    if own.windows(2).all(|pair| pair[0].prefix < pair[1].prefix) {
        return;
    }
    own.sort_unstable_by(|a, b| a.prefix.cmp(&b.prefix).then_with(|| whole(object, a.name, b.name)));
}

fn prefix(key: Key<'_, '_>) -> u64 {
    let word = if key.is_escaped() { decoded(key) } else { key.prefix() };
    if word & 0x8080_8080_8080_8080 == 0 { word } else { u64::from_be_bytes(word.to_be_bytes().map(rank)) }
}

#[cold]
fn decoded(key: Key<'_, '_>) -> u64 {
    key.as_str().bytes().chain([0; 8]).take(8).fold(0, |word, byte| word << 8 | u64::from(byte))
}

/// UTF-8 bytes sort as code points do. UTF-16 sorts U+E000–U+FFFF (lead bytes EE, EF) after all that needs surrogates (F0–F4).
fn rank(byte: u8) -> u8 {
    if matches!(byte, 0xEE | 0xEF) { byte + 0x10 } else { byte }
}

#[cold]
fn whole(object: Value<'_, '_>, a: u32, b: u32) -> Ordering {
    let (a, b) = (object.member_at(a).0, object.member_at(b).0);
    let (a, b) = (a.as_str(), b.as_str());
    a.bytes().map(rank).cmp(b.bytes().map(rank))
}
