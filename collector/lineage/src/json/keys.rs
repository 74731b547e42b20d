//! Proves that an object's names are distinct, as decoded. Owns the name hash. Never quadratic beyond [`PAIRS_MAX`] names, and
//! safe from chosen names: the hash only saves work, the bytes decide.

use std::cmp::Ordering;

use super::escape::Decoded;
use super::tape::{NAME_ESCAPED, Node};

/// Up to this many names are compared pairwise; more are sorted.
const PAIRS_MAX: usize = 16;

/// Hash of a decoded member name, the one on the tape ([`super::Key::hash`]). Equal names hash alike; compare the text too.
pub fn key_hash(name: &[u8]) -> u32 {
    let first = name.first_chunk::<8>().map_or_else(|| partial(name), |chunk| u64::from_le_bytes(*chunk));
    let last = name.last_chunk::<8>().map_or(0, |chunk| u64::from_le_bytes(*chunk));
    mix(first, last, name.len())
}

/// [`key_hash`] of `bytes[start..end]`; reads past a short name's end instead of copying it.
#[inline]
pub(super) fn hash_at(bytes: &[u8], start: usize, end: usize) -> u32 {
    let length = end - start;
    match bytes[start..].first_chunk::<8>() {
        Some(chunk) if length < 8 => mix(u64::from_le_bytes(*chunk) & !(u64::MAX << (8 * length)), 0, length),
        _ => key_hash(&bytes[start..end]),
    }
}

#[cold]
pub(super) fn hash_escaped(raw: &str) -> u32 {
    key_hash(Decoded::new(raw).into_string().as_bytes())
}

fn partial(name: &[u8]) -> u64 {
    name.iter().rev().fold(0, |word, &byte| word << 8 | byte as u64)
}

#[inline]
fn mix(first: u64, last: u64, length: usize) -> u32 {
    let word = first ^ last.rotate_left(29) ^ (length as u64) << 56;
    (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

/// One of 64 classes of names.
#[inline]
pub(super) fn class(hash: u32) -> u64 {
    1 << (hash >> 26)
}

/// The node of the first name that repeats an earlier one of the object at `object`, if any. `names` is scratch.
#[inline(never)]
pub(super) fn repeated(text: &str, nodes: &[Node], object: usize, names: &mut Vec<u32>) -> Option<u32> {
    names.clear();
    let mut at = object + 1;
    while at < nodes.len() {
        names.push(at as u32);
        at = nodes[at + 1].link as usize;
    }
    if names.len() <= PAIRS_MAX {
        let later = |i: usize| names[..i].iter().any(|&earlier| compare(text, nodes, earlier, names[i]).is_eq());
        return (1..names.len()).find(|&i| later(i)).map(|i| names[i]);
    }
    // Equal names end up side by side, in document order.
    names.sort_unstable_by(|&a, &b| compare(text, nodes, a, b).then(a.cmp(&b)));
    let repeats = names.windows(2).filter(|pair| compare(text, nodes, pair[0], pair[1]).is_eq());
    repeats.map(|pair| pair[1]).min()
}

/// Some total order of names in which only equal decoded names are equal.
fn compare(text: &str, nodes: &[Node], a: u32, b: u32) -> Ordering {
    let (a, b) = (&nodes[a as usize], &nodes[b as usize]);
    a.link.cmp(&b.link).then_with(|| {
        let (left, right) = (raw(text, a), raw(text, b));
        if a.tag() == NAME_ESCAPED || b.tag() == NAME_ESCAPED {
            Decoded::new(left).cmp(Decoded::new(right))
        } else {
            left.cmp(right)
        }
    })
}

fn raw<'p>(text: &'p str, node: &Node) -> &'p str {
    &text[node.start as usize..node.end as usize]
}
