//! The seam to the stores: questions in, answers with their freshness out. Synchronous: the edge gives each call a
//! thread, bounds how many there are, and stops waiting after `http.request_timeout_ms`.

use super::model::query::{
    AlertsQuery, ConsistencyQuery, EventsQuery, LineageQuery, NodesQuery, ProofQuery, RejectedQuery, RunsQuery,
    SearchQuery,
};
use super::model::{
    Alert, AlertSummary, Checkpoint, Consistency, Dataset, DatasetSummary, Direction, Event, EventSummary, Job,
    JobSummary, KeyOrderOutcome, Known, Lineage, PartitionStatus, Readiness, Rejected, RejectedSummary, Run,
    RunSummary, SearchHit, Status, TreeKeys,
};
use bytes::Bytes;
use ledger::proof::ProofFile;
use ledger::tile::TilePath;
use tokio::sync::watch;

/// An answer, and what the store held when it was given: both from one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// The answer.
    pub body: T,
    /// How fresh it is.
    pub known: Known,
}

/// What a read comes back with.
pub type Read<T> = Result<Answer<T>, ReadError>;

/// Rows, and the key to go on after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// At most [`Span::rows_max`] rows.
    pub items: Vec<T>,
    /// Where to go on; `None` at the end. Lists that grow give the end itself.
    pub next: Option<Vec<u8>>,
    /// Whether there are, or were, older rows that this list does not hold.
    pub is_cut: bool,
}

impl<T> Listed<T> {
    /// Rows of a list that holds all there are.
    pub fn new(items: Vec<T>, next: Option<Vec<u8>>) -> Self {
        Self { items, next, is_cut: false }
    }
}

/// A read that comes back with rows.
pub type Found<T> = Read<Listed<T>>;

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// From where.
    pub after: After,
    /// How many rows at most; never 0.
    pub rows_max: u32,
}

/// Where a part of a list begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// At its first row.
    Start,
    /// Behind its last row: no rows, but the place from which news come.
    End,
    /// Behind this key, which an earlier [`Listed::next`] gave for the same question.
    Key(Vec<u8>),
}

/// Bytes as they were received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The bytes.
    pub bytes: Bytes,
    /// Whether these are all of them.
    pub is_whole: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// Nothing of that name.
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// A text with several readings.
    Ambiguous {
        /// The readings, as node ids.
        candidates: Vec<String>,
    },
    /// The question can't be asked so.
    Invalid {
        /// The parameter at fault.
        parameter: &'static str,
        /// What to write instead.
        reason: String,
    },
    /// It was there and has been erased.
    Gone {
        /// Under what.
        reason: String,
    },
    /// Not now: starting, halted, elsewhere.
    Unavailable {
        /// Why, and what to do.
        reason: String,
    },
    /// Our fault. The text goes to the log, not to the caller.
    Internal(String),
}

/// Where a partition's questions are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// By this process.
    Here,
    /// By another one.
    At {
        /// The partition.
        partition: u32,
        /// Where that process answers.
        url: String,
    },
    /// By none at the moment.
    OnItsWay {
        /// The partition.
        partition: u32,
        /// Why.
        reason: String,
    },
}

/// Answers from the stores. Every method may block.
pub trait Reads: Send + Sync {
    /// Where a tenant's questions are answered. Never blocks for long.
    fn home(&self, _tenant: &str) -> Home {
        Home::Here
    }
    /// The same of every partition.
    fn homes(&self) -> Vec<Home> {
        Vec::new()
    }
    /// How the partitions of this process do.
    fn partitions(&self) -> Result<Vec<PartitionStatus>, ReadError> {
        Ok(Vec::new())
    }
    /// Orders a standby to take over; false where this process stands by for none.
    fn take_over(&self) -> bool {
        false
    }
    /// Changes whenever a commit made something new visible; any value will do.
    fn progress(&self) -> watch::Receiver<u64>;
    /// Fit to answer? Never blocks for long.
    fn readiness(&self) -> Readiness;

    /// The keys of a tenant's tree; of every tree of the partition where it is the partition's own tenant.
    fn keys(&self, tenant: &str) -> Read<Vec<TreeKeys>>;

    /// What became of an order about a key, by its idempotency key.
    fn key_order(&self, tenant: &str, order: &[u8; 16]) -> Read<KeyOrderOutcome>;
    /// How fresh an answer for this tenant would be.
    fn known(&self, tenant: &str) -> Result<Known, ReadError>;
    /// What is recorded, lagging, halted.
    fn status(&self, tenant: &str) -> Read<Status>;
    /// What fed a node, or what it feeds.
    fn lineage(&self, tenant: &str, direction: Direction, query: &LineageQuery) -> Read<Lineage>;
    /// Runs, newest first.
    fn runs(&self, tenant: &str, query: &RunsQuery, span: &Span) -> Found<RunSummary>;
    /// One run by UUID.
    fn run(&self, tenant: &str, run_id: &str) -> Read<Run>;
    /// Jobs by name.
    fn jobs(&self, tenant: &str, query: &NodesQuery, span: &Span) -> Found<JobSummary>;
    /// One job by NODE text.
    fn job(&self, tenant: &str, node: &str) -> Read<Job>;
    /// Datasets by name.
    fn datasets(&self, tenant: &str, query: &NodesQuery, span: &Span) -> Found<DatasetSummary>;
    /// One dataset by NODE text.
    fn dataset(&self, tenant: &str, node: &str) -> Read<Dataset>;
    /// Names that begin so.
    fn search(&self, tenant: &str, query: &SearchQuery, span: &Span) -> Found<SearchHit>;
    /// Leaves in the order of the tree.
    fn events(&self, tenant: &str, query: &EventsQuery, span: &Span) -> Found<EventSummary>;
    /// One leaf, by event id (64 hexadecimal digits) or place in the tree.
    fn event(&self, tenant: &str, key: &str) -> Read<Event>;
    /// The body of an event.
    fn event_body(&self, tenant: &str, key: &str) -> Read<Payload>;
    /// Alert messages in the order of the log.
    fn alerts(&self, tenant: &str, query: &AlertsQuery, span: &Span) -> Found<AlertSummary>;
    /// One alert by id, in its newest state.
    fn alert(&self, tenant: &str, alert_id: &str) -> Read<Alert>;
    /// Rejections, newest first.
    fn rejected(&self, tenant: &str, query: &RejectedQuery, span: &Span) -> Found<RejectedSummary>;
    /// One rejection by key.
    fn rejection(&self, tenant: &str, key: &str) -> Read<Rejected>;
    /// The bytes that were rejected.
    fn rejected_payload(&self, tenant: &str, key: &str) -> Read<Payload>;
    /// The newest published checkpoint.
    fn checkpoint(&self, tenant: &str) -> Read<Checkpoint>;
    /// The bytes of a tile or of an entry bundle, of the tree that is published and of nothing beyond it.
    fn tile(&self, tenant: &str, path: &TilePath) -> Read<Vec<u8>>;
    /// The openings and bodies behind a bundle of leaves, in the form of an archive.
    fn bodies(&self, tenant: &str, path: &TilePath) -> Read<Vec<u8>>;
    /// Leaves with what proves them, under the newest published checkpoint.
    fn proof(&self, tenant: &str, query: &ProofQuery, may_read_bodies: bool) -> Read<ProofFile>;
    /// That the published tree of one size is the beginning of that of another.
    fn consistency(&self, tenant: &str, query: &ConsistencyQuery) -> Read<Consistency>;
}
