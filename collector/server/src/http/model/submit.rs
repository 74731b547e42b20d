//! Answers to events sent.

use super::{Example, Finding, Position};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The event is durable; 201. An event sent before is answered the same: the recorder keeps it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// BLAKE3-256 id of the event, 64 hexadecimal digits: the same for the same event.
    pub event_id: String,
    /// Where its envelope stands; give it to `?at_least=` to read one's own write.
    pub position: Position,
    /// Warnings and notes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// How a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    /// Every event is durable.
    Success,
    /// Some are.
    PartialSuccess,
    /// None is.
    Failure,
}

/// The answer to a batch; 200. Each event stands for itself: those that failed are listed, the others are durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchReceipt {
    /// How it ended.
    pub status: BatchStatus,
    /// Counts; `received = successful + failed`, `failed = retriable + non_retriable`.
    pub summary: BatchSummary,
    /// Those that failed, in the order of the batch.
    pub failed_events: Vec<FailedEvent>,
    /// The furthest position written per partition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub positions: Vec<Position>,
}

/// Counts of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchSummary {
    /// Events in the request.
    pub received: u64,
    /// Durable.
    pub successful: u64,
    /// Not durable.
    pub failed: u64,
    /// Of those, the ones worth sending again.
    pub retriable: u64,
    /// Of those, the ones that would fail again.
    pub non_retriable: u64,
}

/// One event that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedEvent {
    /// Place in the array, from 0.
    pub index: u64,
    /// What to change, or why to try again.
    pub reason: String,
    /// Whether sending it again unchanged can succeed.
    pub retriable: bool,
    /// Stable code.
    pub code: String,
    /// JSON path within the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl Example for Receipt {
    fn example() -> Self {
        Self { event_id: "7c".repeat(32), position: Position::example(), findings: Vec::new() }
    }
}

impl Example for BatchReceipt {
    fn example() -> Self {
        let Finding { code, path, message, .. } = Finding::example();
        Self {
            status: BatchStatus::PartialSuccess,
            summary: BatchSummary { received: 3, successful: 2, failed: 1, retriable: 0, non_retriable: 1 },
            failed_events: vec![FailedEvent { index: 1, reason: message, retriable: false, code, path: Some(path) }],
            positions: vec![Position::example()],
        }
    }
}
