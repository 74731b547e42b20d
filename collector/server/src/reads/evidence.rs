//! The leaves behind what the graph says: of a run all of its events, of a dataset what stands of it, of an edge the first and
//! the last leaf that say it.

use ::lineage::id::RunId;
use ::lineage::query::Subject as Asked;
use std::collections::BTreeSet;

use ledger::leaf::{Detail, Subject};
use ledger::proof::SubjectKind;
use store::tables::{self, LeafKey};

use super::proofs::Found;
use super::scope::{Scope, broken};
use super::{events, lineage, runs};
use crate::http::ReadError;
use crate::http::model::Direction;
use crate::http::model::query::LineageQuery;

/// Leaves looked through for one run's.
const LEAVES_MAX: u64 = 1_000_000;

/// Leaf 0, and the key operations of the tree below `size` that changed which keys count.
pub(super) fn keys(scope: &Scope, size: u64) -> Result<Vec<u64>, ReadError> {
    let mut leaves = BTreeSet::from([0]);
    for key in tables::keys(scope.store(), scope.number).map_err(broken)? {
        // A size is counted with the leaf that it begins or ends with.
        let sizes = [Some(key.from_size), key.retired_from].into_iter().flatten().map(|size| size.saturating_sub(1));
        leaves.extend(sizes.chain(key.replaced_at).chain(key.revoked_at));
    }
    leaves.retain(|leaf| *leaf < size);
    // A key that lays itself down at the end of its overlap leaves no leaf.
    let mut operations = Vec::new();
    for leaf in leaves {
        if matches!(events::read(scope, leaf)?.detail, Detail::Genesis(_) | Detail::KeyOperation(_)) {
            operations.push(leaf);
        }
    }
    Ok(operations)
}

/// Every leaf of an event of the run, in the published tree. The graph remembers only those that tell something; the others are
/// found by looking.
pub(super) fn run(scope: &Scope, run: RunId, size: u64) -> Result<Found, ReadError> {
    let missing = || ReadError::NotFound { what: format!("run:{run}") };
    let first = runs::first_leaf(scope, run)?.ok_or_else(missing)?;
    let end = size.min(first.saturating_add(LEAVES_MAX));
    let wanted = run.to_string();
    let mut leaves = Vec::new();
    for index in first..end {
        let bytes = tables::leaf_at(scope.store(), LeafKey { tenant: scope.number, index }).map_err(broken)?;
        // Most leaves are other runs': their bytes tell without being read as JSON.
        if bytes.is_none_or(|bytes| memchr::memmem::find(&bytes, wanted.as_bytes()).is_none()) {
            continue;
        }
        if let Detail::Event(event) = events::read(scope, index)?.detail
            && matches!(&event.subject, Subject::Run { id, .. } if id.to_string() == wanted)
        {
            leaves.push(index);
        }
    }
    if leaves.is_empty() {
        // Its first event is recorded and not published yet.
        leaves.push(first);
    }
    Ok(Found { complete: end == size, ..Found::new(SubjectKind::Run, wanted, leaves) })
}

/// The leaf that named a dataset first, and those that what stands of it comes from.
pub(super) fn dataset(scope: &Scope, text: &str) -> Result<Found, ReadError> {
    let missing = || ReadError::NotFound { what: text.to_owned() };
    let Asked::Dataset(id) = scope.subject(text, &["dataset"])? else { return Err(missing()) };
    let (row, node) = scope.node(id)?.ok_or_else(missing)?;
    let stands = row.registers.iter().map(|register| register.leaf);
    Ok(Found::new(SubjectKind::Dataset, node.id, [row.first_leaf].into_iter().chain(stands).collect()))
}

/// The first and the last leaf behind each way in which the second node follows from the first.
pub(super) fn edge(scope: &Scope, from: &str, to: &str) -> Result<Found, ReadError> {
    let query = LineageQuery { node: from.trim().to_owned(), depth: Some(1), ever: true, ..LineageQuery::default() };
    let answer = lineage::lineage(scope, Direction::Downstream, &query)?;
    let to = to.trim();
    let named = |id: &str| id == to || id.split_once(':').is_some_and(|(_, rest)| rest == to);
    let ends: Vec<_> = answer.edges.iter().filter(|edge| named(&edge.to) && edge.from == answer.root.id).collect();
    let leaves: Vec<u64> = ends.iter().filter_map(|edge| edge.leaves).flatten().collect();
    let Some(first) = ends.first().filter(|_| !leaves.is_empty()) else {
        let what =
            format!("an edge from {} to {to}; `ledgerline lineage downstream` shows those there are", answer.root.id);
        return Err(ReadError::NotFound { what });
    };
    Ok(Found::new(SubjectKind::Edge, format!("{} -> {}", first.from, first.to), leaves))
}
