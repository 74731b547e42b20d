//! What is wrong with a ledger, and where.

use store::StoreError;

/// Something that is not what it must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} at leaf {leaf}: {what}")]
pub struct FsckFault {
    /// The leaf that it concerns; the first of several.
    pub leaf: u64,
    /// In a word.
    pub code: &'static str,
    /// What was found and what was expected.
    pub what: String,
}

/// Why a check did not end well.
#[derive(Debug, thiserror::Error)]
pub enum FsckError {
    /// The ledger is not sound.
    #[error(transparent)]
    Fault(#[from] FsckFault),
    /// It can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Whoever asked for it ended it.
    #[error("the check was ended before it was done")]
    Ended,
}

pub(super) fn fault<T>(code: &'static str, leaf: u64, what: String) -> Result<T, FsckError> {
    Err(FsckFault { leaf, code, what }.into())
}
