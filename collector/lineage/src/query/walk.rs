//! The walk over datasets: breadth first, one way, dataset → flow → dataset. Depth counts dataset hops; crossing an alias
//! costs nothing. A job that is met on the way is not asked for its other sides, its parents or its children.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::answer::{
    Answer, Cut, CutReason, Direction, EdgeState, Evidence, Hop, HopKind, NodeRef, Reached, Request, Stop, Subject,
};
use super::standing::{Standing, Strength};
use super::{alias_class, column, descendants, family, is_stale};
use crate::graph::{Side, edge_key};
use crate::id::{NodeId, RunId};
use crate::row::key::{FlowKey, Link, NodeKey, RunKey, prefix};
use crate::row::{self, EdgeRow, FlowRow, NodeKind, NodeRow, Read, RunRow, Terminal};

/// Answers a question.
///
/// # Errors
/// The store's own.
pub fn walk<S: Read>(state: &S, request: &Request) -> Result<Answer, S::Error> {
    let mut walk = Walk::new(state, request);
    match &request.subject {
        Subject::Dataset(node) => {
            walk.reach(*node, 0)?;
            walk.datasets()?;
        }
        Subject::Job(job) => {
            walk.begin_at_job(*job)?;
            walk.datasets()?;
        }
        Subject::Run(run) => {
            walk.begin_at_run(*run)?;
            walk.datasets()?;
        }
        Subject::Column(node, field) => column::walk(&mut walk, *node, field)?,
    }
    walk.finish()
}

/// A walk under way.
pub(super) struct Walk<'w, S> {
    pub state: &'w S,
    pub request: &'w Request,
    nodes: Vec<Reached>,
    numbers: HashMap<(NodeId, Option<String>), usize>,
    hops: Vec<Hop>,
    pub queue: VecDeque<usize>,
    standings: HashMap<NodeId, Rc<Standing>>,
    names: HashMap<NodeId, NodeRef>,
    edges_seen: usize,
    cut: Option<Cut>,
}

/// The ends of a hop, and what is known of it.
pub(super) struct Step {
    pub from: usize,
    pub to: usize,
    pub kind: HopKind,
    pub owner: NodeId,
    pub strength: Strength,
    pub via: Option<(NodeId, bool)>,
    pub transformations: Vec<String>,
}

impl<'w, S: Read> Walk<'w, S> {
    fn new(state: &'w S, request: &'w Request) -> Self {
        Walk {
            state,
            request,
            nodes: Vec::new(),
            numbers: HashMap::new(),
            hops: Vec::new(),
            queue: VecDeque::new(),
            standings: HashMap::new(),
            names: HashMap::new(),
            edges_seen: 0,
            cut: None,
        }
    }

    /// The side of a job that this walk enters it by.
    pub fn side(&self) -> Side {
        match self.request.direction {
            Direction::Downstream => Side::Input,
            Direction::Upstream => Side::Output,
        }
    }

    pub fn node(&self, number: usize) -> &Reached {
        &self.nodes[number]
    }

    fn datasets(&mut self) -> Result<(), S::Error> {
        while let Some(number) = self.queue.pop_front() {
            let (node, depth) = (self.nodes[number].node.id, self.nodes[number].depth);
            if self.nodes[number].node.kind == NodeKind::Job {
                // A facet named another job as the other end: it goes on by all that this job does.
                if number > 0 {
                    self.job_sides(number, node, None)?;
                }
                continue;
            }
            self.aliases(number)?;
            if depth >= self.request.bounds.depth_max {
                if self.has_more(node)? {
                    self.stop_at(number, CutReason::Depth);
                }
                continue;
            }
            for job in self.jobs(number, node)? {
                self.through(number, node, job, depth)?;
            }
        }
        Ok(())
    }

    /// Jobs next to a dataset on the walk's side (a dataset stands for its own declaration).
    pub fn jobs(&mut self, number: usize, node: NodeId) -> Result<Vec<NodeId>, S::Error> {
        let left = self.request.bounds.edges_max.saturating_sub(self.edges_seen);
        let key = edge_key(node, self.side(), node);
        let prefix = prefix(&[&node.0, &[key.link as u8]]);
        let mut rows = row::scan::<EdgeRow, S>(self.state, &prefix, left.saturating_add(1))?;
        if rows.len() > left {
            rows.truncate(left);
            self.stop_at(number, CutReason::Edges);
        }
        self.edges_seen += rows.len();
        Ok(rows.into_iter().map(|(key, _)| key.other).collect())
    }

