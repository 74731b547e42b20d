//! Prefix search over names, and lists by namespace. Case does not matter; the last part of a dotted name is found, too.

use super::answer::NodeRef;
use crate::id::NodeId;
use crate::row::key::{Index, Key, NameKey, NodeKey, open_text};
use crate::row::{self, Corrupt, NodeRow, Read, Table, Visit};

/// What is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FoundKind {
    /// Datasets.
    Dataset,
    /// Jobs.
    Job,
    /// Columns.
    Column,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// What it is.
    pub kind: FoundKind,
    /// The dataset or job; of a column its dataset.
    pub node: NodeRef,
    /// The column.
    pub field: Option<String>,
}

/// Names that begin with `text`, at most `found_max` of each kind asked for, in the order of the name.
///
/// # Errors
/// The store's own.
pub fn search<S: Read>(state: &S, text: &str, kinds: &[FoundKind], found_max: usize) -> Result<Vec<Found>, S::Error> {
    let mut found: Vec<Found> = Vec::new();
    for &kind in kinds {
        let index = match kind {
            FoundKind::Dataset => Index::Dataset,
            FoundKind::Job => Index::Job,
            FoundKind::Column => Index::Column,
        };
        let mut hits: Vec<(NodeId, Option<String>)> = Vec::new();
        let prefix = row::key::prefix(&[&[index as u8], &open_text(&text.to_lowercase())]);
        let mut corrupt = false;
        state.scan(Table::Name, &prefix, &prefix, &mut |key, _| {
            let Some(key) = NameKey::parse(key) else {
                corrupt = true;
                return Visit::Stop;
            };
            let hit = (key.node, (kind == FoundKind::Column).then_some(key.name));
            if !hits.contains(&hit) {
                hits.push(hit);
            }
            if hits.len() < found_max { Visit::Next } else { Visit::Stop }
        })?;
        if corrupt {
            return Err(Corrupt { table: Table::Name }.into());
        }
        for (id, field) in hits {
            if let Some(row) = row::get::<NodeRow, S>(state, &NodeKey { node: id })? {
                let node = NodeRef { id, kind: row.kind, namespace: row.namespace, name: row.name };
                found.push(Found { kind, node, field });
            }
        }
    }
    Ok(found)
}
