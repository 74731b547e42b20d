//! What goes over the wire: requests and answers of the HTTP API, as the command line reads them too. Owns names
//! and shapes; never holds a rule, never knows a table of the store. Fields are only ever added.

mod alert;
mod checkpoint;
mod code;
mod consistency;
mod control;
mod custody;
mod dataset;
mod event;
mod example;
mod facts;
mod health;
mod job;
mod keys;
mod known;
mod lineage;
mod node;
mod page;
mod position;
mod problem;
pub mod query;
mod rejected;
mod run;
mod search;
mod snapshot;
mod status;
mod submit;
mod time;

pub use alert::{Alert, AlertState, AlertSummary, Severity};
pub use checkpoint::Checkpoint;
pub use code::{
    Engine, ExternalQuery, ExtractionError, JobType, NominalTime, SourceCode, SourceLocation, Sql, TestResult,
};
pub use consistency::{Consistency, TreeHead};
pub use control::{AlertTest, ControlReceipt, TakeoverOrder, TickOrder};
pub use custody::{Actor, Approval, Custody, Deployment, Export};
pub use dataset::{Column, Dataset, DatasetAbout, DatasetSummary, DatasetUse};
pub use event::{Event, EventSummary, Outcome};
pub use example::Example;
pub use facts::{
    Assertion, Catalog, Change, ColumnMetric, Digest, Excerpt, Level, Metrics, Origin, Owner, Records, Statistics,
    Storage, Tag, Version, VersionRead,
};
pub use health::{Readiness, ReadinessReason};
pub use job::{Job, JobAbout, JobSummary};
pub use keys::{KeyOrderNote, KeyOrderOutcome, LedgerKey, LedgerKeyState, NextKey, NextKeyOrder, TreeKeys};
pub use known::{AtLeast, Covers, Known};
pub use lineage::{Cut, CutReason, Direction, EdgeKind, EdgeState, Evidence, Lineage, LineageEdge, LineageNode};
pub use node::{Node, NodeKind};
pub use page::Page;
pub use position::{Position, PositionError};
pub use problem::{Finding, Problem};
pub use rejected::{Rejected, RejectedSummary};
pub use run::{Run, RunAbout, RunState, RunSummary};
pub use search::{SearchHit, SearchMatch};
pub use snapshot::{SnapshotFailed, SnapshotMade, SnapshotOrder, SnapshotOrdered, SnapshotSummary};
pub use status::{PartitionState, PartitionStatus, Status, WitnessTrouble};
pub use submit::{BatchReceipt, BatchStatus, BatchSummary, FailedEvent, Receipt};
pub use time::Time;
