//! Writing registers: the newest event by (time, id) stands; contents are kept under their digest, also those that a late
//! event brings after its time, so that history does not depend on the order of arrival.

use serde::Serialize;

use crate::row::key::{ContentKey, Digest};
use crate::row::{self, ContentRow, FacetKey, Read, Register, Stamp, State, Value};

/// Context of the digest of a facet's content.
const CONTEXT: &str = "ledgerline v1 facet content";

/// What an event says for one facet: `postcard` of its facts, or that it is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The facet.
    pub facet: FacetKey,
    /// Its content; `None` when it was sent with `_deleted`.
    pub content: Option<Vec<u8>>,
}

impl Update {
    /// A facet that is there.
    pub fn set(facet: FacetKey, facts: &impl Serialize) -> Update {
        Update { facet, content: Some(content(facts)) }
    }

    /// The facet's number and a cheap digest of its content, to compare two events of one transition. Whoever forges a
    /// collision hides a difference from a rule, not from the ledger.
    pub fn digest(&self) -> (u8, u32) {
        let hash = self.content.as_deref().map_or(0, fnv1a);
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

/// Applies updates to registers kept in the order of their facets; true when any changed.
///
/// # Errors
/// The store's own.
pub fn write<S: State>(
    state: &mut S,
    registers: &mut Vec<Register>,
    stamp: Stamp,
    updates: Vec<Update>,
) -> Result<bool, S::Error> {
    let mut changed = false;
    for Update { facet, content } in updates {
        let value = match content {
            None => Value::Deleted,
            Some(content) if content.len() <= Value::INLINE_BYTES_MAX => Value::Inline(content),
            Some(content) => keep(state, registers, facet, content)?,
        };
        match registers.binary_search_by_key(&facet, |register| register.facet) {
            Ok(at) if registers[at].stamp < stamp => registers[at] = Register { facet, stamp, value },
            Ok(_) => continue,
            Err(at) => registers.insert(at, Register { facet, stamp, value }),
        }
        changed = true;
    }
    Ok(changed)
}

/// Stores a content under its digest, unless the register already points there.
fn keep<S: State>(state: &mut S, registers: &[Register], facet: FacetKey, content: Vec<u8>) -> Result<Value, S::Error> {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(&content);
    let mut digest = [0; 16];
    hasher.finalize_xof().fill(&mut digest);
    let value = Value::Content(Digest(digest));
    let stands = registers.iter().any(|register| register.facet == facet && register.value == value);
    if !stands {
        row::put(state, &ContentKey { digest: Digest(digest) }, &ContentRow { content })?;
    }
    Ok(value)
}

/// The content that stands for a facet: `postcard` of its facts. `None` when absent or deleted.
///
/// # Errors
/// The store's own.
pub fn standing<S: Read>(state: &S, registers: &[Register], facet: FacetKey) -> Result<Option<Vec<u8>>, S::Error> {
    match registers.iter().find(|register| register.facet == facet).map(|register| &register.value) {
        None | Some(Value::Deleted) => Ok(None),
        Some(Value::Inline(content)) => Ok(Some(content.clone())),
        Some(Value::Content(digest)) => {
            Ok(row::get::<ContentRow, S>(state, &ContentKey { digest: *digest })?.map(|row| row.content))
        }
    }
}
