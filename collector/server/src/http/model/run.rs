//! Runs.

use super::{
    Actor, Custody, DatasetUse, Engine, Example, ExternalQuery, ExtractionError, Node, NominalTime, Records, Tag,
    TestResult, Time,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A run's folded state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Named by another run, never heard of itself.
    Placeholder,
    /// Heard of, without an event type that says more.
    Unknown,
    /// START seen.
    Started,
    /// RUNNING seen.
    Running,
    /// COMPLETE seen.
    Completed,
    /// FAIL seen.
    Failed,
    /// ABORT seen.
    Aborted,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunSummary {
    /// UUID, lower case.
    pub run_id: String,
    /// Its job.
    pub job: Node,
    /// Folded from all its events, in whatever order they came.
    pub state: RunState,
    /// Event time of START.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// Event time of the terminal event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// Event time of its latest event.
    pub last_event_at: Time,
    /// Its parent run's UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_run_id: Option<String>,
    /// Events recorded of it.
    pub events: u64,
}

/// A run with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// As in lists.
    pub summary: RunSummary,
    /// What it read.
    pub inputs: Vec<DatasetUse>,
    /// What it wrote.
    pub outputs: Vec<DatasetUse>,
    /// What is said of it.
    #[serde(default)]
    pub about: RunAbout,
    /// Who acted, under whose approval, for which export or deployment.
    #[serde(default, skip_serializing_if = "Custody::is_empty")]
    pub custody: Custody,
    /// Facets that are too long to be kept here whole, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
    /// Newest run facets by name, as their producers sent them.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub facets: BTreeMap<String, serde_json::Value>,
    /// The error message, if its state is failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Runs that name it as their parent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<String>,
    /// The leaves of its events.
    pub leaves: Vec<u64>,
    /// Codes of findings in its events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<super::Finding>,
}

/// What is said of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunAbout {
    /// What ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<Engine>,
    /// Its scheduled window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nominal_time: Option<NominalTime>,
    /// Its query in a warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_query: Option<ExternalQuery>,
    /// Lineage that could not be extracted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extraction_error: Option<ExtractionError>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Data tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<TestResult>,
    /// Records that went through, whatever the dataset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<Records>,
}

impl Example for RunSummary {
    fn example() -> Self {
        Self {
            run_id: "019682a3-1f6e-7c5a-9d35-0c1c5c0f3a11".to_owned(),
            job: Node::job("etl", "load"),
            state: RunState::Completed,
            started_at: Some(Time(1_777_798_700_000_000_000)),
            ended_at: Some(Time(1_777_798_800_000_000_000)),
            last_event_at: Time(1_777_798_800_000_000_000),
            parent_run_id: None,
            events: 2,
        }
    }
}

impl Example for Run {
    fn example() -> Self {
        Self {
            summary: RunSummary::example(),
            inputs: vec![DatasetUse::example()],
            outputs: Vec::new(),
            about: RunAbout {
                engine: Some(Engine { name: Some("spark".to_owned()), version: "3.5.1".to_owned(), adapter: None }),
                ..RunAbout::default()
            },
            custody: Custody {
                actor: Some(Actor {
                    name: "user:jane".to_owned(),
                    role: Some("engineer".to_owned()),
                    session: None,
                    on_behalf_of: None,
                    operation: Some("transform".to_owned()),
                    authenticated: false,
                }),
                ..Custody::default()
            },
            cut: Vec::new(),
            facets: [("processing_engine".to_owned(), serde_json::json!({"version": "3.5.1", "name": "spark"}))].into(),
            error: None,
            children: Vec::new(),
            leaves: vec![3, 4],
            findings: Vec::new(),
        }
    }
}
