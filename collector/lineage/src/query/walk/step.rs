//! Steps of a walk, with what is known of the edges behind them.

use super::Walk;
use crate::graph::edge_key;
use crate::id::NodeId;
use crate::query::standing::Strength;
use crate::query::{Evidence, Hop, HopKind};
use crate::row::{self, EdgeRow, NodeKind, Read};

/// The ends of a hop, and what is known of it.
pub(in crate::query) struct Step {
    pub from: usize,
    pub to: usize,
    pub kind: HopKind,
    pub owner: NodeId,
    pub strength: Strength,
    pub via: Option<(NodeId, bool)>,
    pub transformations: Vec<String>,
}

impl<S: Read> Walk<'_, S> {
    pub fn step(&mut self, step: Step) -> Result<(), S::Error> {
        let owner = self.named(step.owner)?;
        if owner.kind == NodeKind::Job {
            self.jobs.insert(owner.id);
        }
        if !self.tells {
            return Ok(());
        }
        let (from, to) = (self.nodes[step.from].node.id, self.nodes[step.to].node.id);
        let mut seen: Option<EdgeRow> = None;
        for (node, side) in [(from, self.side()), (to, self.side().opposite())] {
            if node != step.owner || from == to {
                let edge = row::get::<EdgeRow, S>(self.view.state, &edge_key(node, side, step.owner))?;
                seen = match (seen, edge) {
                    (Some(one), Some(other)) => Some(both(&one, &other)),
                    (one, other) => one.or(other),
                };
            }
        }
        let seen = seen.unwrap_or_else(nothing_seen);
        let via = match step.via {
            Some((child, _)) => Some(self.named(child)?),
            None => None,
        };
        let evidence = match () {
            () if step.strength.observed && seen.observed => Evidence::Observed,
            () if seen.declared => Evidence::Declared,
            () if seen.inferred => Evidence::Inferred,
            () => Evidence::Observed,
        };
        self.hops.push(Hop {
            from: step.from,
            to: step.to,
            kind: step.kind,
            job: (owner.kind == NodeKind::Job).then_some(owner),
            via,
            stale: step.via.is_some_and(|(_, stale)| stale),
            state: step.strength.state,
            evidence,
            confirmed_ns: step.strength.confirmed_ns,
            first_seen_ns: seen.first_seen_ns,
            last_seen_ns: seen.last_seen_ns,
            runs: seen.runs,
            first_leaf: seen.first_leaf,
            last_leaf: seen.last_leaf,
            transformations: step.transformations,
        });
        Ok(())
    }
}

/// What holds of a pair whose two ends were seen like this.
fn both(one: &EdgeRow, other: &EdgeRow) -> EdgeRow {
    EdgeRow {
        runs: one.runs.min(other.runs),
        observed: one.observed && other.observed,
        declared: one.declared && other.declared,
        inferred: one.inferred || other.inferred,
        first_seen_ns: one.first_seen_ns.max(other.first_seen_ns),
        last_seen_ns: one.last_seen_ns.min(other.last_seen_ns),
        first_leaf: one.first_leaf.max(other.first_leaf),
        last_leaf: one.last_leaf.max(other.last_leaf),
    }
}

pub(super) fn nothing_seen() -> EdgeRow {
    EdgeRow {
        runs: 0,
        observed: false,
        declared: false,
        inferred: false,
        first_seen_ns: 0,
        last_seen_ns: 0,
        first_leaf: 0,
        last_leaf: 0,
    }
}
