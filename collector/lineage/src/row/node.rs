//! Jobs and datasets: their names and, facet by facet, what stands. Owns the register (last writer wins by event time,
//! then event id). Never holds a facet's content beyond a few bytes: that lies under its digest, shared and kept.

use serde::{Deserialize, Serialize};

use super::key::{ContentKey, Digest, NameKey, NodeKey};
use super::{Row, Stamp, Table};

/// What a node is. The numbers are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NodeKind {
    /// A job.
    Job,
    /// A dataset.
    Dataset,
}

/// A job or dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRow {
    /// What it is.
    pub kind: NodeKind,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Least event time that names it, ns UTC.
    pub first_seen_ns: i64,
    /// Least ledger position that names it.
    pub first_leaf: u64,
    /// What stands, in the order of [`FacetKey`].
    #[serde(with = "super::packed")]
    pub registers: Vec<Register>,
}

impl Row for NodeRow {
    const TABLE: Table = Table::Node;
    type Key = NodeKey;
}

/// Facets that are kept as registers. The order is on disk: new ones go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FacetKey {
    /// `ownership` of a job or dataset: `Vec<facts::Owner>`.
    Ownership,
    /// `documentation`: `facts::Text`.
    Documentation,
    /// `tags`: `Vec<facts::Tag>`.
    Tags,
    /// `jobType`: `facts::JobType`.
    JobType,
    /// `sql`: `facts::Sql`.
    Sql,
    /// `sourceCode`: `facts::SourceCode`.
    SourceCode,
    /// `sourceCodeLocation`: `facts::SourceLocation`.
    SourceCodeLocation,
    /// `schema`: `Vec<facts::Field>`.
    Schema,
    /// `dataSource`: `facts::Origin`.
    DataSource,
    /// `version`: text.
    Version,
    /// `lifecycleStateChange`: `facts::Lifecycle`.
    LifecycleStateChange,
    /// `datasetType`: type and sub-type.
    DatasetType,
    /// `storage`: `facts::Storage`.
    Storage,
    /// `catalog`: `facts::Catalog`.
    Catalog,
    /// `hierarchy`: `Vec<facts::Hierarchy>`.
    Hierarchy,
    /// `symlinks`: `Vec<facts::Symlink>`.
    Symlinks,
    /// `nominalTime` of a run: `facts::NominalTime`.
    NominalTime,
    /// `errorMessage` of a run: `facts::ExecutionError`.
    ErrorMessage,
    /// `extractionError` of a run: `facts::ExtractionError`.
    ExtractionError,
    /// `processing_engine` of a run: `facts::Engine`.
    ProcessingEngine,
    /// `externalQuery` of a run: `facts::ExternalQuery`.
    ExternalQuery,
    /// `test` of a run: `Vec<facts::TestResult>`.
    Test,
    /// `ledgerline_actor` of a run: `facts::Actor`.
    Actor,
    /// `ledgerline_approval`: `Vec<facts::Approval>`.
    Approval,
    /// `ledgerline_export`: `facts::Export`.
    Export,
    /// `ledgerline_deployment`: `facts::Deployment`.
    Deployment,
}

impl FacetKey {
    /// The facet's key in OpenLineage.
    pub fn name(self) -> &'static str {
        match self {
            FacetKey::Ownership => "ownership",
            FacetKey::Documentation => "documentation",
            FacetKey::Tags => "tags",
            FacetKey::JobType => "jobType",
            FacetKey::Sql => "sql",
            FacetKey::SourceCode => "sourceCode",
            FacetKey::SourceCodeLocation => "sourceCodeLocation",
            FacetKey::Schema => "schema",
            FacetKey::DataSource => "dataSource",
            FacetKey::Version => "version",
            FacetKey::LifecycleStateChange => "lifecycleStateChange",
            FacetKey::DatasetType => "datasetType",
            FacetKey::Storage => "storage",
            FacetKey::Catalog => "catalog",
            FacetKey::Hierarchy => "hierarchy",
            FacetKey::Symlinks => "symlinks",
            FacetKey::NominalTime => "nominalTime",
            FacetKey::ErrorMessage => "errorMessage",
            FacetKey::ExtractionError => "extractionError",
            FacetKey::ProcessingEngine => "processing_engine",
            FacetKey::ExternalQuery => "externalQuery",
            FacetKey::Test => "test",
            FacetKey::Actor => "ledgerline_actor",
            FacetKey::Approval => "ledgerline_approval",
            FacetKey::Export => "ledgerline_export",
            FacetKey::Deployment => "ledgerline_deployment",
        }
    }
}

/// What one facet says, and since which event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// The facet.
    pub facet: FacetKey,
    /// The event that it stands by.
    pub stamp: Stamp,
    /// Its content.
    pub value: Value,
}

/// Content of a facet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// Sent with `_deleted: true`.
    Deleted,
    /// `postcard` of the facet's facts, at most [`Value::INLINE_BYTES_MAX`].
    Inline(Vec<u8>),
    /// The same, in [`Table::Content`].
    Content(Digest),
}

impl Value {
    /// Contents up to this size stand in the register itself.
    pub const INLINE_BYTES_MAX: usize = 32;
}

/// Content of a facet under its digest: `postcard` of its facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentRow {
    /// The content.
    pub content: Vec<u8>,
}

impl Row for ContentRow {
    const TABLE: Table = Table::Content;
    type Key = ContentKey;
}

/// An entry of the name index; all of it is in the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRow {}

impl Row for NameRow {
    const TABLE: Table = Table::Name;
    type Key = NameKey;
}
