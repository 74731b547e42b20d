//! What a job is, and what ran it.

use super::Time;
use super::facts::Excerpt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What kind of job it is; a hint only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobType {
    /// `BATCH`, `STREAMING`, or as sent.
    pub processing: String,
    /// `SPARK`, `AIRFLOW`, `DBT`, …
    pub integration: String,
    /// `QUERY`, `DAG`, `TASK`, `MODEL`, …
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// SQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sql {
    /// The query.
    pub query: Excerpt,
    /// Its dialect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
}

/// Source code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceCode {
    /// Such as `python`.
    pub language: String,
    /// The code.
    pub code: Excerpt,
}

/// Where the code lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceLocation {
    /// `git`, `svn`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The file or repository.
    pub url: String,
    /// Repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Path within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Commit, tag or version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// What ran it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Engine {
    /// Such as `spark`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version.
    pub version: String,
    /// Version of the OpenLineage adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
}

/// The scheduled window of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NominalTime {
    /// Begin.
    pub start: Time,
    /// End.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Time>,
}

/// A query in a warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExternalQuery {
    /// The warehouse's id of it.
    pub id: String,
    /// The warehouse.
    pub source: String,
}

/// Lineage that the integration could not extract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExtractionError {
    /// Tasks in all.
    pub tasks: i64,
    /// Tasks whose lineage is missing.
    pub failed: i64,
}

/// A data test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestResult {
    /// Name.
    pub name: String,
    /// `pass`, `fail` or `skip`, as sent.
    pub status: String,
    /// `error` or `warn`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What kind of test, as sent.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}
