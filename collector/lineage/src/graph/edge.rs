//! Edges as they are listed from a dataset (its jobs), between jobs, and between the names of one dataset.
//! Counts runs, never events; keeps the first and the last leaf behind each edge.

use super::change::renamed_from;
use super::name::{Naming, upsert};
use super::touched::Touched;
use crate::facts::{Dataset, EventKind};
use crate::fold::Accepted;
use crate::id::NodeId;
use crate::row::key::{EdgeKey, Link, Side};
use crate::row::{self, EdgeRow, NodeKind, State};

/// Edges that only say "these two belong together" are seen to the whole day.
const DAY_NS: i64 = 86_400 * 1_000_000_000;

/// Writes the edges of an event, and rows for nodes that only came up on the way.
///
/// # Errors
/// The store's own.
pub fn link<'a, S: State>(state: &mut S, accepted: &Accepted<'a>, touched: &Touched<'a>) -> Result<(), S::Error> {
    for &(is_dataset, namespace, name, node) in touched.without_row() {
        let kind = if is_dataset { NodeKind::Dataset } else { NodeKind::Job };
        upsert(state, accepted, &Naming { node, kind, namespace, name }, Vec::new())?;
    }
    let facts = accepted.facts;
    let observed = facts.kind == EventKind::Run;
    if let Some(owner) = touched.job.or(touched.dataset) {
        for named in &touched.named {
            let link = match named.side {
                Side::Input => Link::ReadBy,
                Side::Output => Link::WrittenBy,
            };
            let sight = Sight {
                runs: u32::from(observed && named.fresh),
                observed: observed && !named.inferred,
                declared: !observed,
                inferred: named.inferred,
                time_ns: facts.event_time_ns,
                seen_ns: accepted.heard_ns(),
                leaf: accepted.leaf,
            };
            see(state, EdgeKey { node: named.node, link, other: owner }, sight)?;
        }
    }
    let day_ns = facts.event_time_ns.saturating_sub(facts.event_time_ns.rem_euclid(DAY_NS));
    for &(from, link, to) in &touched.links {
        let sight = Sight {
            runs: 0,
            observed,
            declared: !observed,
            inferred: false,
            time_ns: facts.event_time_ns,
            seen_ns: day_ns,
            leaf: accepted.leaf,
        };
        see(state, EdgeKey { node: from, link, other: to }, sight)?;
        see(state, EdgeKey { node: to, link: reversed(link), other: from }, sight)?;
    }
    Ok(())
}

/// Links a dataset with the names that its `symlinks` facet gives it, and with the one that it had before.
pub(crate) fn names<'a>(touched: &mut Touched<'a>, accepted: &Accepted<'_>, dataset: &'a Dataset<'a>) {
    let node = touched.dataset_id(dataset.namespace, dataset.name);
    for symlink in dataset.symlinks.iter().flatten() {
        let other = touched.dataset_id(symlink.namespace, symlink.name);
        if other != node {
            touched.link(node, Link::Alias, other);
        }
    }
    let before = dataset.lifecycle.as_ref().and_then(renamed_from).filter(|_| accepted.settles());
    if let Some((namespace, name)) = before {
        let other = touched.dataset_id(namespace, name);
        if other != node {
            touched.link(node, Link::RenamedFrom, other);
        }
    }
}

/// One event's contribution to an edge.
#[derive(Clone, Copy)]
struct Sight {
    runs: u32,
    observed: bool,
    declared: bool,
    inferred: bool,
    time_ns: i64,
    seen_ns: i64,
    leaf: u64,
}

fn see<S: State>(state: &mut S, key: EdgeKey, sight: Sight) -> Result<(), S::Error> {
    let before = row::get::<EdgeRow, S>(state, &key)?;
    let mut edge = before.unwrap_or(EdgeRow {
        runs: 0,
        observed: false,
        declared: false,
        inferred: false,
        first_seen_ns: i64::MAX,
        last_seen_ns: i64::MIN,
        first_leaf: u64::MAX,
        last_leaf: u64::MAX,
    });
    edge.runs = edge.runs.saturating_add(sight.runs);
    edge.observed |= sight.observed;
    edge.declared |= sight.declared;
    edge.inferred |= sight.inferred;
    edge.first_seen_ns = edge.first_seen_ns.min(sight.time_ns);
    edge.first_leaf = edge.first_leaf.min(sight.leaf);
    if sight.seen_ns > edge.last_seen_ns {
        edge.last_seen_ns = sight.seen_ns;
        edge.last_leaf = sight.leaf;
    } else if sight.seen_ns == edge.last_seen_ns {
        edge.last_leaf = edge.last_leaf.min(sight.leaf);
    }
    if before == Some(edge) { Ok(()) } else { row::put(state, &key, &edge) }
}

fn reversed(link: Link) -> Link {
    match link {
        Link::ReadBy | Link::WrittenBy => link,
        Link::Before => Link::After,
        Link::After => Link::Before,
        Link::ParentOf => Link::ChildOf,
        Link::ChildOf => Link::ParentOf,
        Link::Alias => Link::AliasOf,
        Link::AliasOf => Link::Alias,
        Link::RenamedFrom => Link::RenamedTo,
        Link::RenamedTo => Link::RenamedFrom,
    }
}

/// The edge between a job and the dataset it reads or writes, as the dataset lists it.
pub fn edge_key(dataset: NodeId, side: Side, job: NodeId) -> EdgeKey {
    let link = match side {
        Side::Input => Link::ReadBy,
        Side::Output => Link::WrittenBy,
    };
    EdgeKey { node: dataset, link, other: job }
}
