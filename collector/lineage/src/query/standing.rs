//! What stands of a job: the flows of its executions that are not left out by a later one. Owns currency.
//!
//! An edge is never retired by a write. A successful group that declared a side without extraction error leaves out all that
//! it did not name, so per side the newest such group decides: what it names is current, and so is what a later group names
//! that could not retire anything (its extraction was partial). Everything older is history.

use std::collections::HashMap;
use std::rc::Rc;

use super::answer::EdgeState;
use crate::graph::Side;
use crate::id::{NodeId, RunId};
use crate::row::key::{Class, FlowKey, Key, NewestFirst, TimelineKey, prefix};
use crate::row::{
    self, DeclarationRow, FlowGroupRow, FlowId, FlowRow, GroupRow, GroupState, MemberRow, Read, TimelineRow,
};

/// Executions of one class that are looked at.
const GROUPS_MAX: usize = 256;
/// Flows of one group, and flows of one job, that are looked at.
const FLOWS_MAX: usize = 20_000;
/// An open execution that sends RUNNING for this long is a stream.
pub const STREAM_AFTER_NS: i64 = 3_600 * 1_000_000_000;
/// A stream that is silent for this long is not heard from any more.
pub const STREAM_SILENCE_NS: i64 = 3_600 * 1_000_000_000;

/// What stands behind a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Backing {
    /// Nothing any more.
    Past,
    /// An execution that ended without success.
    Unsuccessful,
    /// An execution that goes on.
    Open,
    /// A stream that is heard from.
    Stream,
    /// A declaration that its producer has not replaced.
    Declared,
    /// A successful execution.
    Succeeded,
}

