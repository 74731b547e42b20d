//! RFC 9457 problem details: every answer from 400 on has this body.

use super::Example;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:ledgerline:problem:<code>`; identifies the kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// One short sentence, the same for each of its kind.
    pub title: String,
    /// The HTTP status, again.
    pub status: u16,
    /// What happened here, and what to do.
    pub detail: String,
    /// The last part of `type`, for programs.
    pub code: String,
    /// JSON path of the field at fault, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Everything found in the event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The readings of an ambiguous node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
    /// The request, as the server's log names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

/// One thing found in an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// `reject`, `warn` or `note`.
    pub grade: String,
    /// Stable code, for programs.
    pub code: String,
    /// JSON path from the event's root, for instance `$.run.runId`.
    pub path: String,
    /// What to change.
    pub message: String,
}

impl From<&lineage::finding::Finding> for Finding {
    fn from(finding: &lineage::finding::Finding) -> Self {
        let grade = match finding.grade {
            lineage::finding::Grade::Note => "note",
            lineage::finding::Grade::Warn => "warn",
            lineage::finding::Grade::Reject => "reject",
        };
        let lineage::finding::Finding { code, path, message, .. } = finding.clone();
        Self { grade: grade.to_owned(), code, path, message }
    }
}

impl Example for Finding {
    fn example() -> Self {
        Self {
            grade: "reject".to_owned(),
            code: "run-id-invalid".to_owned(),
            path: "$.run.runId".to_owned(),
            message: "the run id is not a UUID; send one, the same for all events of the run".to_owned(),
        }
    }
}

impl Example for Problem {
    fn example() -> Self {
        Self {
            kind: "urn:ledgerline:problem:event-rejected".to_owned(),
            title: "The event was rejected".to_owned(),
            status: 422,
            detail: Finding::example().message,
            code: "event-rejected".to_owned(),
            path: Some("$.run.runId".to_owned()),
            findings: vec![Finding::example()],
            candidates: Vec::new(),
            instance: Some("urn:ledgerline:request:5e1f-12".to_owned()),
        }
    }
}
