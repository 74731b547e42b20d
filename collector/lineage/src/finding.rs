//! What intake noticed about an event: a grade, a stable code, the place, and a sentence that says what to change.
//! Never decides what happens next: that is `decode`'s.

use serde::{Deserialize, Serialize};

/// How serious a finding is. Ordered: `Note < Warn < Reject`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Worth knowing; nothing to change for ledgerline's sake.
    Note,
    /// Accepted, but something in the event could not be used or will mislead; the producer should change it.
    Warn,
    /// The event is refused.
    Reject,
}

/// One finding. `code` is a promise: it is written to leaves, headers and metrics and never changes its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How serious it is.
    pub grade: Grade,
    /// Stable kebab-case name, at most 64 bytes, e.g. `naive-time`, `missing-member`.
    pub code: String,
    /// JSON path of the place, e.g. `$.run.facets.parent.run.runId`; at most 512 bytes.
    pub path: String,
    /// What is wrong and what to change, one sentence, at most 512 bytes. Never quotes a value of the payload
    /// beyond 64 bytes.
    pub message: String,
}
