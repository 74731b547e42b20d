//! Alive, and fit to answer.

use super::Example;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether the server is caught up enough to answer; 200 or 503.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Whether traffic may come.
    pub ready: bool,
    /// What stands in the way.
    pub reasons: Vec<ReadinessReason>,
}

/// One thing in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadinessReason {
    /// The part, for instance `partition 0`.
    pub part: String,
    /// Why.
    pub reason: String,
    /// The command to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Example for Readiness {
    fn example() -> Self {
        Self {
            ready: false,
            reasons: vec![ReadinessReason {
                part: "partition 0".to_owned(),
                reason: "the topic ends before the newest checkpoint".to_owned(),
                remedy: Some("ledgerline doctor".to_owned()),
            }],
        }
    }
}