    fn through(&mut self, number: usize, node: NodeId, job: NodeId, depth: u32) -> Result<(), S::Error> {
        let standing = self.standing(number, job)?;
        let mut went_on = false;
        for (other, strength) in standing.pairs(self.state, node, self.side())? {
            if !self.shows(strength.state) {
                continue;
            }
            went_on = true;
            let Some(to) = self.reach(other, depth + 1)? else {
                self.stop_at(number, CutReason::Nodes);
                return Ok(());
            };
            self.step(Step {
                from: number,
                to,
                kind: HopKind::Derives,
                owner: job,
                strength,
                via: None,
                transformations: Vec::new(),
            })?;
        }
        if went_on || job == node {
            return Ok(());
        }
        let strength = standing.edge(self.state, node, self.side())?;
        if self.shows(strength.state) {
            // The job ends the way here: it is shown, and not walked through.
            let Some(to) = self.reach_job(job, depth)? else {
                self.stop_at(number, CutReason::Nodes);
                return Ok(());
            };
            let kind = if self.side() == Side::Input { HopKind::Reads } else { HopKind::Writes };
            self.step(Step { from: number, to, kind, owner: job, strength, via: None, transformations: vec![] })?;
        }
        Ok(())
    }

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
            let key = row::key::EdgeKey { node: one, link, other };
            if let Some(edge) = row::get::<EdgeRow, S>(self.state, &key)? {
                return Ok(edge);
            }
        }
        Ok(nothing_seen())
    }

    fn begin_at_job(&mut self, job: NodeId) -> Result<(), S::Error> {
        let Some(number) = self.reach_job(job, 0)? else { return Ok(()) };
        self.job_sides(number, job, None)?;
        for (child, parent) in descendants(self.state, job)? {
            let stale = is_stale(self.state, parent, child)?;
            self.job_sides(number, child, Some((child, stale)))?;
        }
        Ok(())
    }

    /// From a job to all that it writes (or up to all that it reads).
    fn job_sides(&mut self, number: usize, job: NodeId, via: Option<(NodeId, bool)>) -> Result<(), S::Error> {
        let far = self.side().opposite();
        let depth = self.nodes[number].depth;
        let standing = self.standing(number, job)?;
        for node in standing.datasets(far) {
            let strength = standing.edge(self.state, node, far)?;
            if !self.shows(strength.state) {
                continue;
            }
            let Some(to) = self.reach(node, depth + 1)? else {
                self.stop_at(number, CutReason::Nodes);
                return Ok(());
            };
            let kind = if far == Side::Output { HopKind::Writes } else { HopKind::Reads };
            self.step(Step { from: number, to, kind, owner: job, strength, via, transformations: Vec::new() })?;
        }
        Ok(())
    }

    fn begin_at_run(&mut self, run: RunId) -> Result<(), S::Error> {
        for (key, row) in family::runs(self.state, run)? {
            let number = if key.run == run || self.nodes.is_empty() {
                let Some(number) = self.reach_job(key.job, 0)? else { return Ok(()) };
                self.nodes[number].run = Some(run);
                number
            } else {
                0
            };
            let via = (key.run != run).then_some((key.job, false));
            self.run_sides(number, &key, &row, via)?;
        }
        Ok(())
    }

    /// What a run itself named, whatever other runs of its job do.
    fn run_sides(
        &mut self,
        number: usize,
        key: &RunKey,
        row: &RunRow,
        via: Option<(NodeId, bool)>,
    ) -> Result<(), S::Error> {
        let state = match row.end.map(|end| end.terminal) {
            None => EdgeState::InProgress,
            Some(Terminal::Complete) => EdgeState::Current,
            Some(Terminal::Abort | Terminal::Fail) => EdgeState::Attempted,
        };
        let strength = Strength { state, confirmed_ns: row.end.map(|end| end.time_ns), observed: true };
        let Some(flow) = row.sets else { return Ok(()) };
        let Some(FlowRow::Sets { inputs, outputs, cited_inputs, cited_outputs, .. }) =
            row::get::<FlowRow, S>(self.state, &FlowKey { job: key.job, flow })?
        else {
            return Ok(());
        };
        let (named, cited, kind) = match self.request.direction {
            Direction::Downstream => (outputs, cited_outputs, HopKind::Writes),
            Direction::Upstream => (inputs, cited_inputs, HopKind::Reads),
        };
        for node in named.into_iter().chain(cited) {
            let Some(to) = self.reach(node, 1)? else {
                self.stop_at(number, CutReason::Nodes);
                return Ok(());
            };
            self.step(Step { from: number, to, kind, owner: key.job, strength, via, transformations: vec![] })?;
        }
        Ok(())
    }

    /// Whether a walk would go on from a dataset at the depth bound.
    fn has_more(&mut self, node: NodeId) -> Result<bool, S::Error> {
        let key = edge_key(node, self.side(), node);
        let rows = row::scan::<EdgeRow, S>(self.state, &prefix(&[&node.0, &[key.link as u8]]), 64)?;
        for (key, _) in rows {
            let standing = self.standing(0, key.other)?;
            let pairs = standing.pairs(self.state, node, self.side())?;
            if pairs.iter().any(|(_, strength)| self.shows(strength.state)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Historical edges are shown only when asked for.
    pub fn shows(&self, state: EdgeState) -> bool {
        self.request.ever || state != EdgeState::Historical
    }

    pub fn standing(&mut self, number: usize, job: NodeId) -> Result<Rc<Standing>, S::Error> {
        if let Some(known) = self.standings.get(&job) {
            return Ok(known.clone());
        }
        let standing = Rc::new(Standing::read(self.state, job, self.request.ever, self.request.log_time_ns)?);
        if !standing.complete {
            self.stop_at(number, CutReason::Executions);
        }
        self.standings.insert(job, standing.clone());
        Ok(standing)
    }

    /// The number of a dataset or foreign job, queued when it is new; `None` when there is room for no more.
    pub fn reach(&mut self, node: NodeId, depth: u32) -> Result<Option<usize>, S::Error> {
        self.reach_as(node, None, false, depth, false)
    }

    pub fn reach_as(
        &mut self,
        node: NodeId,
        field: Option<String>,
        possible: bool,
        depth: u32,
        at_once: bool,
    ) -> Result<Option<usize>, S::Error> {
        let place = (node, field);
        if let Some(&number) = self.numbers.get(&place) {
            return Ok(Some(number));
        }
        if self.nodes.len() >= self.request.bounds.nodes_max {
            return Ok(None);
        }
        let number = self.nodes.len();
        let field = place.1.clone();
        let node = self.named(node)?;
        self.nodes.push(Reached { node, field, run: None, possible, depth, stop: None });
        self.numbers.insert(place, number);
        if at_once {
            self.queue.push_front(number);
        } else {
            self.queue.push_back(number);
        }
        Ok(Some(number))
    }

    /// The number of a job that is shown but not walked through.
    fn reach_job(&mut self, job: NodeId, depth: u32) -> Result<Option<usize>, S::Error> {
        let known = self.numbers.contains_key(&(job, None));
        let number = self.reach(job, depth)?;
        if !known && number.is_some() {
            self.queue.pop_back();
        }
        Ok(number)
    }

    pub fn step(&mut self, step: Step) -> Result<(), S::Error> {
        let (from, to) = (self.nodes[step.from].node.id, self.nodes[step.to].node.id);
        let mut seen: Option<EdgeRow> = None;
        for (node, side) in [(from, self.side()), (to, self.side().opposite())] {
            if node != step.owner || from == to {
                let edge = row::get::<EdgeRow, S>(self.state, &edge_key(node, side, step.owner))?;
                seen = match (seen, edge) {
                    (Some(one), Some(other)) => Some(both(&one, &other)),
                    (one, other) => one.or(other),
                };
            }
        }
        let seen = seen.unwrap_or_else(nothing_seen);
        let owner = self.named(step.owner)?;
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

    pub fn stop_at(&mut self, number: usize, reason: CutReason) {
        let cut = self.cut.get_or_insert(Cut { reason, frontier: Vec::new() });
        if !cut.frontier.contains(&number) {
            cut.frontier.push(number);
        }
    }

    fn named(&mut self, id: NodeId) -> Result<NodeRef, S::Error> {
        if let Some(known) = self.names.get(&id) {
            return Ok(known.clone());
        }
        let node = match row::get::<NodeRow, S>(self.state, &NodeKey { node: id })? {
            Some(row) => NodeRef { id, kind: row.kind, namespace: row.namespace, name: row.name },
            None => NodeRef { id, kind: NodeKind::Dataset, namespace: String::new(), name: String::new() },
        };
        self.names.insert(id, node.clone());
        Ok(node)
    }

    fn finish(mut self) -> Result<Answer, S::Error> {
        let mut goes_on = vec![false; self.nodes.len()];
        for hop in &self.hops {
            goes_on[hop.from] = true;
        }
        for (number, node) in self.nodes.iter_mut().enumerate() {
            let at_bound = self.cut.as_ref().is_some_and(|cut| cut.frontier.contains(&number));
            node.stop = match (at_bound, goes_on[number]) {
                (true, _) => Some(Stop::Bound),
                (false, false) => Some(Stop::End),
                (false, true) => None,
            };
        }
        Ok(Answer { direction: self.request.direction, nodes: self.nodes, hops: self.hops, cut: self.cut })
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

fn nothing_seen() -> EdgeRow {
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
