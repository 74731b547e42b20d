//! The name index: what a text is listed under.

use super::text::take_text;
use super::{Key, KeyBytes, prefix, terminated};
use crate::id::NodeId;
use crate::row::NodeKind;

/// What a name is listed under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Index {
    /// Datasets by lower-case name, and by the last part of it.
    Dataset = 1,
    /// Jobs by lower-case name, and by the last part of it.
    Job = 2,
    /// Columns by lower-case name; the node is their dataset.
    Column = 3,
    /// Datasets by namespace, then name, as written.
    DatasetNamespace = 4,
    /// Jobs by namespace, then name, as written.
    JobNamespace = 5,
}

impl Index {
    fn of(byte: u8) -> Option<Index> {
        Some(match byte {
            1 => Index::Dataset,
            2 => Index::Job,
            3 => Index::Column,
            4 => Index::DatasetNamespace,
            5 => Index::JobNamespace,
            _ => return None,
        })
    }

    /// The search index for nodes of a kind.
    pub fn names(kind: NodeKind) -> Index {
        if kind == NodeKind::Job { Index::Job } else { Index::Dataset }
    }

    /// The listing by namespace for nodes of a kind.
    pub fn namespaces(kind: NodeKind) -> Index {
        if kind == NodeKind::Job { Index::JobNamespace } else { Index::DatasetNamespace }
    }
}

/// An entry of the name index: one text, or namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey {
    /// Which listing.
    pub index: Index,
    /// The text searched for, or the namespace; at most [`TEXT_BYTES_MAX`] bytes of it.
    pub text: String,
    /// The name within the namespace, or the column as written; empty in the other listings.
    pub name: String,
    /// The node.
    pub node: NodeId,
}

impl Key for NameKey {
    fn bytes(&self) -> KeyBytes {
        prefix(&[&[self.index as u8], &terminated(&self.text), &terminated(&self.name), &self.node.0])
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (&index, rest) = bytes.split_first()?;
        let (text, rest) = take_text(rest)?;
        let (name, rest) = take_text(rest)?;
        Some(NameKey { index: Index::of(index)?, text, name, node: NodeId(rest.try_into().ok()?) })
    }
}
