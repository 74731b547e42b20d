//! Jobs.

use super::{Example, Node, RunSummary, Time};
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
    /// Newest job facets by name, as their producers sent them.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub facets: BTreeMap<String, serde_json::Value>,
    /// Its latest runs, newest first, at most 20.
    pub latest_runs: Vec<RunSummary>,
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
            facets: [("jobType".to_owned(), serde_json::json!({"processingType": "BATCH", "integration": "SPARK"}))]
                .into(),
            latest_runs: vec![RunSummary::example()],
        }
    }
}
