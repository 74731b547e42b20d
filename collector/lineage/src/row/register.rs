//! The register: what one facet says, since when, by which event. Owns how the bytes of its value are kept.

use serde::{Deserialize, Serialize};

use super::key::{ContentKey, Digest, HistoryKey};
use super::{FacetKey, Row, Stamp, Table};

/// What one facet says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// The facet.
    pub facet: FacetKey,
    /// Least event time that says so, ns UTC: this value for a facet with a history, else any value of the facet.
    pub first_ns: i64,
    /// Least ledger position that says so, in the same sense.
    pub first_leaf: u64,
    /// The event that it stands by.
    pub stamp: Stamp,
    /// Ledger position of that event.
    pub leaf: u64,
    /// Its content.
    pub value: Value,
}

/// Content of a facet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Value {
    /// Sent with `_deleted: true`.
    Deleted,
    /// `postcard` of the facet's facts, at most [`Value::INLINE_BYTES_MAX`].
    Inline(Vec<u8>),
    /// The same, in [`Table::Content`].
    Content(Digest),
    /// A list of which only as many items as fit are in [`Table::Content`].
    Cut(Digest),
    /// It is longer than [`Value::CONTENT_BYTES_MAX`] and no list that could be cut: only the bodies hold it.
    Omitted(Digest),
}

impl Value {
    /// Contents up to this size stand in the register itself.
    pub const INLINE_BYTES_MAX: usize = 32;
    /// Longest content that is kept. A list is cut to what fits.
    pub const CONTENT_BYTES_MAX: usize = 256 * 1024;

    /// Whether the bodies hold more than is kept.
    pub fn is_partial(&self) -> bool {
        matches!(self, Value::Cut(_) | Value::Omitted(_))
    }
}

/// Content of a facet under its digest: `postcard` of its facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentRow {
    /// The content.
    pub content: Vec<u8>,
}

impl Row for ContentRow {
    const TABLE: Table = Table::Content;
    type Key = ContentKey;
}

/// A value that stood before, or would have stood had it not come late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// Least event time that says it, ns UTC.
    pub first_ns: i64,
    /// Least ledger position that says it.
    pub first_leaf: u64,
    /// The last event that says it.
    pub stamp: Stamp,
    /// Ledger position of that event.
    pub leaf: u64,
    /// It.
    pub value: Value,
}

impl Row for HistoryRow {
    const TABLE: Table = Table::History;
    type Key = HistoryKey;
}
