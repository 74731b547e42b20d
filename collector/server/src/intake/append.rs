//! The append of intake, one for all channels, with the places where a test makes it fail: before anything is sent, and after
//! the log has acknowledged it, so that nobody learns. Decides nothing: an answer is the log's own.

use store::failpoint;

use crate::log::{AppendAction, AppendError, Appender, NewRecord, Outcome, Pending, Position};

/// Hands records to the log.
pub(super) fn begin(appender: &dyn Appender, records: Vec<NewRecord>) -> Pending {
    if failpoint::hit("intake.append.before") {
        let count = records.len();
        return Pending::ready(count, Err(failed(Outcome::NotSent, count)));
    }
    appender.begin(records)
}

/// The log's answer, as the channel sees it.
pub(super) fn answered(answer: Result<Vec<Position>, AppendError>) -> Result<Vec<Position>, AppendError> {
    match answer {
        Ok(positions) if failpoint::hit("intake.append.after") => Err(failed(Outcome::Unknown, positions.len())),
        answer => answer,
    }
}

fn failed(outcome: Outcome, records: usize) -> AppendError {
    AppendError::all(AppendAction::Retry, "a failpoint", outcome, records)
}
