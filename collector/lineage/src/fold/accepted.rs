//! What goes into the fold and what comes out.

use std::fmt;

use crate::alert::AlertMessage;
use crate::envelope::Mode;
use crate::facts::{EventType, Facts};
use crate::id::EventId;
use crate::row::{Place, Stamp};

/// Where an envelope is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Incarnation of the partition.
    pub incarnation: [u8; 16],
    /// Partition of `lineage.events`.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.incarnation {
            write!(f, "{byte:02x}")?;
        }
        write!(f, "/{}/{}", self.partition, self.offset)
    }
}

/// An event that the recorder recorded.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'a> {
    /// The tenant.
    pub tenant: &'a str,
    /// Where the log has it.
    pub position: Position,
    /// Its id.
    pub event_id: EventId,
    /// Its position in the tenant's ledger.
    pub leaf: u64,
    /// When intake received it, ns UTC.
    pub received_at_ns: i64,
    /// How it came about.
    pub mode: Mode,
    /// What it says.
    pub facts: &'a Facts<'a>,
}

/// RUNNING, OTHER and events without a type count as heard to the whole of this, so that a flood of them writes nothing.
pub const HEARTBEAT_NS: i64 = 600 * 1_000_000_000;

impl Accepted<'_> {
    /// What orders it among the writers of a register.
    pub fn stamp(&self) -> Stamp {
        let mut event = [0; 8];
        event.copy_from_slice(&self.event_id.0[..8]);
        Stamp { time_ns: self.facts.event_time_ns, event: u64::from_be_bytes(event) }
    }

    /// Where it is recorded.
    pub fn place(&self) -> Place {
        Place { leaf: self.leaf, offset: self.position.offset }
    }

    /// Its time as a sign of life: exact for what begins, ends or declares, else floored to [`HEARTBEAT_NS`].
    pub fn heard_ns(&self) -> i64 {
        let time_ns = self.facts.event_time_ns;
        let repeats = matches!(self.facts.event_type, None | Some(EventType::Running | EventType::Other));
        if repeats && self.facts.run.is_some() {
            time_ns.saturating_sub(time_ns.rem_euclid(HEARTBEAT_NS))
        } else {
            time_ns
        }
    }
}

/// What applying an event gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// Messages for the alert topic, in order.
    pub alerts: Vec<AlertMessage>,
}
