//! Writing registers: the newest event stands; contents are kept under their digest, and what a node said before is listed, also
//! what a late event brings after its time, so that history does not depend on the order of arrival.

use serde::{Deserialize, Serialize};

use crate::context::{Context, short};
use crate::fold::Writer;
use crate::id::NodeId;
use crate::row::key::{ContentKey, Digest, HistoryKey};
use crate::row::{self, ContentRow, FacetKey, HistoryRow, Read, Register, State, Value};

/// Context of the digest of a facet's content.
const CONTEXT: &str = "ledgerline v1 facet content";

/// What an event says for one facet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The facet.
    pub facet: FacetKey,
    said: Said,
    /// Among RUNNING events of the same ten minutes the greater stands; `None`: by content.
    weight: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Deleted,
    /// `postcard` of its facts.
    Content(Vec<u8>),
    /// `postcard` of a list's head.
    Cut(Vec<u8>),
    /// Its value, stored already.
    Kept(Value),
}

impl Update {
    /// A facet that is there. Should it be longer than is kept, only its digest will be.
    pub fn set(facet: FacetKey, facts: &impl Serialize) -> Update {
        Update { facet, said: Said::Content(content(facts)), weight: None }
    }

    /// A facet that is a list: of one that is longer than is kept, as many items as fit.
    pub fn list<T: Serialize>(facet: FacetKey, items: &[T]) -> Update {
        let content = content(&items);
        let fits = content.len() <= Value::CONTENT_BYTES_MAX;
        let said = if fits { Said::Content(content) } else { Said::Cut(head(items)) };
        Update { facet, said, weight: None }
    }

    /// A facet that was sent with `_deleted`.
    pub fn deleted(facet: FacetKey) -> Update {
        Update { facet, said: Said::Deleted, weight: None }
    }

    /// A facet whose value another register of the same event has stored.
    pub fn kept(facet: FacetKey, value: Value) -> Update {
        Update { facet, said: Said::Kept(value), weight: None }
    }

    /// The same, the heaviest standing among RUNNING events of the same ten minutes.
    pub fn weighing(self, weight: u64) -> Update {
        Update { weight: Some(weight), ..self }
    }

    /// The facet's number and a cheap digest of its content, to compare two events of one transition. Whoever forges a
    /// collision hides a difference from a rule, not from the ledger.
    pub fn digest(&self) -> (u8, u32) {
        let hash = match &self.said {
            Said::Deleted => 0,
            Said::Content(content) | Said::Cut(content) => fnv1a(content),
            Said::Kept(value) => hash(value),
        };
        (self.facet as u8, (hash ^ (hash >> 32)) as u32)
    }
}

/// FNV-1a, 64 bits.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// `postcard` of facts.
pub fn content(facts: &impl Serialize) -> Vec<u8> {
    // Room for most facets: growing byte by byte costs more than encoding.
    postcard::to_extend(facts, Vec::with_capacity(512)).expect("facts have no map and no unsized sequence")
}

/// Facts from their kept content; `None` when they do not read back.
pub fn read<'c, T: Deserialize<'c>>(content: &'c [u8]) -> Option<T> {
    postcard::from_bytes(content).ok()
}

/// The longest head of a list that is kept.
fn head<T: Serialize>(items: &[T]) -> Vec<u8> {
    let (mut fits, mut too_many) = (0, items.len());
    while too_many - fits > 1 {
        let half = fits.midpoint(too_many);
        if content(&&items[..half]).len() <= Value::CONTENT_BYTES_MAX { fits = half } else { too_many = half }
    }
    content(&&items[..fits])
}

/// What writing gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Some register is another one now.
    pub changed: bool,
    /// The values that the updates said, in their order.
    pub said: Vec<Value>,
}

