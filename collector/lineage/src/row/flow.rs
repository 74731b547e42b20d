//! Flows: which inputs went into which outputs, each distinct set of a job stored once under its digest.
//! Never a pair of the product: a walk goes dataset → flow → dataset.

use serde::{Deserialize, Serialize};

use super::key::{FlowKey, MemberKey};
use super::{Row, Table};
use crate::id::NodeId;

/// Digest of a flow's content within its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FlowId(pub [u8; 16]);

/// A flow. Lists are sorted and hold nothing twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlowRow {
    /// All that a run (or declaration) named: each input goes into each output that is not explained.
    Sets {
        /// Inputs.
        inputs: Vec<NodeId>,
        /// Outputs.
        outputs: Vec<NodeId>,
        /// Outputs whose sources an explicit facet names.
        explained: Vec<NodeId>,
        /// Datasets that only a lineage facet names, as sources.
        cited_inputs: Vec<NodeId>,
        /// Datasets that only a lineage facet names, as targets.
        cited_outputs: Vec<NodeId>,
    },
    /// An explicit `lineage` entry: exactly these sources go into the target.
    Pairs {
        /// The target: a dataset, or another job.
        target: NodeId,
        /// Its sources: datasets, or other jobs.
        sources: Vec<NodeId>,
    },
    /// Column lineage of one target.
    Columns {
        /// The target.
        target: NodeId,
        /// Column by column.
        links: Vec<ColumnLink>,
    },
}

impl Row for FlowRow {
    const TABLE: Table = Table::Flow;
    type Key = FlowKey;
}

/// One column that another comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ColumnLink {
    /// The target's column; `None`: all of them depend on the source (`columnLineage.dataset`).
    pub field: Option<String>,
    /// The source dataset.
    pub source: NodeId,
    /// Its column; `None`: the source as a whole.
    pub source_field: Option<String>,
    /// How: `DIRECT/IDENTITY`, …, sorted; `+masked` where values are masked on the way.
    pub transformations: Vec<String>,
}

/// A flow in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    /// Runs of the group that say it.
    pub runs: u32,
}

impl Row for MemberRow {
    const TABLE: Table = Table::Member;
    type Key = MemberKey;
}
