//! The walk over columns. Where a job says which column goes where, it goes exactly there; where it says nothing, any
//! column of what it writes is possible, never clean.

use super::answer::HopKind;
use super::standing::Strength;
use super::walk::{Step, Walk};
use crate::graph::Side;
use crate::id::NodeId;
use crate::row::{ColumnLink, FlowRow, Read};

/// Walks from a column of a dataset.
pub(super) fn walk<S: Read>(walk: &mut Walk<'_, S>, node: NodeId, field: &str) -> Result<(), S::Error> {
    walk.reach_as(node, Some(field.to_owned()), false, 0, false)?;
    while let Some(number) = walk.queue.pop_front() {
        let here = walk.node(number).clone();
        walk.aliases(number)?;
        walk.renames(number)?;
        if here.depth >= walk.request.bounds.depth_max {
            if !walk.jobs(number, here.node.id)?.is_empty() {
                walk.stop_at(number, super::CutReason::Depth);
            }
            continue;
        }
        for job in walk.jobs(number, here.node.id)? {
            through(walk, number, job)?;
        }
    }
    Ok(())
}

/// Dataset, column, whether it is only possible, how it stands, and how the value gets there.
type Next = (NodeId, Option<String>, bool, Strength, Vec<String>);

fn through<S: Read>(walk: &mut Walk<'_, S>, number: usize, job: NodeId) -> Result<(), S::Error> {
    let here = walk.node(number).clone();
    let side = walk.side();
    let standing = walk.standing(number, job)?;
    let pairs = standing.pairs(walk.view, here.node.id, side)?;
    let mut next: Vec<Next> = Vec::new();
    let mut explained: Vec<NodeId> = Vec::new();
    for (flow, strength) in standing.columns(here.node.id, side) {
        if !walk.shows(strength.state) {
            continue;
        }
        let FlowRow::Columns { target, links } = flow else { continue };
        for link in links {
            let (other, field) = match side {
                Side::Input => (*target, &link.field),
                Side::Output => (link.source, &link.source_field),
            };
            explained.push(other);
            let dropped = walk.view.dropped(other)?.max(walk.view.dropped(here.node.id)?);
            if !walk.request.ever && strength.confirmed_ns.is_some_and(|end_ns| end_ns <= dropped) {
                continue;
            }
            if concerns(link, side, here.node.id, here.field.as_deref()) {
                next.push((other, field.clone(), here.possible, strength, link.transformations.clone()));
            }
        }
    }
    if side == Side::Input {
        // Column lineage of a target that does not list this column is an answer: it does not go there.
        let targets = standing.datasets(Side::Output);
        for target in targets {
            if standing.columns(target, Side::Output).any(|(_, strength)| walk.shows(strength.state)) {
                explained.push(target);
            }
        }
    } else if standing.columns(here.node.id, Side::Output).any(|(_, strength)| walk.shows(strength.state)) {
        explained.extend(pairs.iter().map(|(other, _)| *other));
    }
    for (other, strength) in pairs {
        if walk.shows(strength.state) && !explained.contains(&other) {
            next.push((other, None, true, strength, Vec::new()));
        }
    }
    next.sort_unstable();
    next.dedup();
    for (other, field, possible, strength, transformations) in next {
        let Some(to) = walk.reach_as(other, field, possible, here.depth + 1, false)? else {
            walk.stop_at(number, super::CutReason::Nodes);
            return Ok(());
        };
        walk.step(Step { from: number, to, kind: HopKind::Derives, owner: job, strength, via: None, transformations })?;
    }
    Ok(())
}

/// Whether a link has this column at the end where the walk stands; no field on either side means all of them.
fn concerns(link: &ColumnLink, side: Side, node: NodeId, field: Option<&str>) -> bool {
    let end = match side {
        Side::Input if link.source == node => link.source_field.as_deref(),
        Side::Input => return false,
        Side::Output => link.field.as_deref(),
    };
    match (end, field) {
        (Some(end), Some(field)) => end == field,
        _ => true,
    }
}
