//! What orders the writers of a register. Owns the rule by which a flood of RUNNING writes nothing.
//!
//! An event that says the same as the last one moves the register's time all the same, or a late event in between would come out
//! differently in another order of arrival. RUNNING is the exception: it counts as of the start of its ten minutes.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// RUNNING counts to the whole of this.
pub const HEARTBEAT_NS: i64 = 600 * 1_000_000_000;

/// A writer's place: later stands. Ordered by the ten minutes, then rank, then event time, then event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// Event time, ns UTC; of RUNNING the start of its ten minutes.
    pub time_ns: i64,
    /// Place among the writers of the same ten minutes. In a run: what begins or goes on 0, RUNNING 1, an end 2. Elsewhere:
    /// RUNNING 0, all others 1, so that these order by time alone.
    pub rank: u8,
    /// First 8 bytes of the event id, big-endian; of RUNNING a weight of what it says, so that repeats are one writer.
    pub event: u64,
}

impl Stamp {
    fn order(&self) -> (i64, u8, i64, u64) {
        (floor(self.time_ns), self.rank, self.time_ns, self.event)
    }
}

impl Ord for Stamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Stamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The start of the ten minutes that a time is in.
pub fn floor(time_ns: i64) -> i64 {
    time_ns.saturating_sub(time_ns.rem_euclid(HEARTBEAT_NS))
}
