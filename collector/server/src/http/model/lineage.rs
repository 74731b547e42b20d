//! The answer to `lineage upstream|downstream`.

use super::{Example, Node, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which way a walk goes. Never both: an undirected walk would return cousins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// What fed it.
    Upstream,
    /// What it feeds.
    Downstream,
}

/// A part of the graph, walked from one node in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lineage {
    /// Where the walk began.
    pub root: Node,
    /// Which way it went.
    pub direction: Direction,
    /// Whether all there is was found.
    pub complete: bool,
    /// Why it is not complete, and where it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
    /// Every node reached, the root first, nearest first.
    pub nodes: Vec<LineageNode>,
    /// Every edge walked.
    pub edges: Vec<LineageEdge>,
}

/// Where a walk was cut short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cut {
    /// By which bound.
    pub reason: CutReason,
    /// The nodes from which it would have gone on.
    pub frontier: Vec<Node>,
}

/// The bound that cut a walk short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CutReason {
    /// `depth`, counted in dataset hops.
    Depth,
    /// `nodes_max`.
    Nodes,
    /// The bound on edges.
    Edges,
    /// The bound on time.
    Time,
}

/// A node that was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineageNode {
    /// Which.
    pub node: Node,
    /// Dataset hops from the root.
    pub depth: u32,
    /// When an event last spoke of it, in event time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Time>,
    /// State of a run or of a job's last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<super::RunState>,
    /// Owners, if known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
}

/// What an edge says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// Dataset → job.
    Reads,
    /// Job → dataset.
    Writes,
    /// Dataset → dataset, or column → column.
    Derives,
    /// Job → job.
    Triggers,
    /// Parent → child.
    Parent,
    /// Version → dataset.
    VersionOf,
    /// Two names of one thing.
    Alias,
    /// From the name before a rename to the one since.
    Renamed,
}

/// How an edge is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// A run did it.
    Observed,
    /// A job or dataset event says so.
    Declared,
    /// A guess of intake's.
    Inferred,
}

/// Where an edge stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EdgeState {
    /// Its execution goes on.
    InProgress,
    /// Its execution failed, and none succeeded before.
    Attempted,
    /// Confirmed by a success and not left out since.
    Current,
    /// A later success left it out.
    Historical,
}

/// An edge, in the direction of the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineageEdge {
    /// Where the data comes from: a node's `id`.
    pub from: String,
    /// Where it goes.
    pub to: String,
    /// What it says.
    pub kind: EdgeKind,
    /// How it is known.
    pub evidence: Evidence,
    /// Where it stands.
    pub state: EdgeState,
    /// The job that moved the data, as a node's `id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The newest run behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The child through which a parent's edge is seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// How a column was made, for instance `DIRECT:IDENTITY`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transformations: Vec<String>,
    /// First heard of, in event time.
    pub first_seen: Time,
    /// Last heard of.
    pub last_seen: Time,
    /// Runs behind it, not events.
    pub count: u64,
    /// First and last leaf behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves: Option<[u64; 2]>,
}

impl Example for Lineage {
    fn example() -> Self {
        let (raw, load, orders) = (Node::dataset("s3://lake", "raw/orders"), Node::job("etl", "load"), Node::example());
        let time = Time(1_777_798_800_000_000_000);
        let edge = |from: &Node, to: &Node, kind| LineageEdge {
            from: from.id.clone(),
            to: to.id.clone(),
            kind,
            evidence: Evidence::Observed,
            state: EdgeState::Current,
            job: Some(load.id.clone()),
            run: Some("019682a3-1f6e-7c5a-9d35-0c1c5c0f3a11".to_owned()),
            via: None,
            transformations: Vec::new(),
            first_seen: time,
            last_seen: time,
            count: 1,
            leaves: Some([3, 4]),
        };
        let edges = vec![edge(&load, &orders, EdgeKind::Writes), edge(&raw, &load, EdgeKind::Reads)];
        let reached = |node: &Node, depth| LineageNode {
            node: node.clone(),
            depth,
            last_seen: Some(time),
            state: None,
            owners: Vec::new(),
        };
        Self {
            root: orders.clone(),
            direction: Direction::Upstream,
            complete: true,
            cut: None,
            nodes: vec![reached(&orders, 0), reached(&load, 1), reached(&raw, 1)],
            edges,
        }
    }
}
