//! A small table from member name to position. Built once when schemas are compiled, asked once per member of every event.
//! Never allocates when asked; the hash is the one that the tape already holds.

use crate::json::{Key, key_hash};

/// Slot that holds no position.
const EMPTY: u16 = u16::MAX;

/// Names and their positions, by open addressing.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    names: Box<[Box<str>]>,
    slots: Box<[u16]>,
    mask: usize,
}

impl Lookup {
    /// A table over `names`, in their order; `None` when there are too many (over 16,384) or two are equal.
    pub(crate) fn new(names: Vec<String>) -> Option<Self> {
        if names.len() > 1 << 14 {
            return None;
        }
        let size = (names.len() * 4).next_power_of_two().max(4);
        let mask = size - 1;
        let mut slots = vec![EMPTY; size].into_boxed_slice();
        for (position, name) in names.iter().enumerate() {
            if names[..position].contains(name) {
                return None;
            }
            let mut slot = start(key_hash(name.as_bytes())) & mask;
            while slots[slot] != EMPTY {
                slot = (slot + 1) & mask;
            }
            slots[slot] = u16::try_from(position).ok()?;
        }
        Some(Lookup { names: names.into_iter().map(String::into_boxed_str).collect(), slots, mask })
    }

    /// Position of a member's name.
    #[inline]
    pub(crate) fn get(&self, key: &Key<'_, '_>) -> Option<usize> {
        let mut slot = start(key.hash()) & self.mask;
        loop {
            let position = usize::from(self.slots[slot]);
            // A table is at most a quarter full, so an empty slot always ends the search; it also fails this index.
            let known = self.names.get(position)?;
            if key.is(known) {
                return Some(position);
            }
            slot = (slot + 1) & self.mask;
        }
    }

    /// The name at `position`.
    pub(crate) fn name(&self, position: usize) -> &str {
        &self.names[position]
    }
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
