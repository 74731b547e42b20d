//! A small table from member name to position. Built once when schemas are compiled, asked once per member of every event.
//! Never allocates when asked; the hash is the one that the tape already holds.

use crate::json::{Key, key_hash};

/// Position in a slot that holds none.
const EMPTY: u32 = u32::MAX;

/// Names and their positions, by open addressing.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    names: Box<[Box<str>]>,
    slots: Box<[Slot]>,
    mask: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    position: u32,
}

impl Lookup {
    /// A table over `names`, in their order; `None` when there are too many (over 16,384) or two are equal.
    pub(crate) fn new(names: Vec<String>) -> Option<Self> {
        if names.len() > 1 << 14 {
            return None;
        }
        let size = (names.len() * 4).next_power_of_two().max(4);
        let mask = size - 1;
        let mut slots = vec![Slot { hash: 0, position: EMPTY }; size].into_boxed_slice();
        for (position, name) in names.iter().enumerate() {
            if names[..position].contains(name) {
                return None;
            }
            let hash = key_hash(name.as_bytes());
            let mut slot = start(hash) & mask;
            while slots[slot].position != EMPTY {
                slot = (slot + 1) & mask;
            }
            slots[slot] = Slot { hash, position: u32::try_from(position).ok()? };
        }
        Some(Lookup { names: names.into_iter().map(String::into_boxed_str).collect(), slots, mask })
    }

    /// Position of a member's name.
    #[inline(always)]
    pub(crate) fn get(&self, key: &Key<'_, '_>) -> Option<usize> {
        let hash = key.hash();
        let mut at = start(hash) & self.mask;
        loop {
            // A table is at most a quarter full, so an empty slot always ends the search.
            let slot = self.slots[at];
            if slot.position == EMPTY {
                return None;
            }
            let position = slot.position as usize;
            if slot.hash == hash && is(key, &self.names[position]) {
                return Some(position);
            }
            at = (at + 1) & self.mask;
        }
    }

    /// The name at `position`.
    pub(crate) fn name(&self, position: usize) -> &str {
        &self.names[position]
    }
}

/// Whether a member has this name. Names are short: two overlapping chunks cover nearly all of them, with no call.
#[inline(always)]
fn is(key: &Key<'_, '_>, name: &str) -> bool {
    let (left, right) = (key.raw_bytes(), name.as_bytes());
    if key.is_escaped() || left.len() > 16 || left.len() < 4 {
        return odd(key, name);
    }
    left.len() == right.len() && if left.len() >= 8 { chunks::<8>(left, right) } else { chunks::<4>(left, right) }
}

/// Whether two texts of N to 2N bytes, equally long, are equal.
#[inline(always)]
fn chunks<const N: usize>(left: &[u8], right: &[u8]) -> bool {
    let ends = |text: &[u8]| text.first_chunk::<N>().copied().zip(text.last_chunk::<N>().copied());
    match (ends(left), ends(right)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

#[cold]
fn odd(key: &Key<'_, '_>, name: &str) -> bool {
    key.is(name)
}

/// The upper bits are the better mixed ones.
#[inline]
fn start(hash: u32) -> usize {
    (hash >> 16) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, Tape, scan};

    fn check(lookup: &Lookup, key: &str, position: Option<usize>) {
        let mut tape = Tape::default();
        let text = format!("{{{}: 1}}", serde_json::to_string(key).expect("a string"));
        let root = scan(text.as_bytes(), &Limits::default(), &mut tape).expect("JSON");
        let (key, _) = root.members().next().expect("one member");
        assert_eq!(lookup.get(&key), position, "{text}");
    }

    #[test]
    fn finds_every_name_and_no_other() {
        let names: Vec<String> = (0..200).map(|i| format!("member{i}")).chain(["".into(), "a\"b".into()]).collect();
        let lookup = Lookup::new(names.clone()).expect("distinct");
        for (position, name) in names.iter().enumerate() {
            check(&lookup, name, Some(position));
            assert_eq!(lookup.name(position), name);
        }
        for absent in ["b", "member200", "Member1", "member"] {
            check(&lookup, absent, None);
        }
    }

    #[test]
    fn refuses_equal_names() {
        assert!(Lookup::new(vec!["a".into(), "a".into()]).is_none());
    }
}
