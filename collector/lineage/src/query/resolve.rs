//! What a person typed, against what exists: `dataset:NAMESPACE:NAME`, `job:NAMESPACE:NAME`, `run:UUID`,
//! `column:NAMESPACE:NAME:FIELD`. Namespaces and names hold `:` themselves, so every reading that exists is listed.

use super::answer::{NodeRef, Subject};
use crate::id::{NodeId, RunId};
use crate::row::key::{Index, NameKey, NodeKey, prefix};
use crate::row::{self, NameRow, NodeKind, NodeRow, Read, RunRow};

/// Colons of a text that are tried as the end of the namespace.
const COLONS_MAX: usize = 256;

/// What a text may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Exactly this.
    One(Subject),
    /// Any of these, in a fixed order; each with the text that says it unmistakably to a person.
    Several(Vec<(Subject, NodeRef)>),
    /// Nothing that exists.
    Unknown,
    /// No kind in front: a text to search for.
    Search,
}

/// Reads a text.
///
/// # Errors
/// The store's own.
pub fn resolve<S: Read>(state: &S, text: &str) -> Result<Resolution, S::Error> {
    let Some((kind, rest)) = text.split_once(':') else { return Ok(Resolution::Search) };
    let readings = match kind {
        "dataset" => nodes(state, rest, NodeKind::Dataset)?,
        "job" => nodes(state, rest, NodeKind::Job)?,
        "column" => columns(state, rest)?,
        "run" => return run(state, rest),
        _ => return Ok(Resolution::Search),
    };
    Ok(match readings.len() {
        0 => Resolution::Unknown,
        1 => readings.into_iter().next().map_or(Resolution::Unknown, |(subject, _)| Resolution::One(subject)),
        _ => Resolution::Several(readings),
    })
}

/// How a node is written.
pub fn node_text(node: &NodeRef) -> String {
    let kind = match node.kind {
        NodeKind::Job => "job",
        NodeKind::Dataset => "dataset",
    };
    format!("{kind}:{}:{}", node.namespace, node.name)
}

fn run<S: Read>(state: &S, text: &str) -> Result<Resolution, S::Error> {
    let Ok(run) = text.parse::<RunId>() else { return Ok(Resolution::Unknown) };
    let seen = !row::scan::<RunRow, S>(state, &prefix(&[&run.0]), 1)?.is_empty();
    // A parent that was named and never seen is a placeholder: it exists, too.
    let named = seen || !super::family::children_of(state, run, None, 1)?.is_empty();
    Ok(if named { Resolution::One(Subject::Run(run)) } else { Resolution::Unknown })
}

fn nodes<S: Read>(state: &S, text: &str, kind: NodeKind) -> Result<Vec<(Subject, NodeRef)>, S::Error> {
    let mut readings = Vec::new();
    for (colon, _) in text.match_indices(':').take(COLONS_MAX) {
        let (namespace, name) = (&text[..colon], &text[colon + 1..]);
        let id = match kind {
            NodeKind::Dataset => NodeId::dataset(namespace, name),
            NodeKind::Job => NodeId::job(namespace, name),
        };
        if let Some(row) = row::get::<NodeRow, S>(state, &NodeKey { node: id })? {
            let subject = match kind {
                NodeKind::Dataset => Subject::Dataset(id),
                NodeKind::Job => Subject::Job(id),
            };
            readings.push((subject, NodeRef { id, kind: row.kind, namespace: row.namespace, name: row.name }));
        }
    }
    Ok(readings)
}

fn columns<S: Read>(state: &S, text: &str) -> Result<Vec<(Subject, NodeRef)>, S::Error> {
    let mut readings = Vec::new();
    for (colon, _) in text.match_indices(':').take(COLONS_MAX) {
        let field = &text[colon + 1..];
        for (subject, node) in nodes(state, &text[..colon], NodeKind::Dataset)? {
            let Subject::Dataset(id) = subject else { continue };
            let key = NameKey { index: Index::Column, text: field.to_lowercase(), name: field.to_owned(), node: id };
            if row::has::<NameRow, S>(state, &key)? {
                readings.push((Subject::Column(id, field.to_owned()), node));
            }
        }
    }
    Ok(readings)
}
