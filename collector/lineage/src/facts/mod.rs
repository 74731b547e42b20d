//! The typed facts of one OpenLineage event: what intake extracts once, the envelope carries, and the fold,
//! the graph and the rules read. Owns the shapes; `schemas/ledgerline/Facts.avsc` is their Avro form, field by field.
//! Never holds a value that depends on a clock or on anything but the event's bytes.
//!
//! Strings borrow: at intake from the payload (or the arena that unescapes), at the recorder from the envelope.

mod custody;
mod dataset;
mod job;
mod run;

pub use custody::{Actor, Approval, Deployment, Digest, Export, RecordSet};
pub use dataset::{
    Assertion, Catalog, Column, ColumnMetric, ColumnSource, Dataset, Field, Hierarchy, Lifecycle, Metrics, Origin,
    Statistics, Storage, Symlink, Transformation,
};
pub use job::{
    Endpoint, EndpointKind, Job, JobType, LineageEntry, LineageField, LineageSource, SourceCode, SourceLocation, Sql,
};
pub use run::{
    Dependency, Engine, ExecutionError, ExternalQuery, ExtractionError, NominalTime, Parent, Run, TestResult,
};

use serde::{Deserialize, Serialize};

/// Which of OpenLineage's three events it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventKind {
    /// `RunEvent`: observed.
    Run,
    /// `JobEvent`: declared.
    Job,
    /// `DatasetEvent`: declared.
    Dataset,
}

/// The transition that a RunEvent reports; absent in the wild, then `None` in [`Facts::event_type`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventType {
    /// The run began.
    Start,
    /// The run goes on.
    Running,
    /// The run ended well.
    Complete,
    /// The run was stopped; not a failure.
    Abort,
    /// The run failed.
    Fail,
    /// Anything else; also an event type we do not know (with a finding).
    Other,
}

/// Everything typed that one event says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts<'a> {
    /// Which event it is.
    pub kind: EventKind,
    /// The transition, when the event named one.
    pub event_type: Option<EventType>,
    /// Event time, nanoseconds since the epoch, UTC; a naive time was read as UTC.
    pub event_time_ns: i64,
    /// The `producer` URI, at most 1 KiB.
    #[serde(borrow)]
    pub producer: Option<&'a str>,
    /// The run, for a RunEvent.
    pub run: Option<Run<'a>>,
    /// The job, for a RunEvent or a JobEvent.
    pub job: Option<Job<'a>>,
    /// What was read.
    pub inputs: Vec<Dataset<'a>>,
    /// What was written.
    pub outputs: Vec<Dataset<'a>>,
    /// The dataset of a DatasetEvent.
    pub dataset: Option<Dataset<'a>>,
    /// Places (JSON paths) whose value intake inferred rather than read; such edges are `inferred`.
    pub inferred: Vec<&'a str>,
}

/// A longer text, cut to its first 4 KiB; the whole is in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text<'a> {
    /// At most [`Text::BYTES_MAX`] bytes, cut at a character.
    #[serde(borrow)]
    pub text: &'a str,
    /// Length of the whole text in bytes.
    pub bytes: i64,
}

impl<'a> Text<'a> {
    /// Bytes of a text that the facts keep.
    pub const BYTES_MAX: usize = 4096;

    /// Keeps the start of `whole`.
    pub fn cut(whole: &'a str) -> Self {
        let text = &whole[..whole.floor_char_boundary(Self::BYTES_MAX)];
        Text { text, bytes: i64::try_from(whole.len()).unwrap_or(i64::MAX) }
    }
}

/// An owner, as an `ownership` facet names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owner<'a> {
    /// Who: `team:sales`, `user:jane`, an address.
    #[serde(borrow)]
    pub name: &'a str,
    /// In which role: `MAINTAINER`, `DATA_STEWARD`.
    pub role: Option<&'a str>,
}

/// A tag; `field` is set when it is on one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag<'a> {
    /// Key, e.g. `pii`.
    #[serde(borrow)]
    pub key: &'a str,
    /// Value; OpenLineage sends `"true"` for a bare tag.
    pub value: Option<&'a str>,
    /// Where the tag comes from.
    pub source: Option<&'a str>,
    /// The column it is on, dotted when nested.
    pub field: Option<&'a str>,
}