/// A flow and the execution or declaration behind it.
#[derive(Clone, Debug)]
struct Stand {
    flow: Rc<FlowRow>,
    backing: Backing,
    end_ns: Option<i64>,
    /// It stands for its inputs, for its outputs, and for which goes into which.
    inputs: bool,
    outputs: bool,
    pairs: bool,
}

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
        Ok(Standing { job, stands, by_source, by_target, complete })
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
        let best = self.at(node, side).map(|stand| stand.strength(side.holds(stand))).max();
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
        for stand in self.at(node, side) {
            let strength = stand.strength(stand.pairs);
            for other in partners(&stand.flow, node, side) {
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

impl Side {
    /// The other side.
    pub fn opposite(self) -> Side {
        match self {
            Side::Input => Side::Output,
            Side::Output => Side::Input,
        }
    }

    fn holds(self, stand: &Stand) -> bool {
        match self {
            Side::Input => stand.inputs,
            Side::Output => stand.outputs,
        }
    }
}

impl Stand {
    fn strength(&self, holds: bool) -> Strength {
        let state = match self.backing {
            _ if !holds => EdgeState::Historical,
            Backing::Past => EdgeState::Historical,
            Backing::Unsuccessful => EdgeState::Attempted,
            Backing::Open => EdgeState::InProgress,
            Backing::Stream | Backing::Declared | Backing::Succeeded => EdgeState::Current,
        };
        let confirmed_ns = self.end_ns.filter(|_| self.backing == Backing::Succeeded);
        Strength { state, confirmed_ns, observed: self.backing != Backing::Declared }
    }
}

/// The newest retiring execution per side, as a bound: what ends before it is history.
#[derive(Clone, Copy)]
struct Since {
    inputs: i64,
    outputs: i64,
    pairs: i64,
}

struct Reading<'s, S> {
    state: &'s S,
    job: NodeId,
    flows: HashMap<FlowId, Rc<FlowRow>>,
    stands: Vec<Stand>,
    complete: bool,
}

impl<S: Read> Reading<'_, S> {
    fn executions(&mut self, log_time_ns: i64) -> Result<(), S::Error> {
        let inputs = self.newest(Class::CleanInputs)?;
        let outputs = self.newest(Class::CleanOutputs)?;
        let both = self.newest(Class::CleanBoth)?;
        let end = |groups: &[(i64, RunId)]| groups.first().map_or(i64::MIN, |(end_ns, _)| *end_ns);
        let since =
            Since { inputs: end(&inputs).max(end(&both)), outputs: end(&outputs).max(end(&both)), pairs: end(&both) };
        for (end_ns, root) in inputs.into_iter().chain(outputs).chain(both) {
            self.group(root, Backing::Succeeded, Some(end_ns), since)?;
        }
        // What ends before both sides were declared anew can still speak for a pair, if it is among the newest.
        let needed = since.inputs.min(since.outputs);
        for (class, backing) in [
            (Class::Partial, Backing::Succeeded),
            (Class::Inferring, Backing::Succeeded),
            (Class::Unsuccessful, Backing::Unsuccessful),
        ] {
            for (end_ns, root) in self.until(class, since.pairs, needed)? {
                self.group(root, backing, Some(end_ns), since)?;
            }
        }
        for (_, root) in self.until(Class::Open, i64::MIN, i64::MIN)? {
            let key = row::key::GroupKey { job: self.job, root };
            let Some(group) = row::get::<GroupRow, S>(self.state, &key)? else { continue };
            let is_stream = group.heard_ns.saturating_sub(group.started_ns) >= STREAM_AFTER_NS;
            let silent = log_time_ns.saturating_sub(group.heard_ns) > STREAM_SILENCE_NS;
            let backing = match (is_stream, silent) {
                (true, false) => Backing::Stream,
                (true, true) => Backing::Past,
                (false, _) => Backing::Open,
            };
            self.group(root, backing, None, since)?;
        }
        Ok(())
    }

    /// All groups of a class that share its newest end.
    fn newest(&mut self, class: Class) -> Result<Vec<(i64, RunId)>, S::Error> {
        let first = self.timeline(class, 1)?;
        match first.first() {
            Some(&(end_ns, _)) => self.until(class, end_ns, end_ns),
            None => Ok(first),
        }
    }

    /// Groups of a class, newest first, that do not end before `oldest_ns`; to lack one that does not end before
    /// `needed_ns` is told.
    fn until(&mut self, class: Class, oldest_ns: i64, needed_ns: i64) -> Result<Vec<(i64, RunId)>, S::Error> {
        let mut groups = Vec::new();
        let mut more = false;
        let mut corrupt = None;
        let start = prefix(&[&self.job.0, &[class as u8]]);
        self.state.scan(row::Table::Timeline, &start, &start, &mut |key, _| {
            let Some(key) = TimelineKey::parse(key) else {
                corrupt = Some(row::Corrupt { table: row::Table::Timeline });
                return row::Visit::Stop;
            };
            if key.time.time_ns() < oldest_ns {
                return row::Visit::Stop;
            }
            if groups.len() == GROUPS_MAX {
                more = key.time.time_ns() >= needed_ns;
                return row::Visit::Stop;
            }
            groups.push((key.time.time_ns(), key.root));
            row::Visit::Next
        })?;
        self.complete &= !more;
        match corrupt {
            Some(fault) => Err(fault.into()),
            None => Ok(groups),
        }
    }

    fn timeline(&self, class: Class, rows_max: usize) -> Result<Vec<(i64, RunId)>, S::Error> {
        let rows = row::scan::<TimelineRow, S>(self.state, &prefix(&[&self.job.0, &[class as u8]]), rows_max)?;
        Ok(rows.into_iter().map(|(key, _)| (key.time.time_ns(), key.root)).collect())
    }

    fn group(&mut self, root: RunId, backing: Backing, end_ns: Option<i64>, since: Since) -> Result<(), S::Error> {
        let end = end_ns.unwrap_or(i64::MAX);
        let stand = Stand {
            flow: Rc::new(FlowRow::Pairs { target: self.job, sources: Vec::new() }),
            backing,
            end_ns,
            inputs: end >= since.inputs,
            outputs: end >= since.outputs,
            pairs: end >= since.pairs,
        };
        self.members(root, &stand)
    }

    fn members(&mut self, root: RunId, like: &Stand) -> Result<(), S::Error> {
        let members = row::scan::<MemberRow, S>(self.state, &prefix(&[&self.job.0, &root.0]), FLOWS_MAX)?;
        self.complete &= members.len() < FLOWS_MAX;
        for (key, _) in members {
            if let Some(flow) = self.flow(key.flow)? {
                self.stands.push(Stand { flow, ..like.clone() });
            }
        }
        Ok(())
    }

    fn flow(&mut self, flow: FlowId) -> Result<Option<Rc<FlowRow>>, S::Error> {
        if let Some(known) = self.flows.get(&flow) {
            return Ok(Some(known.clone()));
        }
        let row = row::get::<FlowRow, S>(self.state, &FlowKey { job: self.job, flow })?.map(Rc::new);
        if let Some(row) = &row {
            self.flows.insert(flow, row.clone());
        }
        Ok(row)
    }

    /// Per producer and side the newest declaration stands; the side that it leaves unsaid stays with an older one.
    fn declarations(&mut self) -> Result<(), S::Error> {
        let rows = row::scan::<DeclarationRow, S>(self.state, &prefix(&[&self.job.0]), FLOWS_MAX)?;
        self.complete &= rows.len() < FLOWS_MAX;
        let mut producer = None;
        let (mut inputs, mut outputs, mut pairs) = (None, None, None);
        for (key, declared) in rows {
            if producer != Some(key.producer) {
                (producer, inputs, outputs, pairs) = (Some(key.producer), None, None, None);
            }
            let time: NewestFirst = key.time;
            let stands = |newest: &mut Option<NewestFirst>, says: bool| says && *newest.get_or_insert(time) == time;
            let stand = Stand {
                flow: Rc::new(FlowRow::Pairs { target: self.job, sources: Vec::new() }),
                backing: Backing::Declared,
                end_ns: None,
                inputs: stands(&mut inputs, declared.inputs),
                outputs: stands(&mut outputs, declared.outputs),
                pairs: stands(&mut pairs, declared.inputs && declared.outputs),
            };
            if stand.inputs || stand.outputs || stand.pairs {
                self.members(key.root, &stand)?;
            }
        }
        Ok(())
    }

    fn past(&mut self) -> Result<(), S::Error> {
        let flows = row::scan::<FlowRow, S>(self.state, &prefix(&[&self.job.0]), FLOWS_MAX)?;
        self.complete &= flows.len() < FLOWS_MAX;
        for (_, flow) in flows {
            self.stands.push(Stand {
                flow: Rc::new(flow),
                backing: Backing::Past,
                end_ns: None,
                inputs: false,
                outputs: false,
                pairs: false,
            });
        }
        Ok(())
    }
}

