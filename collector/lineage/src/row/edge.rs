//! Edges as they are listed from a node: since when, until when, how often, on what evidence, behind which leaves.
//! Never whether they are current: that follows from the groups of the job, on read.

use serde::{Deserialize, Serialize};

use super::key::EdgeKey;
use super::{Row, Table};

/// An edge. Only grows: a dataset that a run named once is never un-named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeRow {
    /// Runs that say it.
    pub runs: u32,
    /// Some run said it itself, at some time.
    pub observed: bool,
    /// Some producer declared it, at some time.
    pub declared: bool,
    /// A guess of intake said it, at some time.
    pub inferred: bool,
    /// Least event time, ns UTC.
    pub first_seen_ns: i64,
    /// Greatest event time, ns UTC; of RUNNING and OTHER to the heartbeat.
    pub last_seen_ns: i64,
    /// Least ledger position behind it.
    pub first_leaf: u64,
    /// Least ledger position of an event that `last_seen_ns` comes from.
    pub last_leaf: u64,
}

impl Row for EdgeRow {
    const TABLE: Table = Table::Edge;
    type Key = EdgeKey;
}
