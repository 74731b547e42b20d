//! The walk over datasets: breadth first, one way, dataset → flow → dataset. Depth counts dataset hops; crossing an alias
//! costs nothing. A job that is met on the way is not asked for its other sides, its parents or its children.

mod alias;
mod begin;
mod reach;
mod step;

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

pub(super) use self::step::Step;
use super::answer::{Answer, Cut, CutReason, Direction, EdgeState, Hop, HopKind, NodeRef, Reached, Request, Subject};
use super::column;
use super::standing::Standing;
use crate::graph::{Side, edge_key};
use crate::id::NodeId;
use crate::row::key::prefix;
use crate::row::{self, EdgeRow, NodeKind, Read};

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
            self.renames(number)?;
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
}
