//! Alias classes: names of one dataset, as its newest `symlinks` facet gives them. Never merges nodes; a class grows to
//! eight names, in the order in which they were first said, and no further.

use std::collections::{BTreeMap, BTreeSet};

use super::known::View;
use crate::facts::Symlink;
use crate::id::NodeId;
use crate::row::key::Link;
use crate::row::{self, FacetKey, Read};

/// Names in a class.
pub const ALIASES_MAX: usize = 8;
/// Names that are looked at to find it.
const EXPLORED_MAX: usize = 64;

/// The class of a dataset, itself among it, in the order of ids; and whether it was kept from growing.
///
/// # Errors
/// The store's own.
pub fn alias_class<S: Read>(view: View<'_, S>, node: NodeId) -> Result<(Vec<NodeId>, bool), S::Error> {
    let mut edges: BTreeSet<(i64, NodeId, NodeId)> = BTreeSet::new();
    let mut seen = BTreeSet::from([node]);
    let mut open = vec![node];
    while let Some(here) = open.pop() {
        for (link, there, first_seen_ns) in neighbours(view, here)? {
            let (declarer, named) = if link == Link::Alias { (here, there) } else { (there, here) };
            if !names(view, declarer)?.contains(&named) {
                continue;
            }
            edges.insert((first_seen_ns, declarer.min(named), declarer.max(named)));
            if seen.len() < EXPLORED_MAX && seen.insert(there) {
                open.push(there);
            }
        }
    }
    if edges.is_empty() {
        return Ok((vec![node], false));
    }
    // Classes grow together edge by edge, oldest first, so that every name of the class sees the same class.
    let mut class_of: BTreeMap<NodeId, usize> = seen.iter().copied().zip(0..).collect();
    let mut capped = false;
    for (_, one, other) in edges {
        let (Some(&one), Some(&other)) = (class_of.get(&one), class_of.get(&other)) else { continue };
        if one == other {
            continue;
        }
        let size = class_of.values().filter(|class| **class == one || **class == other).count();
        if size > ALIASES_MAX {
            capped = true;
            continue;
        }
        for class in class_of.values_mut().filter(|class| **class == other) {
            *class = one;
        }
    }
    let own = class_of.get(&node).copied();
    Ok((class_of.into_iter().filter(|(_, class)| Some(*class) == own).map(|(node, _)| node).collect(), capped))
}

fn neighbours<S: Read>(view: View<'_, S>, node: NodeId) -> Result<Vec<(Link, NodeId, i64)>, S::Error> {
    let mut found = Vec::new();
    for link in [Link::Alias, Link::AliasOf] {
        let others = view.neighbours(node, link, EXPLORED_MAX)?;
        found.extend(others.iter().map(|other| (link, other.node, other.first_seen_ns)));
    }
    Ok(found)
}

/// The names that a dataset's standing `symlinks` facet gives it.
fn names<S: Read>(view: View<'_, S>, node: NodeId) -> Result<Vec<NodeId>, S::Error> {
    let Some(content) = view.facet(node, FacetKey::Symlinks)? else { return Ok(Vec::new()) };
    let symlinks: Vec<Symlink<'_>> =
        postcard::from_bytes(&content).map_err(|_| row::Corrupt { table: row::Table::Content })?;
    Ok(symlinks.iter().map(|symlink| NodeId::dataset(symlink.namespace, symlink.name)).collect())
}
