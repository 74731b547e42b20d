//! What can go wrong when reading or asking a log, named by what the caller must do.

use super::Range;

/// A failure of the log. Nothing was changed by the call that returned it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Passing: the same call may succeed after a pause.
    #[error("{what}; it is tried again")]
    Retry {
        /// What happened, and where.
        what: String,
    },

    /// Ours, the disk's or the operator's: stop using this log until someone has looked.
    #[error("{what}")]
    Halt {
        /// What happened, where, and the next step.
        what: String,
    },

    /// The embedded log is open in another process.
    #[error("the log in {path} is open in another process; stop that one, or ask it over HTTP with --server")]
    Locked {
        /// The log's folder.
        path: String,
    },

    /// The offset is not in the log: trimmed away, cut off, or of another incarnation of the topic.
    #[error("offset {offset} of {topic}/{partition} is outside {}..={}", range.start, range.end)]
    OutOfRange {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The offset asked for.
        offset: u64,
        /// What the partition holds.
        range: Range,
    },

    /// There is no such topic or partition: `ledgerline topics create` makes it.
    #[error("there is no topic or partition {topic}; `ledgerline topics create` makes our topics")]
    NoTopic {
        /// The topic, with its partition where that is what is missing.
        topic: String,
    },

    /// Another member has joined under this member's instance id, or another process under its identity: leave.
    #[error("{what}")]
    Fenced {
        /// What happened.
        what: String,
    },
}

impl LogError {
    pub(crate) fn retry(what: impl Into<String>) -> Self {
        Self::Retry { what: what.into() }
    }

    pub(crate) fn halt(what: impl Into<String>) -> Self {
        Self::Halt { what: what.into() }
    }

    pub(crate) fn no_partition(topic: &str, partition: u32) -> Self {
        Self::NoTopic { topic: format!("{topic}/{partition}") }
    }

    /// True where the same call may succeed after a pause.
    pub fn is_retry(&self) -> bool {
        matches!(self, Self::Retry { .. })
    }
}
