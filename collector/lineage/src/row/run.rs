//! One run under one job, folded. Owns the run's registers, sets and transitions. Never grows by a repeat.

use serde::{Deserialize, Serialize};

use super::key::{ChildKey, RunKey};
use super::{FlowId, Register, Row, Stamp, Table};
use crate::facts::EventType;
use crate::id::{EventId, NodeId, RunId};

/// Where an event is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Position in the tenant's ledger.
    pub leaf: u64,
    /// Offset of its envelope in the partition of the log.
    pub offset: i64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Terminal {
    /// COMPLETE.
    Complete,
    /// ABORT: stopped, not a failure.
    Abort,
    /// FAIL.
    Fail,
}

/// The standing end of a run: the latest event time; at a tie the greater of [`Terminal`], so that FAIL stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// How.
    pub terminal: Terminal,
    /// When, by event time, ns UTC.
    pub time_ns: i64,
    /// Where the first event that says exactly this is recorded.
    pub place: Place,
}

/// A run's parent, as its newest `parent` facet names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentRegister {
    /// The event that it stands by.
    pub stamp: Stamp,
    /// The parent run; `None` when the facet was deleted.
    pub run: Option<RunId>,
    /// The parent's job.
    pub job: NodeId,
    /// Topmost run and its job, when the facet names them.
    pub root: Option<(RunId, NodeId)>,
}

/// What one explicit `lineage` or `columnLineage` facet says of this run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// The node that carried the facet.
    pub node: NodeId,
    /// True for `columnLineage`, false for `lineage`.
    pub columns: bool,
    /// The event that it stands by.
    pub stamp: Stamp,
    /// What it makes of it, in order.
    pub flows: Vec<FlowId>,
    /// Targets whose sources it names in full, so that the product of the sets does not count for them. Sorted.
    pub explained: Vec<NodeId>,
}

/// A START or terminal event of the run, kept so that another one for the same transition can be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Transition {
    /// START, COMPLETE, ABORT or FAIL.
    pub event_type: EventType,
    /// Event time, ns UTC.
    pub time_ns: i64,
    /// Event id.
    pub event: EventId,
    /// Where it is recorded.
    pub place: Place,
    /// Digest of which facets are where: equal shapes of different events differ inside a facet.
    pub shape: u64,
    /// Digest of the inputs; 0 when none were named.
    pub inputs: u64,
    /// Digest of the outputs; 0 when none were named.
    pub outputs: u64,
    /// Run and job facets by number, with a digest of the content.
    pub facets: Vec<(u8, u32)>,
}

/// A run under one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    /// Least event time, ns UTC.
    pub started_ns: i64,
    /// Greatest event time; of RUNNING and OTHER only to the whole heartbeat, so that repeats write nothing.
    pub heard_ns: i64,
    /// Least ledger position.
    pub first_leaf: u64,
    /// The standing end; `None` while it runs.
    pub end: Option<End>,
    /// The standing parent.
    pub parent: Option<ParentRegister>,
    /// Root of the execution group that it is in now.
    pub root: RunId,
    /// True when it has no parent within its job.
    pub top: bool,
    /// Named inputs that were not inferred, at any time.
    pub declares_inputs: bool,
    /// Named outputs that were not inferred, at any time.
    pub declares_outputs: bool,
    /// Named something that intake guessed, at any time.
    pub infers: bool,
    /// Its sets: the [`super::FlowRow::Sets`] of all that it named.
    pub sets: Option<FlowId>,
    /// Explicit lineage, ordered by node, then `lineage` before `columnLineage`.
    pub lineages: Vec<Lineage>,
    /// Other run facets.
    #[serde(with = "super::packed")]
    pub registers: Vec<Register>,
    /// START and terminal events, the least [`RunRow::TRANSITIONS_MAX`] in order.
    pub transitions: Vec<Transition>,
}

impl RunRow {
    /// Transitions kept for comparison.
    pub const TRANSITIONS_MAX: usize = 8;
}

impl Row for RunRow {
    const TABLE: Table = Table::Run;
    type Key = RunKey;
}

/// A run that names another as its parent; all of it is in the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildRow {}

impl Row for ChildRow {
    const TABLE: Table = Table::Child;
    type Key = ChildKey;
}
