//! The seam to intake: events go in, and come back durable or with the reason.

use super::model::Position;
use crate::telemetry::TraceParent;
use bytes::Bytes;
use lineage::finding::Finding;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A future that owns all it needs.
pub type Answering<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How an event is to be taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// As it happens.
    #[default]
    Live,
    /// History: makes facts, fires no rule about time.
    Backfill,
    /// An exercise, marked as such for good.
    Drill,
}

/// One event as it came, and what its channel says of it.
#[derive(Debug, Clone)]
pub struct Submission {
    /// From the credential, never from the event.
    pub tenant: String,
    /// Who sent it.
    pub principal: String,
    /// The bytes as received; of a batch, the element's own.
    pub payload: Bytes,
    /// Trace context to travel with it.
    pub traceparent: Option<TraceParent>,
    /// How to take it.
    pub mode: Mode,
}

/// The event is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The event's id.
    pub event_id: [u8; 32],
    /// Where its envelope stands.
    pub position: Position,
    /// Warnings and notes.
    pub findings: Vec<Finding>,
}

/// The event is not known to be durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The event's fault; sent again it fails again. The first finding graded `reject` names the field.
    Rejected(Vec<Finding>),
    /// Back-pressure; worth sending again after this long.
    Busy {
        /// A good time to wait.
        retry_after: Duration,
    },
    /// The log can't be written now: halted, or its broker is away.
    Unavailable {
        /// Why, and what to do.
        reason: String,
    },
}

/// Takes events and answers when they are durable.
pub trait Intake: Send + Sync {
    /// One answer per submission, in the same order; events of one tenant reach the log in that order too. Work may
    /// begin at the call or at the first poll. A future dropped half-way leaves each event durable or not: the
    /// client sends it again and the recorder keeps it once.
    fn submit(&self, submissions: Vec<Submission>) -> Answering<Vec<Result<Accepted, Refused>>>;
}