/// Applies updates to registers kept in the order of their facets. `node` is whose registers they are where what was said
/// before is listed; a run's own are not.
///
/// # Errors
/// The store's own.
pub fn write<S: State>(
    state: &mut S,
    registers: &mut Vec<Register>,
    writer: &Writer,
    node: Option<NodeId>,
    updates: Vec<Update>,
) -> Result<Written, S::Error> {
    let mut written = Written { changed: false, said: Vec::with_capacity(updates.len()) };
    for Update { facet, said, weight } in updates {
        let at = registers.binary_search_by_key(&facet, |register| register.facet);
        let stands = at.ok().map(|at| &registers[at].value);
        let value = match said {
            Said::Deleted => Value::Deleted,
            Said::Kept(value) => value,
            Said::Content(content) => keep(state, stands, content, false)?,
            Said::Cut(content) => keep(state, stands, content, true)?,
        };
        let stamp = writer.stamp(|| weight.unwrap_or_else(|| hash(&value)));
        let said =
            Register { facet, first_ns: writer.time_ns, first_leaf: writer.leaf, stamp, leaf: writer.leaf, value };
        written.said.push(said.value.clone());
        written.changed |= match at {
            Err(at) => {
                registers.insert(at, said);
                true
            }
            Ok(at) if registers[at].value == said.value => registers[at].hear(&said),
            Ok(at) => match node.filter(|_| facet.keeps_history()) {
                Some(node) => contest(state, node, &mut registers[at], said)?,
                None => registers[at].take(said),
            },
        };
    }
    Ok(written)
}

impl Register {
    /// The same was said once more.
    fn hear(&mut self, said: &Register) -> bool {
        let first = (self.first_ns.min(said.first_ns), self.first_leaf.min(said.first_leaf));
        let last = match self.stamp.cmp(&said.stamp) {
            std::cmp::Ordering::Less => (said.stamp, said.leaf),
            std::cmp::Ordering::Equal => (self.stamp, self.leaf.min(said.leaf)),
            std::cmp::Ordering::Greater => (self.stamp, self.leaf),
        };
        let changed = (first, last) != ((self.first_ns, self.first_leaf), (self.stamp, self.leaf));
        (self.first_ns, self.first_leaf) = first;
        (self.stamp, self.leaf) = last;
        changed
    }

    /// Something else was said, and what loses is not listed.
    fn take(&mut self, said: Register) -> bool {
        let first = (self.first_ns.min(said.first_ns), self.first_leaf.min(said.first_leaf));
        let stands = self.stands_before(&said);
        let changed = !stands || first != (self.first_ns, self.first_leaf);
        if !stands {
            *self = said;
        }
        (self.first_ns, self.first_leaf) = first;
        changed
    }

    /// The later stands; where two RUNNING events weigh the same, the greater value.
    fn stands_before(&self, other: &Register) -> bool {
        (self.stamp, &self.value) > (other.stamp, &other.value)
    }
}

/// Something else was said: the later of the two stands, the other is listed.
fn contest<S: State>(
    state: &mut S,
    node: NodeId,
    register: &mut Register,
    mut said: Register,
) -> Result<bool, S::Error> {
    let facet = register.facet;
    let key = |value: &Value| HistoryKey { node, facet, digest: digest(value) };
    let here = key(&said.value);
    let listed = row::get::<HistoryRow, S>(state, &here)?;
    if let Some(HistoryRow { first_ns, first_leaf, stamp, leaf, value }) = listed.clone() {
        said.hear(&Register { facet, first_ns, first_leaf, stamp, leaf, value });
    }
    let entry = |register: &Register| HistoryRow {
        first_ns: register.first_ns,
        first_leaf: register.first_leaf,
        stamp: register.stamp,
        leaf: register.leaf,
        value: register.value.clone(),
    };
    if register.stands_before(&said) {
        let entry = entry(&said);
        if listed.as_ref() != Some(&entry) {
            row::put(state, &here, &entry)?;
        }
        return Ok(false);
    }
    row::put(state, &key(&register.value), &entry(register))?;
    if listed.is_some() {
        row::delete::<HistoryRow, S>(state, &here)?;
    }
    *register = said;
    Ok(true)
}

