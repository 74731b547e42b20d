//! Refused records of the event log, counted within a window of its time: what keeps a storm of them one alert.

use serde::{Deserialize, Serialize};

use super::Row;
use crate::table::Table;

/// Where a refused record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedAt {
    /// Its leaf, in the partition's own tree.
    pub leaf: u64,
    /// Its offset in the event log.
    pub offset: u64,
}

/// The running window of one reason. Under the reason's code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalsRow {
    /// Start of the window, ns UTC, by the log's time.
    pub window_ns: i64,
    /// Time of the log at the first record, ns UTC.
    pub opened_ns: i64,
    /// Records so far.
    pub count: u64,
    /// The first of them.
    pub first: RefusedAt,
    /// The last of them.
    pub last: RefusedAt,
    /// Whether its alert has been sent; not before the log's first tick, for until then it has no time.
    pub told: bool,
}

impl Row for RefusalsRow {
    const TABLE: Table = Table::Refusals;
}
