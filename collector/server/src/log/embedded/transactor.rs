//! Transactions on the embedded log: one synced batch, fenced by an epoch for each transactional id.

use std::sync::Arc;

use super::append::rows_of;
use super::group::stored;
use super::queue::{Commit, Request};
use super::shared::Shared;
use crate::log::appender::missing;
use crate::log::torn;
use crate::log::{CommitError, GroupOffset, LogError, NewRecord, Position, Transactor};

pub(super) struct EmbeddedTransactor {
    shared: Arc<Shared>,
    id: String,
    epoch: Option<u64>,
}

impl EmbeddedTransactor {
    pub(super) fn new(shared: Arc<Shared>, id: &str) -> Self {
        Self { shared, id: id.to_owned(), epoch: None }
    }
}

impl Transactor for EmbeddedTransactor {
    fn init(&mut self) -> Result<(), CommitError> {
        let answered = self.shared.ask(|answer| Request::Init { id: self.id.clone(), answer });
        self.epoch = Some(answered.map_err(unasked)??);
        Ok(())
    }

    fn commit(
        &mut self,
        records: &[NewRecord],
        group: Option<(&str, &[GroupOffset])>,
    ) -> Result<Vec<Position>, CommitError> {
        torn::at(torn::BEGIN_BEFORE)?;
        let Some(epoch) = self.epoch else {
            return Err(CommitError::Uncertain { what: format!("{} has not been taken over", self.id) });
        };
        torn::at(torn::BEGIN_AFTER)?;
        let (rows, untaken) = rows_of(&self.shared, records);
        if let Some(missing) = missing(&untaken) {
            return Err(CommitError::Halt { what: missing.to_string() });
        }
        if let Some(first) = untaken.first() {
            let what = format!("record {} is too large or lacks a key", first.place);
            return Err(CommitError::Refused { what });
        }
        let offsets = group.map(|(group, offsets)| stored(group, offsets)).unwrap_or_default();
        let commit = Commit { id: self.id.clone(), epoch, rows, offsets };
        // Sent and committed are one write here: before it, nothing of the transaction is there.
        torn::at(torn::SEND_AFTER)?;
        let positions = self.shared.ask(|answer| Request::Commit { commit, answer }).map_err(unasked)??;
        torn::at(torn::COMMIT_AFTER)?;
        Ok(positions)
    }
}

/// The queue did not take it, or the log closed before it was done.
fn unasked(error: LogError) -> CommitError {
    match error {
        LogError::Retry { what } => CommitError::Aborted { what },
        other => CommitError::Halt { what: other.to_string() },
    }
}