/// The value of a content: itself when short, else its digest, under which it is stored unless it stands there already.
fn keep<S: State>(state: &mut S, stands: Option<&Value>, content: Vec<u8>, is_head: bool) -> Result<Value, S::Error> {
    if content.len() <= Value::INLINE_BYTES_MAX && !is_head {
        return Ok(Value::Inline(content));
    }
    let digest = digest_of(&content);
    if content.len() > Value::CONTENT_BYTES_MAX {
        return Ok(Value::Omitted(digest));
    }
    let value = if is_head { Value::Cut(digest) } else { Value::Content(digest) };
    if stands != Some(&value) {
        row::put(state, &ContentKey { digest }, &ContentRow { content })?;
    }
    Ok(value)
}

fn digest_of(content: &[u8]) -> Digest {
    static DIGEST: Context = Context::new(CONTEXT);
    let mut hasher = DIGEST.hasher();
    hasher.update(content);
    Digest(short(&hasher))
}

fn digest(value: &Value) -> Digest {
    match value {
        Value::Deleted => Digest([0; 16]),
        Value::Inline(content) => digest_of(content),
        Value::Content(digest) | Value::Cut(digest) | Value::Omitted(digest) => *digest,
    }
}

/// A cheap number for a value.
fn hash(value: &Value) -> u64 {
    match value {
        Value::Deleted => 0,
        Value::Inline(content) => fnv1a(content),
        Value::Content(digest) | Value::Cut(digest) | Value::Omitted(digest) => fnv1a(&digest.0),
    }
}

/// The content that stands for a facet: `postcard` of its facts. `None` when absent, deleted or too long to be kept.
///
/// # Errors
/// The store's own.
pub fn standing<S: Read>(state: &S, registers: &[Register], facet: FacetKey) -> Result<Option<Vec<u8>>, S::Error> {
    match registers.iter().find(|register| register.facet == facet) {
        Some(register) => content_of(state, &register.value),
        None => Ok(None),
    }
}

/// The content behind a value: `postcard` of the facet's facts. `None` when deleted or too long to be kept.
///
/// # Errors
/// The store's own.
pub fn content_of<S: Read>(state: &S, value: &Value) -> Result<Option<Vec<u8>>, S::Error> {
    match value {
        Value::Deleted | Value::Omitted(_) => Ok(None),
        Value::Inline(content) => Ok(Some(content.clone())),
        Value::Content(digest) | Value::Cut(digest) => {
            Ok(row::get::<ContentRow, S>(state, &ContentKey { digest: *digest })?.map(|row| row.content))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Owner, Text};

    /// What is kept of a list of so many owners: how many, in how many bytes, and whether that is all.
    fn kept(items: usize) -> (usize, usize, bool) {
        let mut state = crate::row::memory::Memory::default();
        let name = "n".repeat(100);
        let owners = vec![Owner { name: &name, role: None }; items];
        let writer = Writer::default();
        let mut registers = Vec::new();
        let updates = vec![Update::list(FacetKey::Ownership, &owners)];
        write(&mut state, &mut registers, &writer, None, updates).unwrap();
        let content = standing(&state, &registers, FacetKey::Ownership).unwrap().unwrap();
        let back: Vec<Owner<'_>> = read(&content).unwrap();
        (back.len(), content.len(), !registers[0].value.is_partial())
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        assert_eq!(kept(0), (0, 1, true));
        assert_eq!((kept(100).0, kept(100).2), (100, true));
        let (items, bytes, whole) = kept(10_000);
        assert!(items < 10_000 && !whole);
        assert!((Value::CONTENT_BYTES_MAX - 200..=Value::CONTENT_BYTES_MAX).contains(&bytes), "{bytes}");
    }

    #[test]
    fn what_is_too_long_and_no_list_leaves_its_digest() {
        let mut state = crate::row::memory::Memory::default();
        let text = "x".repeat(Value::CONTENT_BYTES_MAX + 100);
        let long = content(&Text { text: &text, bytes: 0 });
        assert!(matches!(keep(&mut state, None, long, false).unwrap(), Value::Omitted(_)));
        assert!(state.rows.is_empty());
    }
}
