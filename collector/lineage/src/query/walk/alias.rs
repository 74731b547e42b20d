//! Other names of a dataset, at the same time or after one another, crossed at no cost.

use super::Walk;
use super::step::nothing_seen;
use crate::id::NodeId;
use crate::query::{CutReason, Direction, EdgeState, Evidence, Hop, HopKind, alias_class, renames};
use crate::row::key::{EdgeKey, Link};
use crate::row::{self, EdgeRow, Read};

impl<S: Read> Walk<'_, S> {
    /// Other names of a dataset, at its own depth.
    pub fn aliases(&mut self, number: usize) -> Result<(), S::Error> {
        let (node, depth, field) =
            (self.nodes[number].node.id, self.nodes[number].depth, self.nodes[number].field.clone());
        let possible = self.nodes[number].possible;
        let (class, _) = alias_class(self.view, node)?;
        for other in class {
            if other == node || self.numbers.contains_key(&(other, field.clone())) {
                continue;
            }
            let Some(to) = self.reach_as(other, field.clone(), possible, depth, true)? else {
                self.stop_at(number, CutReason::Nodes);
                return Ok(());
            };
            if !self.tells {
                continue;
            }
            let edge = self.alias_edge(node, other)?;
            self.hops.push(Hop {
                from: number,
                to,
                kind: HopKind::Alias,
                job: None,
                via: None,
                stale: false,
                state: EdgeState::Current,
                evidence: Evidence::Observed,
                confirmed_ns: None,
                first_seen_ns: edge.first_seen_ns,
                last_seen_ns: edge.last_seen_ns,
                runs: edge.runs,
                first_leaf: edge.first_leaf,
                last_leaf: edge.last_leaf,
                transformations: Vec::new(),
            });
        }
        Ok(())
    }

    /// The name that a dataset had before (upstream), or has since (downstream), at its own depth.
    pub fn renames(&mut self, number: usize) -> Result<(), S::Error> {
        let here = self.nodes[number].clone();
        let upstream = self.request.direction == Direction::Upstream;
        for renamed in renames(self.view, here.node.id, upstream)? {
            let state = if renamed.current { EdgeState::Current } else { EdgeState::Historical };
            if !self.shows(state) || self.numbers.contains_key(&(renamed.other, here.field.clone())) {
                continue;
            }
            let Some(to) = self.reach_as(renamed.other, here.field.clone(), here.possible, here.depth, true)? else {
                self.stop_at(number, CutReason::Nodes);
                return Ok(());
            };
            self.hops.push(Hop {
                from: number,
                to,
                kind: HopKind::Renamed,
                job: None,
                via: None,
                stale: false,
                state,
                evidence: Evidence::Observed,
                confirmed_ns: Some(renamed.time_ns),
                first_seen_ns: renamed.time_ns,
                last_seen_ns: renamed.time_ns,
                runs: 0,
                first_leaf: renamed.leaf,
                last_leaf: renamed.leaf,
                transformations: Vec::new(),
            });
        }
        Ok(())
    }

    fn alias_edge(&self, one: NodeId, other: NodeId) -> Result<EdgeRow, S::Error> {
        for link in [Link::Alias, Link::AliasOf] {
            let key = EdgeKey { node: one, link, other };
            if let Some(edge) = row::get::<EdgeRow, S>(self.view.state, &key)? {
                return Ok(edge);
            }
        }
        Ok(nothing_seen())
    }
}
