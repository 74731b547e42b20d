//! What is asked and what is answered. Shapes only.

use serde::{Deserialize, Serialize};

use crate::id::{NodeId, RunId};
use crate::row::NodeKind;

/// Which way a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// What fed it.
    Upstream,
    /// What it feeds.
    Downstream,
}

/// Where a walk begins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A dataset.
    Dataset(NodeId),
    /// A job, with its descendants.
    Job(NodeId),
    /// A run, with its descendants.
    Run(RunId),
    /// A column of a dataset.
    Column(NodeId, String),
}

/// How far a walk may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Dataset hops.
    pub depth_max: u32,
    /// Nodes.
    pub nodes_max: usize,
    /// Edges looked at.
    pub edges_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { depth_max: 100, nodes_max: 10_000, edges_max: 100_000 }
    }
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where to begin.
    pub subject: Subject,
    /// Which way.
    pub direction: Direction,
    /// How far.
    pub bounds: Bounds,
    /// Historical edges, too.
    pub ever: bool,
    /// The log's time, ns UTC: by it a stream counts as heard from.
    pub log_time_ns: i64,
}

/// A job or dataset with its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeRef {
    /// Its id.
    pub id: NodeId,
    /// What it is.
    pub kind: NodeKind,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// How an edge is known. The strongest is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// A guess of ours.
    Inferred,
    /// A JobEvent or DatasetEvent.
    Declared,
    /// A run.
    Observed,
}

/// Where an edge stands. Ordered: the greater one is told when several hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeState {
    /// A later success left it out.
    Historical,
    /// Its execution ended without success, and none had confirmed it before.
    Attempted,
    /// Its execution goes on.
    InProgress,
    /// Confirmed by a success (or standing by declaration, or by a stream that is heard from), and not left out since.
    Current,
}

/// What a hop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HopKind {
    /// From a dataset to the job that reads it and writes nothing that it goes into; or from a job up to what it reads.
    Reads,
    /// From a job to what it writes; or from a dataset up to a job that reads nothing for it.
    Writes,
    /// From dataset to dataset, or column to column, by a job.
    Derives,
    /// Two names of one dataset; costs no depth.
    Alias,
    /// From a dataset's name before a rename to the one since, or up the other way; costs no depth.
    Renamed,
}

/// A node that was reached. Nearest first; the first ones are the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Which job or dataset; for a run its job.
    pub node: NodeRef,
    /// The column, in a walk over columns; `None` there: any column of it, all that is known.
    pub field: Option<String>,
    /// The run, when the walk began at one and this is it.
    pub run: Option<RunId>,
    /// In a walk over columns: no column lineage led here, so that it is possible, not certain.
    pub possible: bool,
    /// Dataset hops from the subject.
    pub depth: u32,
    /// Why the walk does not go on from here; `None`: it does.
    pub stop: Option<Stop>,
}

/// Why a walk ends at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Nothing known goes on from here.
    End,
    /// A bound of the request.
    Bound,
}

/// A step in the direction of the walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Number of the node it leaves, in [`Answer::nodes`].
    pub from: usize,
    /// Number of the node it arrives at.
    pub to: usize,
    /// What it is.
    pub kind: HopKind,
    /// The job that moves the data; `None` for an alias or a dataset's own declaration.
    pub job: Option<NodeRef>,
    /// Set when the subject is a parent and this is what a descendant does: that descendant.
    pub via: Option<NodeRef>,
    /// The descendant is absent from its parent's last three successful executions.
    pub stale: bool,
    /// Where it stands.
    pub state: EdgeState,
    /// How it is known.
    pub evidence: Evidence,
    /// End of the execution that it stands by, ns UTC; none while that goes on or where it is declared.
    pub confirmed_ns: Option<i64>,
    /// Least event time behind it, ns UTC.
    pub first_seen_ns: i64,
    /// Greatest event time behind it, ns UTC.
    pub last_seen_ns: i64,
    /// Runs behind it.
    pub runs: u32,
    /// First leaf behind it.
    pub first_leaf: u64,
    /// Last leaf behind it.
    pub last_leaf: u64,
    /// For columns: how, e.g. `DIRECT:IDENTITY`, with `+masked` where values are masked.
    pub transformations: Vec<String>,
}

/// Why an answer is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutReason {
    /// [`Bounds::depth_max`].
    Depth,
    /// [`Bounds::nodes_max`].
    Nodes,
    /// [`Bounds::edges_max`].
    Edges,
    /// A job has more open, failed or partial executions, or more flows, than are looked at.
    Executions,
}

/// Where and why an answer was cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The first bound that was met.
    pub reason: CutReason,
    /// Numbers of the nodes from which the walk would have gone on.
    pub frontier: Vec<usize>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which way.
    pub direction: Direction,
    /// Nodes, the subject first.
    pub nodes: Vec<Reached>,
    /// Steps, in the order they were found.
    pub hops: Vec<Hop>,
    /// `None`: it is complete.
    pub cut: Option<Cut>,
}

impl Answer {
    /// Whether all there is was found.
    pub fn complete(&self) -> bool {
        self.cut.is_none()
    }
}
