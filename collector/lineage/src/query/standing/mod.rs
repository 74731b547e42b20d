//! What stands of a job: the flows of its executions that are not left out by a later one. Owns currency.
//!
//! An edge is never retired by a write. A successful group that declared a side without extraction error leaves out all that
//! it did not name, so per side the newest such group decides: what it names is current, and so is what a later group names
//! that could not retire anything (its extraction was partial). Everything older is history.

mod flow;
mod reading;
mod stand;

use std::collections::HashMap;
use std::ops::RangeInclusive;

use self::flow::{partners, sources, targets};
use self::reading::Reading;
use self::stand::{Stand, confirmed_before};
use super::answer::EdgeState;
use super::known::View;
use crate::graph::Side;
use crate::id::NodeId;
use crate::row::{FlowRow, Read};

/// Executions of one class that are looked at.
const GROUPS_MAX: usize = 256;
/// Flows of one group, and flows of one job, that are looked at.
const FLOWS_MAX: usize = 20_000;
/// An open execution that sends RUNNING for this long is a stream.
pub const STREAM_AFTER_NS: i64 = 3_600 * 1_000_000_000;
/// A stream that is silent for this long is not heard from any more.
pub const STREAM_SILENCE_NS: i64 = 3_600 * 1_000_000_000;

/// How strongly something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strength {
    /// Its state.
    pub state: EdgeState,
    /// End of the execution that it stands by.
    pub confirmed_ns: Option<i64>,
    /// More than a declaration says it.
    pub observed: bool,
}

/// What stands of one job (or of one dataset's own declarations).
#[derive(Clone, Debug)]
pub struct Standing {
    job: NodeId,
    stands: Vec<Stand>,
    by_source: HashMap<NodeId, Vec<usize>>,
    by_target: HashMap<NodeId, Vec<usize>>,
    /// Times of the log, ns UTC, at which the same streams count as heard from.
    holds: RangeInclusive<i64>,
    /// False when a bound kept some executions or flows out.
    pub complete: bool,
}

impl Standing {
    /// Reads it. `ever` adds every flow that the job ever had.
    ///
    /// # Errors
    /// The store's own.
    pub fn read<S: Read>(state: &S, job: NodeId, ever: bool, log_time_ns: i64) -> Result<Standing, S::Error> {
        let mut reading = Reading::new(state, job);
        reading.executions(log_time_ns)?;
        reading.declarations()?;
        if ever {
            reading.past()?;
        }
        let Reading { stands, holds, complete, .. } = reading;
        let (mut by_source, mut by_target) = (HashMap::<_, Vec<usize>>::new(), HashMap::<_, Vec<usize>>::new());
        for (at, stand) in stands.iter().enumerate() {
            for (index, list) in [(&mut by_source, sources(&stand.flow)), (&mut by_target, targets(&stand.flow))] {
                for node in list {
                    let places = index.entry(node).or_default();
                    if places.last() != Some(&at) {
                        places.push(at);
                    }
                }
            }
        }
        Ok(Standing { job, stands, by_source, by_target, holds, complete })
    }

    /// Whether it would be the same, were it read at this time of the log.
    pub(super) fn holds_at(&self, log_time_ns: i64) -> bool {
        self.holds.contains(&log_time_ns)
    }

    /// About how much room it takes, in tens of bytes.
    pub(super) fn weight(&self) -> usize {
        let ends = |index: &HashMap<NodeId, Vec<usize>>| index.values().map(|places| 4 + places.len()).sum::<usize>();
        16 + 10 * self.stands.len() + ends(&self.by_source) + ends(&self.by_target)
    }

    /// Datasets on a side, in the order of their ids.
    pub fn datasets(&self, side: Side) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = self.index(side).keys().copied().collect();
        nodes.sort_unstable();
        nodes
    }

    /// How a dataset stands on a side of the job.
    ///
    /// # Errors
    /// The store's own.
    pub fn edge<S: Read>(&self, view: View<'_, S>, node: NodeId, side: Side) -> Result<Strength, S::Error> {
        let dropped = view.dropped(node)?;
        let best = self.at(node, side).map(|stand| stand.strength(stand.holds(side) && stand.said_ns > dropped)).max();
        let historical = Strength { state: EdgeState::Historical, confirmed_ns: None, observed: true };
        let best = best.unwrap_or(historical);
        if best.state == EdgeState::Attempted && confirmed_before(view.state, self.job, node, side)? {
            return Ok(historical);
        }
        Ok(best)
    }

    /// Where the data of `node` goes in this job (or, for the output side, where it comes from), with the state of each
    /// pair, in the order of ids. A pair is current only while both of its ends are.
    ///
    /// # Errors
    /// The store's own.
    pub fn pairs<S: Read>(
        &self,
        view: View<'_, S>,
        node: NodeId,
        side: Side,
    ) -> Result<Vec<(NodeId, Strength)>, S::Error> {
        let mut pairs: HashMap<NodeId, Strength> = HashMap::new();
        let dropped = view.dropped(node)?;
        for stand in self.at(node, side) {
            for other in partners(&stand.flow, node, side) {
                let dropped = dropped.max(view.dropped(other)?);
                let strength = stand.strength(stand.pairs && stand.said_ns > dropped);
                let best = pairs.entry(other).or_insert(strength);
                *best = (*best).max(strength);
            }
        }
        let mut list: Vec<(NodeId, Strength)> = pairs.into_iter().collect();
        list.sort_unstable_by_key(|(other, _)| *other);
        if list.is_empty() {
            return Ok(list);
        }
        let here = self.edge(view, node, side)?;
        for (other, strength) in &mut list {
            let there = self.edge(view, *other, side.opposite())?;
            strength.state = strength.state.min(here.state).min(there.state);
        }
        Ok(list)
    }

    /// Column lineage in this job that has `node` as its source (or target, for the output side).
    pub fn columns(&self, node: NodeId, side: Side) -> impl Iterator<Item = (&FlowRow, Strength)> {
        self.at(node, side)
            .filter(|stand| matches!(*stand.flow, FlowRow::Columns { .. }))
            .map(|stand| (&*stand.flow, stand.strength(stand.pairs)))
    }

    fn index(&self, side: Side) -> &HashMap<NodeId, Vec<usize>> {
        match side {
            Side::Input => &self.by_source,
            Side::Output => &self.by_target,
        }
    }

    fn at(&self, node: NodeId, side: Side) -> impl Iterator<Item = &Stand> {
        self.index(side).get(&node).into_iter().flatten().map(|&at| &self.stands[at])
    }
}
