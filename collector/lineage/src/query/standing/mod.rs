//! What stands of a job: the flows of its executions that are not left out by a later one. Owns currency.
//!
//! An edge is never retired by a write. A successful group that declared a side without extraction error leaves out all that
//! it did not name, so per side the newest such group decides: what it names is current, and so is what a later group names
//! that could not retire anything (its extraction was partial). Everything older is history.

mod flow;
mod reading;
mod stand;

use std::cell::RefCell;
use std::collections::HashMap;

use self::flow::{partners, sources, targets};
use self::reading::Reading;
use self::stand::{Stand, confirmed_before};
use super::answer::EdgeState;
use super::last_change;
use crate::graph::Side;
use crate::id::NodeId;
use crate::row::key::LifeChange;
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
    /// When datasets were last dropped, as far as it was asked.
    dropped: RefCell<HashMap<NodeId, i64>>,
    /// False when a bound kept some executions or flows out.
    pub complete: bool,
}

impl Standing {
    /// Reads it. `ever` adds every flow that the job ever had.
    ///
    /// # Errors
    /// The store's own.
    pub fn read<S: Read>(state: &S, job: NodeId, ever: bool, log_time_ns: i64) -> Result<Standing, S::Error> {
        let mut reading = Reading { state, job, flows: HashMap::new(), stands: Vec::new(), complete: true };
        reading.executions(log_time_ns)?;
        reading.declarations()?;
        if ever {
            reading.past()?;
        }
        let Reading { stands, complete, .. } = reading;
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
        Ok(Standing { job, stands, by_source, by_target, dropped: RefCell::default(), complete })
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
    pub fn edge<S: Read>(&self, state: &S, node: NodeId, side: Side) -> Result<Strength, S::Error> {
        let dropped = self.dropped(state, node)?;
        let best = self.at(node, side).map(|stand| stand.strength(stand.holds(side) && stand.said_ns > dropped)).max();
        let historical = Strength { state: EdgeState::Historical, confirmed_ns: None, observed: true };
        let best = best.unwrap_or(historical);
        if best.state == EdgeState::Attempted && confirmed_before(state, self.job, node, side)? {
            return Ok(historical);
        }
        Ok(best)
    }

    /// Where the data of `node` goes in this job (or, for the output side, where it comes from), with the state of each
    /// pair, in the order of ids. A pair is current only while both of its ends are.
    ///
    /// # Errors
    /// The store's own.
    pub fn pairs<S: Read>(&self, state: &S, node: NodeId, side: Side) -> Result<Vec<(NodeId, Strength)>, S::Error> {
        let mut pairs: HashMap<NodeId, Strength> = HashMap::new();
        let dropped = self.dropped(state, node)?;
        for stand in self.at(node, side) {
            for other in partners(&stand.flow, node, side) {
                let dropped = dropped.max(self.dropped(state, other)?);
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
        let here = self.edge(state, node, side)?;
        for (other, strength) in &mut list {
            let there = self.edge(state, *other, side.opposite())?;
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

    /// When a dataset was last dropped: what was said of it until then is history. The least time when it never was.
    ///
    /// # Errors
    /// The store's own.
    pub fn dropped<S: Read>(&self, state: &S, node: NodeId) -> Result<i64, S::Error> {
        if let Some(known) = self.dropped.borrow().get(&node) {
            return Ok(*known);
        }
        let dropped = last_change(state, node, LifeChange::Drop)?.map_or(i64::MIN, |(time_ns, _)| time_ns);
        self.dropped.borrow_mut().insert(node, dropped);
        Ok(dropped)
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
