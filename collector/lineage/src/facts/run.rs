//! Facts about a run. Owns the run's facets that the fold and the rules read.

use serde::{Deserialize, Serialize};

use super::{Actor, Approval, Deployment, Export, RecordSet, Tag, Text};
use crate::id::RunId;

/// A run and its facets. A facet that is absent is `None` or empty; one named in `deleted` was sent with `_deleted`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run<'a> {
    /// The run id, normalised.
    pub id: RunId,
    /// `nominalTime`.
    pub nominal_time: Option<NominalTime>,
    /// `parent`: the run that started this one.
    #[serde(borrow)]
    pub parent: Option<Parent<'a>>,
    /// `parent.root`: the topmost run.
    pub root: Option<Parent<'a>>,
    /// `errorMessage`.
    pub error: Option<ExecutionError<'a>>,
    /// `extractionError`.
    pub extraction_error: Option<ExtractionError>,
    /// `processing_engine`.
    pub engine: Option<Engine<'a>>,
    /// `externalQuery`.
    pub external_query: Option<ExternalQuery<'a>>,
    /// `jobDependencies`: upstream and downstream jobs that the scheduler knows of.
    pub dependencies: Vec<Dependency<'a>>,
    /// `tags`.
    pub tags: Vec<Tag<'a>>,
    /// `test`: results of data tests.
    pub tests: Vec<TestResult<'a>>,
    /// `ledgerline_actor`.
    pub actor: Option<Actor<'a>>,
    /// `ledgerline_approval`.
    pub approvals: Vec<Approval<'a>>,
    /// `ledgerline_export`.
    pub export: Option<Export<'a>>,
    /// `ledgerline_deployment`.
    pub deployment: Option<Deployment<'a>>,
    /// `ledgerline_records` on the run.
    pub records: Vec<RecordSet<'a>>,
    /// Keys of every facet present, standard or custom, in document order.
    pub facets: Vec<&'a str>,
    /// Keys of facets sent with `_deleted: true`.
    pub deleted: Vec<&'a str>,
}

/// A run named by another: its id and job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent<'a> {
    /// The run.
    pub run: RunId,
    /// Its job's namespace.
    #[serde(borrow)]
    pub namespace: &'a str,
    /// Its job's name.
    pub name: &'a str,
}

/// The scheduled window of a run; a filter, never a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NominalTime {
    /// Start, ns UTC.
    pub start_ns: i64,
    /// End, ns UTC.
    pub end_ns: Option<i64>,
}

/// Why a run failed, as it said itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionError<'a> {
    /// The message.
    #[serde(borrow)]
    pub message: Text<'a>,
    /// `programmingLanguage`.
    pub language: Option<&'a str>,
}

/// Lineage that the integration could not extract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtractionError {
    /// Tasks in all.
    pub tasks: i64,
    /// Tasks whose lineage is missing.
    pub failed: i64,
}

/// What ran it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine<'a> {
    /// Name, e.g. `spark`.
    #[serde(borrow)]
    pub name: Option<&'a str>,
    /// Version of the engine.
    pub version: &'a str,
    /// Version of the OpenLineage adapter.
    pub adapter: Option<&'a str>,
}

/// A query in a warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalQuery<'a> {
    /// The warehouse's id of it.
    #[serde(borrow)]
    pub id: &'a str,
    /// The warehouse.
    pub source: &'a str,
}

/// An edge between jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency<'a> {
    /// True when the other job runs after this one.
    pub downstream: bool,
    /// The other job's namespace.
    #[serde(borrow)]
    pub namespace: &'a str,
    /// The other job's name.
    pub name: &'a str,
    /// The other run, when known.
    pub run: Option<RunId>,
    /// `dependency_type`, as sent.
    pub kind: Option<&'a str>,
}

/// One data test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult<'a> {
    /// The test's name.
    #[serde(borrow)]
    pub name: &'a str,
    /// `pass`, `fail` or `skip`, as sent.
    pub status: &'a str,
    /// `error` or `warn`, as sent.
    pub severity: Option<&'a str>,
    /// What kind of test, as sent.
    pub kind: Option<&'a str>,
}
