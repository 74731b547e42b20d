//! Why a partition stops, and what its operator does about it.

use store::{StoreError, StoreFault};

/// A partition that stopped. Nothing was lost: what was not committed is applied again once the cause is gone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("partition {partition} is halted: {reason}. {remedy}")]
pub struct Halt {
    /// The partition.
    pub partition: u32,
    /// What happened.
    pub reason: String,
    /// What to do; a command where there is one.
    pub remedy: String,
    /// Whether it may go on by itself once the cause is gone (a full disk).
    pub passing: bool,
}

impl Halt {
    pub(crate) fn new(partition: u32, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Halt { partition, reason: reason.into(), remedy: remedy.into(), passing: false }
    }

    pub(crate) fn store(partition: u32, error: &StoreError) -> Self {
        let remedy = match error.fault {
            StoreFault::Full => "Make space on the disk; it goes on by itself.",
            StoreFault::Locked => "Stop the other process, or ask it with --server.",
            StoreFault::Halt => "Run `ledgerline doctor`; the log still holds everything.",
        };
        Halt { passing: error.fault == StoreFault::Full, ..Halt::new(partition, error.to_string(), remedy) }
    }
}
