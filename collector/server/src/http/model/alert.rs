//! Alerts.

use super::{Example, Node, Position, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// The condition holds.
    Firing,
    /// It holds, and more is known.
    Updated,
    /// It has ended.
    Resolved,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Look at it today.
    Warning,
    /// Act now.
    Critical,
}

/// An alert in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertSummary {
    /// The same for the same trouble, whichever event came first.
    pub alert_id: String,
    /// The rule that fired.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// Where it stands.
    pub state: AlertState,
    /// Counts its messages, from 0.
    pub sequence: u64,
    /// What it is about.
    pub subject: Node,
    /// What happened, in one sentence.
    pub summary: String,
    /// When it began, in event time.
    pub at: Time,
    /// The message's place in the log, with its ordinal; absent on an alert that is older than the list holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// An alert with what is needed to act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// As in lists.
    pub summary: AlertSummary,
    /// The message as published, per the alert schema.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
    /// Leaves behind it.
    pub evidence: Vec<u64>,
    /// What to do, in order.
    pub remedy: Vec<String>,
}

impl Example for AlertSummary {
    fn example() -> Self {
        Self {
            alert_id: "3d".repeat(32),
            rule: "failed-run".to_owned(),
            severity: Severity::Warning,
            state: AlertState::Firing,
            sequence: 0,
            subject: Node::job("etl", "load"),
            summary: "Run 019682a3 of job load failed: connection refused".to_owned(),
            at: Time(1_777_798_800_000_000_000),
            position: Some(Position { ordinal: Some(0), ..Position::example() }),
        }
    }
}

impl Example for Alert {
    fn example() -> Self {
        Self {
            summary: AlertSummary::example(),
            body: serde_json::json!({"rule": "failed-run"}),
            evidence: vec![5],
            remedy: vec!["Read the run's error with `ledgerline run show`".to_owned()],
        }
    }
}
