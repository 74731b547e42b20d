//! Facts about a job, and the explicit `lineage` facet, whose shape jobs and datasets share.

use serde::{Deserialize, Serialize};

use super::{Approval, Deployment, Export, Owner, Tag, Text, Transformation};
use crate::id::RunId;

/// A job and its facets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job<'a> {
    /// Namespace.
    #[serde(borrow)]
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// `jobType`.
    pub job_type: Option<JobType<'a>>,
    /// `ownership`.
    pub owners: Option<Vec<Owner<'a>>>,
    /// `documentation`.
    pub documentation: Option<Text<'a>>,
    /// `sql`.
    pub sql: Option<Sql<'a>>,
    /// `sourceCode`.
    pub source_code: Option<SourceCode<'a>>,
    /// `sourceCodeLocation`.
    pub source_location: Option<SourceLocation<'a>>,
    /// `tags`.
    pub tags: Option<Vec<Tag<'a>>>,
    /// `lineage`; `None` when the facet is absent, so that an empty one keeps its meaning.
    pub lineage: Option<Vec<LineageEntry<'a>>>,
    /// `ledgerline_approval`.
    pub approvals: Vec<Approval<'a>>,
    /// `ledgerline_export`.
    pub export: Option<Export<'a>>,
    /// `ledgerline_deployment`.
    pub deployment: Option<Deployment<'a>>,
    /// Keys of every facet present.
    pub facets: Vec<&'a str>,
    /// Keys of facets sent with `_deleted: true`.
    pub deleted: Vec<&'a str>,
}

/// What kind of job it is; a hint only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobType<'a> {
    /// `BATCH`, `STREAMING`, and in the wild `STREAM`, `NONE`.
    #[serde(borrow)]
    pub processing: &'a str,
    /// `SPARK`, `AIRFLOW`, `DBT`, …
    pub integration: &'a str,
    /// `QUERY`, `DAG`, `TASK`, `MODEL`, …
    pub kind: Option<&'a str>,
}

/// The job's SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sql<'a> {
    /// The query.
    #[serde(borrow)]
    pub query: Text<'a>,
    /// Its dialect.
    pub dialect: Option<&'a str>,
}

/// The job's source code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCode<'a> {
    /// Language, e.g. `python`.
    #[serde(borrow)]
    pub language: &'a str,
    /// The code.
    pub code: Text<'a>,
}

/// Where the code lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLocation<'a> {
    /// `git`, `svn`.
    #[serde(borrow)]
    pub kind: &'a str,
    /// URL of the file or repository.
    pub url: &'a str,
    /// Repository URL.
    pub repository: Option<&'a str>,
    /// Path within it.
    pub path: Option<&'a str>,
    /// Commit, tag or version.
    pub version: Option<&'a str>,
    /// Branch.
    pub branch: Option<&'a str>,
}

/// What one end of an explicit lineage edge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EndpointKind {
    /// A dataset.
    Dataset,
    /// A job.
    Job,
}

/// One end of an explicit edge; an absent name in a `JOB` endpoint means the event's own job (filled in by intake).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint<'a> {
    /// What it is.
    pub kind: EndpointKind,
    /// Namespace.
    #[serde(borrow)]
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// The run, for a job when given.
    pub run: Option<RunId>,
}

/// One target of the explicit `lineage` facet and everything that flows into it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineageEntry<'a> {
    /// The target.
    #[serde(borrow)]
    pub target: Endpoint<'a>,
    /// Its sources; `Some(vec![])` says "known to have no upstream", `None` says nothing.
    pub inputs: Option<Vec<LineageSource<'a>>>,
    /// Sources of single columns of the target.
    pub fields: Vec<LineageField<'a>>,
}

/// A column of a target and its sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineageField<'a> {
    /// The target's column.
    #[serde(borrow)]
    pub field: &'a str,
    /// Its sources.
    pub inputs: Vec<LineageSource<'a>>,
}

/// A source in the explicit `lineage` facet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineageSource<'a> {
    /// The source.
    #[serde(borrow)]
    pub endpoint: Endpoint<'a>,
    /// Its column, when the edge is that fine.
    pub field: Option<&'a str>,
    /// How it was transformed.
    pub transformations: Vec<Transformation<'a>>,
}