/// Whether a successful execution ever named the dataset on that side. Asked only of what a failure alone speaks for.
fn confirmed_before<S: Read>(state: &S, job: NodeId, node: NodeId, side: Side) -> Result<bool, S::Error> {
    for (key, flow) in row::scan::<FlowRow, S>(state, &prefix(&[&job.0]), FLOWS_MAX)? {
        let named = match side {
            Side::Input => sources(&flow),
            Side::Output => targets(&flow),
        };
        if !named.contains(&node) {
            continue;
        }
        for (key, _) in row::scan::<FlowGroupRow, S>(state, &prefix(&[&job.0, &key.flow.0]), GROUPS_MAX)? {
            let group = row::get::<GroupRow, S>(state, &row::key::GroupKey { job, root: key.root })?;
            if group.is_some_and(|group| group.outcome().0 == GroupState::Succeeded) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// What a flow reads.
fn sources(flow: &FlowRow) -> Vec<NodeId> {
    match flow {
        FlowRow::Sets { inputs, cited_inputs, .. } => inputs.iter().chain(cited_inputs).copied().collect(),
        FlowRow::Pairs { sources, .. } => sources.clone(),
        FlowRow::Columns { links, .. } => {
            let mut sources: Vec<NodeId> = links.iter().map(|link| link.source).collect();
            sources.sort_unstable();
            sources.dedup();
            sources
        }
    }
}

/// What a flow writes.
fn targets(flow: &FlowRow) -> Vec<NodeId> {
    match flow {
        FlowRow::Sets { outputs, cited_outputs, .. } => outputs.iter().chain(cited_outputs).copied().collect(),
        FlowRow::Pairs { target, .. } | FlowRow::Columns { target, .. } => vec![*target],
    }
}

/// The other ends of a flow's pairs that have `node` on `side`.
fn partners(flow: &FlowRow, node: NodeId, side: Side) -> Vec<NodeId> {
    match (flow, side) {
        (FlowRow::Sets { inputs, outputs, explained, .. }, Side::Input) if inputs.binary_search(&node).is_ok() => {
            outputs.iter().filter(|output| explained.binary_search(output).is_err()).copied().collect()
        }
        (FlowRow::Sets { inputs, outputs, explained, .. }, Side::Output)
            if outputs.binary_search(&node).is_ok() && explained.binary_search(&node).is_err() =>
        {
            inputs.clone()
        }
        (FlowRow::Sets { .. }, _) => Vec::new(),
        (FlowRow::Pairs { target, .. } | FlowRow::Columns { target, .. }, Side::Input) => vec![*target],
        (FlowRow::Pairs { .. } | FlowRow::Columns { .. }, Side::Output) => sources(flow),
    }
}
