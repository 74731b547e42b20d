//! What goes into the fold and what comes out.

use std::fmt;

use crate::alert::AlertMessage;
use crate::envelope::Mode;
use crate::facts::{EventType, Facts};
use crate::id::EventId;
use crate::row::{Place, Stamp, floor};

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

/// An event as a writer of registers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Writer {
    /// Event time, ns UTC.
    pub time_ns: i64,
    /// Its position in the tenant's ledger.
    pub leaf: u64,
    stamp: Stamp,
    repeats: bool,
}

impl Writer {
    /// What orders it; `weight` stands for the event among RUNNING events.
    pub fn stamp(&self, weight: impl FnOnce() -> u64) -> Stamp {
        if self.repeats { Stamp { event: weight(), ..self.stamp } } else { self.stamp }
    }
}

impl Accepted<'_> {
    /// As a writer of what a job or dataset says, where all that is no RUNNING orders by time.
    pub fn writer(&self) -> Writer {
        self.ranked(1, 0)
    }

    /// As a writer of what a run says, where an end outranks RUNNING, and that all else, within the same ten minutes.
    pub fn run_writer(&self) -> Writer {
        match self.facts.event_type {
            Some(EventType::Complete | EventType::Abort | EventType::Fail) => self.ranked(2, 1),
            None | Some(EventType::Start | EventType::Running | EventType::Other) => self.ranked(0, 1),
        }
    }

    fn ranked(&self, rank: u8, running: u8) -> Writer {
        let mut event = [0; 8];
        event.copy_from_slice(&self.event_id.0[..8]);
        let time_ns = self.facts.event_time_ns;
        let repeats = self.facts.event_type == Some(EventType::Running) && self.facts.run.is_some();
        let stamp = if repeats {
            Stamp { time_ns: floor(time_ns), rank: running, event: 0 }
        } else {
            Stamp { time_ns, rank, event: u64::from_be_bytes(event) }
        };
        Writer { time_ns, leaf: self.leaf, stamp, repeats }
    }

    /// Whether what it says of a dataset's life has happened: a START intends, a FAIL or ABORT did not get there.
    pub fn settles(&self) -> bool {
        self.facts.run.is_none() || matches!(self.facts.event_type, None | Some(EventType::Complete))
    }

    /// Where it is recorded.
    pub fn place(&self) -> Place {
        Place { leaf: self.leaf, offset: self.position.offset }
    }

    /// Its time as a sign of life: exact for what begins, ends or declares, else floored to [`crate::row::HEARTBEAT_NS`].
    pub fn heard_ns(&self) -> i64 {
        let time_ns = self.facts.event_time_ns;
        let repeats = matches!(self.facts.event_type, None | Some(EventType::Running | EventType::Other));
        if repeats && self.facts.run.is_some() { floor(time_ns) } else { time_ns }
    }
}

/// What applying an event gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// Messages for the alert topic, in order.
    pub alerts: Vec<AlertMessage>,
}
