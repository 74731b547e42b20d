//! Jobs.

use super::{Custody, Example, Excerpt, JobType, Node, Owner, RunSummary, SourceCode, SourceLocation, Sql, Tag, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A job in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobSummary {
    /// Which.
    pub node: Node,
    /// Runs recorded.
    pub runs: u64,
    /// Its latest run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run: Option<RunSummary>,
    /// Event time of its latest event.
    pub last_event_at: Time,
}

/// A job with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// As in lists.
    pub summary: JobSummary,
    /// What it reads now.
    pub inputs: Vec<Node>,
    /// What it writes now.
    pub outputs: Vec<Node>,
    /// What is said of it.
    #[serde(default)]
    pub about: JobAbout,
    /// Decisions, export and deployment that it is part of.
    #[serde(default, skip_serializing_if = "Custody::is_empty")]
    pub custody: Custody,
    /// Facets that are too long to be kept here whole, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
    /// Newest job facets by name, as their producers sent them.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub facets: BTreeMap<String, serde_json::Value>,
    /// Its latest runs, newest first, at most 20.
    pub latest_runs: Vec<RunSummary>,
}

/// What is said of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobAbout {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documentation: Option<Excerpt>,
    /// Who is responsible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Owner>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// What kind of job it is.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<JobType>,
    /// Its SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<Sql>,
    /// Its source code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_code: Option<SourceCode>,
    /// Where its code lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_location: Option<SourceLocation>,
    /// Jobs that the scheduler runs before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Node>,
    /// Jobs that the scheduler runs after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Node>,
}

impl Example for JobSummary {
    fn example() -> Self {
        let run = RunSummary::example();
        Self { node: run.job.clone(), runs: 1, last_event_at: run.last_event_at, last_run: Some(run) }
    }
}

impl Example for Job {
    fn example() -> Self {
        Self {
            summary: JobSummary::example(),
            inputs: vec![Node::dataset("s3://lake", "raw/orders")],
            outputs: vec![Node::example()],
            about: JobAbout {
                owners: vec![Owner { name: "team:sales".to_owned(), role: None }],
                before: vec![Node::job("etl", "extract")],
                ..JobAbout::default()
            },
            custody: Custody::default(),
            cut: Vec::new(),
            facets: [("jobType".to_owned(), serde_json::json!({"processingType": "BATCH", "integration": "SPARK"}))]
                .into(),
            latest_runs: vec![RunSummary::example()],
        }
    }
}
