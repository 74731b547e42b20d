//! Transactions with fencing: several records and group offsets, visible together or never.

use super::{GroupOffset, NewRecord, Position};

/// Commits transactions under one transactional id. The id is the only fence: whoever called [`Transactor::init`] last
/// owns it, and every commit of a former owner fails and stays invisible.
pub trait Transactor: Send {
    /// Takes the id over: fences its former owner and settles what that one left open, so that a reader assigned from now
    /// on sees all it has committed. Needed before the first commit, and again after [`CommitError::Uncertain`].
    fn init(&mut self) -> Result<(), CommitError>;

    /// Commits records, in the order given, and next offsets of a group. Positions are those of the records.
    fn commit(
        &mut self,
        records: &[NewRecord],
        group: Option<(&str, &[GroupOffset])>,
    ) -> Result<Vec<Position>, CommitError>;
}

/// A transaction that is not known to be committed, named by what the caller must do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Another owner has taken the id over, or this one stalled until its transaction was given up for it, which looks the
    /// same. Stop; only whom the group still gives the partition may take the id over again.
    #[error("fenced: {what}")]
    Fenced {
        /// What happened.
        what: String,
    },

    /// It may be visible, now or later. Call [`Transactor::init`], then read back what is there.
    #[error("uncertain: {what}")]
    Uncertain {
        /// What happened.
        what: String,
    },

    /// Nothing of it is visible or ever will be. The same transactor may commit it again after a pause.
    #[error("aborted: {what}")]
    Aborted {
        /// What happened.
        what: String,
    },

    /// Nothing of it is visible or ever will be, nor will the log ever take this one: a record is too large, or lacks a key.
    #[error("refused: {what}")]
    Refused {
        /// What happened.
        what: String,
    },

    /// Ours, the disk's or the operator's: stop until someone has looked. The log is closed, or a topic or partition that a
    /// record names is not there; of the latter's transaction nothing is visible or ever will be.
    #[error("{what}")]
    Halt {
        /// What happened, and the next step.
        what: String,
    },
}
