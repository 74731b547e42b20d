//! Other names of a dataset, crossed at no cost.

use super::Walk;
use super::step::nothing_seen;
use crate::id::NodeId;
use crate::query::{CutReason, EdgeState, Evidence, Hop, HopKind, alias_class};
use crate::row::key::{EdgeKey, Link};
use crate::row::{self, EdgeRow, Read};

impl<S: Read> Walk<'_, S> {
    /// Other names of a dataset, at its own depth.
    pub fn aliases(&mut self, number: usize) -> Result<(), S::Error> {
        let (node, depth, field) =
            (self.nodes[number].node.id, self.nodes[number].depth, self.nodes[number].field.clone());
        let possible = self.nodes[number].possible;
        let (class, _) = alias_class(self.state, node)?;
        for other in class {
            if other == node || self.numbers.contains_key(&(other, field.clone())) {
                continue;
            }
            let Some(to) = self.reach_as(other, field.clone(), possible, depth, true)? else {
                self.stop_at(number, CutReason::Nodes);
                return Ok(());
            };
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

    fn alias_edge(&self, one: NodeId, other: NodeId) -> Result<EdgeRow, S::Error> {
        for link in [Link::Alias, Link::AliasOf] {
            let key = EdgeKey { node: one, link, other };
            if let Some(edge) = row::get::<EdgeRow, S>(self.state, &key)? {
                return Ok(edge);
            }
        }
        Ok(nothing_seen())
    }
}
