//! Who is hit: a bounded walk downstream of the failing job, and who owns what it finds.

use std::collections::BTreeMap;

use super::message::{MessageAffected, MessageAffectedNode, MessageAffectedOwner, MessageOwner};
use crate::facts::{Owner, Tag};
use crate::graph::Side;
use crate::id::NodeId;
use crate::query::{Bounds, Direction, EdgeState, Reached, Request, Subject, View, node_text, reach};
use crate::row::{self, FacetKey, NodeKind, Read};

/// How far the walk goes: an alert must not cost more than what it is about.
const BOUNDS: Bounds = Bounds { depth_max: 16, nodes_max: 500, edges_max: 5_000 };
/// Nodes that are listed.
const LISTED_MAX: usize = 10;
/// Outputs of the job whose owners are asked.
const WRITTEN_MAX: usize = 16;

/// What lies downstream of a job.
pub(super) fn affected<S: Read>(view: View<'_, S>, job: NodeId, log_time_ns: i64) -> Result<MessageAffected, S::Error> {
    let request = Request {
        subject: Subject::Job(job),
        direction: Direction::Downstream,
        bounds: BOUNDS,
        ever: false,
        log_time_ns,
    };
    let mut reach = reach(view, &request)?;
    let datasets: Vec<&Reached> = reach.nodes.iter().filter(|node| node.node.kind == NodeKind::Dataset).collect();
    let mut jobs = std::mem::take(&mut reach.jobs);
    jobs.extend(reach.nodes.iter().filter(|node| node.node.kind == NodeKind::Job).map(|node| node.node.id));
    jobs.remove(&job);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut listed: Vec<(usize, MessageAffectedNode)> = Vec::new();
    for node in &datasets {
        let owners = owners(view, node.node.id)?;
        for owner in &owners {
            *counts.entry(owner.name.clone()).or_default() += 1;
        }
        let tags = tags(view, node.node.id)?;
        // Owned and tagged first: someone said that these matter.
        let weight = usize::from(owners.is_empty()) + usize::from(tags.is_empty());
        listed.push((
            weight,
            MessageAffectedNode {
                node: node_text(&node.node),
                hops: node.depth,
                owners: Some(owners).filter(|list| !list.is_empty()),
                tags: Some(tags).filter(|list| !list.is_empty()),
            },
        ));
    }
    listed.sort_by(|(one_weight, one), (other_weight, other)| {
        (one_weight, one.hops, &one.node).cmp(&(other_weight, other.hops, &other.node))
    });
    listed.truncate(LISTED_MAX);
    let mut by_owner: Vec<MessageAffectedOwner> =
        counts.into_iter().map(|(owner, count)| MessageAffectedOwner { owner, count }).collect();
    by_owner.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.owner.cmp(&other.owner)));
    by_owner.truncate(LISTED_MAX);
    Ok(MessageAffected {
        datasets: datasets.len() as u64,
        jobs: jobs.len() as u64,
        complete: reach.complete,
        most_important: listed.into_iter().map(|(_, node)| node).collect(),
        by_owner: Some(by_owner).filter(|list| !list.is_empty()),
    })
}

/// Datasets that the job writes, the first few.
pub(super) fn written<S: Read>(view: View<'_, S>, job: NodeId, log_time_ns: i64) -> Result<Vec<NodeId>, S::Error> {
    let standing = view.standing(job, false, log_time_ns)?;
    let mut written = Vec::new();
    for node in standing.datasets(Side::Output) {
        if written.len() < WRITTEN_MAX && standing.edge(view, node, Side::Output)?.state != EdgeState::Historical {
            written.push(node);
        }
    }
    Ok(written)
}

/// The owners that a node's standing `ownership` facet names, in its order.
///
/// # Errors
/// The store's own.
pub fn owners<S: Read>(view: View<'_, S>, node: NodeId) -> Result<Vec<MessageOwner>, S::Error> {
    let Some(content) = view.facet(node, FacetKey::Ownership)? else { return Ok(Vec::new()) };
    let owners: Vec<Owner<'_>> =
        postcard::from_bytes(&content).map_err(|_| row::Corrupt { table: row::Table::Content })?;
    Ok(owners
        .into_iter()
        .map(|owner| MessageOwner {
            name: owner.name.to_owned(),
            kind: owner.role.map(str::to_owned),
            source: "facet".to_owned(),
            contact: None,
        })
        .collect())
}

fn tags<S: Read>(view: View<'_, S>, node: NodeId) -> Result<Vec<String>, S::Error> {
    let Some(content) = view.facet(node, FacetKey::Tags)? else { return Ok(Vec::new()) };
    let tags: Vec<Tag<'_>> = postcard::from_bytes(&content).map_err(|_| row::Corrupt { table: row::Table::Content })?;
    let mut names: Vec<String> = tags.into_iter().map(|tag| tag.key.to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
