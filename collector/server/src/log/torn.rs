//! Places within a transaction where a test makes it fail, the same on every log: before it begins, once it has begun, once its
//! records are sent, and once it is committed, so that nobody learns.

use store::failpoint;

use super::CommitError;

/// Nothing of the transaction is there yet.
pub(super) const BEGIN_BEFORE: &str = "transaction.begin.before";
/// It has begun; nothing is sent.
pub(super) const BEGIN_AFTER: &str = "transaction.begin.after";
/// Its records are sent; it is not committed.
pub(super) const SEND_AFTER: &str = "transaction.send.after";
/// It is committed; nobody has been told.
pub(super) const COMMIT_AFTER: &str = "transaction.commit.after";

/// Fails at that place, where a test has asked for it: with an outcome that is open.
pub(super) fn at(place: &str) -> Result<(), CommitError> {
    match failpoint::hit(place) {
        true => Err(CommitError::Uncertain { what: format!("the failpoint {place}") }),
        false => Ok(()),
    }
}
