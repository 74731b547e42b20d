//! Jobs and datasets: their names and, facet by facet, what stands. Never holds a facet's content beyond a few bytes: that lies under its digest, shared and kept.

use serde::{Deserialize, Serialize};

use super::key::{NameKey, NodeKey};
use super::{Register, Row, Table};

/// What a node is. The numbers are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NodeKind {
    /// A job.
    Job,
    /// A dataset.
    Dataset,
}

/// A job or dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRow {
    /// What it is.
    pub kind: NodeKind,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Least event time that names it, ns UTC.
    pub first_seen_ns: i64,
    /// Least ledger position that names it.
    pub first_leaf: u64,
    /// What stands, in the order of [`FacetKey`].
    #[serde(with = "super::packed")]
    pub registers: Vec<Register>,
}

impl Row for NodeRow {
    const TABLE: Table = Table::Node;
    type Key = NodeKey;
}

/// An entry of the name index; all of it is in the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRow {}

impl Row for NameRow {
    const TABLE: Table = Table::Name;
    type Key = NameKey;
}
