//! Recorded events, one per leaf.

use super::{Example, Finding, Node, Position, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of a record of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It has a leaf.
    Recorded,
    /// Its event was recorded before; it has none of its own.
    Duplicate,
    /// Somebody else's bytes.
    Foreign,
    /// Its seal is not ours, or its parts contradict one another.
    Refused,
    /// Sealed by us, yet not applicable.
    Unappliable,
}

/// A leaf in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventSummary {
    /// Place in the tenant's tree.
    pub leaf: u64,
    /// Kind of the leaf: `event`, `control`, `rejections`, …
    pub kind: String,
    /// The event's id; absent on leaves that stand for no event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Its place in the log.
    pub position: Position,
    /// When intake received it.
    pub received_at: Time,
    /// When it says it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time: Option<Time>,
    /// START, COMPLETE, …; absent if the event gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Its job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Node>,
    /// Its run's UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
}

/// A leaf with all that may be told without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// As in lists.
    pub summary: EventSummary,
    /// The leaf itself, as signed.
    #[schema(value_type = Object)]
    pub leaf: serde_json::Value,
    /// Bytes of the body; absent once erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<u64>,
    /// Everything found in it.
    pub findings: Vec<Finding>,
    /// How often it came again.
    pub duplicates: u64,
}

impl Example for EventSummary {
    fn example() -> Self {
        Self {
            leaf: 3,
            kind: "event".to_owned(),
            event_id: Some("7c".repeat(32)),
            outcome: Outcome::Recorded,
            position: Position::example(),
            received_at: Time(1_777_798_800_250_000_000),
            event_time: Some(Time(1_777_798_800_000_000_000)),
            event_type: Some("COMPLETE".to_owned()),
            job: Some(Node::job("etl", "load")),
            run_id: Some("019682a3-1f6e-7c5a-9d35-0c1c5c0f3a11".to_owned()),
        }
    }
}

impl Example for Event {
    fn example() -> Self {
        Self {
            summary: EventSummary::example(),
            leaf: serde_json::json!({"kind": "event", "tenant": "default"}),
            body_bytes: Some(4_120),
            findings: Vec::new(),
            duplicates: 1,
        }
    }
}
