//! The leaf of an accepted event.

use serde::{Deserialize, Serialize};

use super::findings::Findings;
use super::hex::{Hex, RunId};
use super::name::QualifiedName;
use super::text::{Label, Topic};
use crate::commitment::Commitment;

/// An accepted OpenLineage event. Says that there was one and what it was about, never what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Keyed digest of its canonical form.
    pub event_id: Hex<32>,
    /// Version of that form: 1 is `c14n-1`.
    pub c14n: u32,
    /// HMAC-SHA-256 of the body as received, under the opening.
    pub commitment: Commitment,
    /// What it is about.
    pub subject: Subject,
    /// When it happened, as the event says, ns UTC.
    pub event_time_ns: i64,
    /// When intake received it, ns UTC.
    pub received_at_ns: i64,
    /// Where intake read it; absent for HTTP and files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePosition>,
    /// Pseudonym of who sent it, where the channel tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Hex<16>>,
    /// What intake made of the producer's signature.
    pub verdict: Verdict,
    /// How it came about.
    pub mode: Mode,
    /// What intake noticed.
    pub findings: Findings,
    /// Version of the intake that validated it.
    pub validator_version: Label,
    /// Version of the schemas that it was validated against.
    pub schema_version: Label,
}

/// What an event is about: the three kinds of OpenLineage event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Subject {
    /// A RunEvent.
    Run {
        /// The run.
        id: RunId,
        /// Its job.
        job: QualifiedName,
    },
    /// A JobEvent.
    Job(QualifiedName),
    /// A DatasetEvent.
    Dataset(QualifiedName),
}

/// A record of an input topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourcePosition {
    /// Topic.
    pub topic: Topic,
    /// Partition.
    pub partition: u32,
    /// Offset.
    pub offset: u64,
    /// The record's timestamp, ms UTC, where it has one. It is the producer's clock or the broker's, as the topic is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_ms: Option<i64>,
}

/// What was made of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// There was none.
    Unsigned,
    /// It is good.
    Valid,
    /// It is not.
    Invalid,
    /// Its key is not enrolled.
    UnknownKey,
}

/// How an event came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// As it happened.
    Live,
    /// History brought in later.
    Backfill,
    /// A drill.
    Drill,
}
