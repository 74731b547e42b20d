//! The walk over datasets: breadth first, one way, dataset → flow → dataset. Depth counts dataset hops; crossing an alias
//! costs nothing. A job that is met on the way is not asked for its other sides, its parents or its children.

mod alias;
mod begin;
mod reach;
mod step;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

pub(super) use self::step::Step;
use super::answer::{Answer, Cut, CutReason, Direction, EdgeState, Hop, HopKind, NodeRef, Reached, Request, Subject};
use super::column;
use super::known::{Known, View};
use super::standing::Standing;
use crate::graph::{Side, edge_key};
use crate::id::NodeId;
use crate::row::{NodeKind, Read};

/// Answers a question.
///
/// # Errors
/// The store's own.
pub fn walk<S: Read>(state: &S, request: &Request) -> Result<Answer, S::Error> {
    let known = Known::default();
    let mut walk = Walk::new(View::new(state, &known), request, true);
    walk.go()?;
    Ok(walk.answer())
}

/// What a walk comes to, without the steps that lead there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Nodes, as in [`Answer::nodes`]; where it ends there is not told.
    pub nodes: Vec<Reached>,
    /// Jobs by which it got there.
    pub jobs: BTreeSet<NodeId>,
    /// False when a bound was met.
    pub complete: bool,
}

/// Answers who is reached.
///
/// # Errors
/// The store's own.
pub fn reach<S: Read>(view: View<'_, S>, request: &Request) -> Result<Reach, S::Error> {
    let mut walk = Walk::new(view, request, false);
    walk.go()?;
    Ok(Reach { nodes: walk.nodes, jobs: walk.jobs, complete: walk.cut.is_none() })
}

/// A walk under way.
pub(super) struct Walk<'w, S> {
    pub view: View<'w, S>,
    pub request: &'w Request,
    nodes: Vec<Reached>,
    numbers: HashMap<(NodeId, Option<String>), usize>,
    /// Whether hops are told.
    tells: bool,
    hops: Vec<Hop>,
    jobs: BTreeSet<NodeId>,
    pub queue: VecDeque<usize>,
    names: HashMap<NodeId, NodeRef>,
    edges_seen: usize,
    cut: Option<Cut>,
}

impl<'w, S: Read> Walk<'w, S> {
    fn new(view: View<'w, S>, request: &'w Request, tells: bool) -> Self {
        Walk {
            view,
            request,
            nodes: Vec::new(),
            numbers: HashMap::new(),
            tells,
            hops: Vec::new(),
            jobs: BTreeSet::new(),
            queue: VecDeque::new(),
            names: HashMap::new(),
            edges_seen: 0,
            cut: None,
        }
    }

    fn go(&mut self) -> Result<(), S::Error> {
        match &self.request.subject {
            Subject::Dataset(node) => {
                self.reach(*node, 0)?;
            }
            Subject::Job(job) => self.begin_at_job(*job)?,
            Subject::Run(run) => self.begin_at_run(*run)?,
            Subject::Column(node, field) => return column::walk(self, *node, field),
        }
        self.datasets()
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
        let link = edge_key(node, self.side(), node).link;
        let found = self.view.neighbours(node, link, left.saturating_add(1))?;
        if found.len() > left {
            self.stop_at(number, CutReason::Edges);
        }
        let jobs: Vec<NodeId> = found.iter().take(left).map(|other| other.node).collect();
        self.edges_seen += jobs.len();
        Ok(jobs)
    }

    fn through(&mut self, number: usize, node: NodeId, job: NodeId, depth: u32) -> Result<(), S::Error> {
        let standing = self.standing(number, job)?;
        let mut went_on = false;
        for (other, strength) in standing.pairs(self.view, node, self.side())? {
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
        let strength = standing.edge(self.view, node, self.side())?;
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
        let link = edge_key(node, self.side(), node).link;
        for other in self.view.neighbours(node, link, 64)?.iter() {
            let standing = self.standing(0, other.node)?;
            let pairs = standing.pairs(self.view, node, self.side())?;
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

    pub fn standing(&mut self, number: usize, job: NodeId) -> Result<Arc<Standing>, S::Error> {
        let standing = self.view.standing(job, self.request.ever, self.request.log_time_ns)?;
        if !standing.complete {
            self.stop_at(number, CutReason::Executions);
        }
        Ok(standing)
    }
}
