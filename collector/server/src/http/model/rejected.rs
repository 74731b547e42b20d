//! What intake refused.

use super::{Example, Finding, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A rejection in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RejectedSummary {
    /// Names it: `source~partition~offset`.
    pub key: String,
    /// The first code.
    pub code: String,
    /// JSON path of the field at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What to change.
    pub reason: String,
    /// Where it was read: a topic, or `http`.
    pub source: String,
    /// Partition of the source.
    pub partition: i64,
    /// Offset in the source.
    pub offset: i64,
    /// When intake read it.
    pub received_at: Time,
    /// Bytes of the original.
    pub payload_bytes: u64,
}

/// A rejection with everything found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rejected {
    /// As in lists.
    pub summary: RejectedSummary,
    /// Everything found.
    pub findings: Vec<Finding>,
    /// Whether the original is kept whole; an oversize one keeps its first 256 KiB.
    pub payload_is_whole: bool,
}

impl Example for RejectedSummary {
    fn example() -> Self {
        let Finding { code, path, message, .. } = Finding::example();
        Self {
            key: "openlineage.events~0~17".to_owned(),
            code,
            path: Some(path),
            reason: message,
            source: "openlineage.events".to_owned(),
            partition: 0,
            offset: 17,
            received_at: Time(1_777_798_800_000_000_000),
            payload_bytes: 412,
        }
    }
}

impl Example for Rejected {
    fn example() -> Self {
        Self { summary: RejectedSummary::example(), findings: vec![Finding::example()], payload_is_whole: true }
    }
}
