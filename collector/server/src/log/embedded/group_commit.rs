//! One write: what several callers asked for, put into one batch and answered together.

use std::collections::HashMap;
use std::sync::Arc;

use rocksdb::{BoundColumnFamily, WriteBatch};
use store::failpoint;
use tokio::sync::oneshot;

use super::catalog::Topic;
use super::database::Database;
use super::format;
use super::queue::{Commit, Row, StoredOffset};
use super::writer::{Disk, failed};
use crate::log::appender::{Appended, Untaken};
use crate::log::{AppendAction, AppendError, CommitError, LogError, Outcome, Position};

/// A partition that a write appended to.
pub(super) struct Grown {
    pub topic: Arc<Topic>,
    pub partition: u32,
    pub records: u64,
}

pub(super) struct GroupCommit<'a> {
    database: &'a Database,
    epochs: &'a mut HashMap<String, u64>,
    batch: WriteBatch,
    tails: HashMap<(u32, u32), Tail<'a>>,
    trims: Vec<(Arc<Topic>, u32, u64)>,
    answers: Vec<Answer>,
    /// False while the group holds only what may be lost in a crash.
    must_sync: bool,
}

/// Where a partition ends once the batch is written.
struct Tail<'a> {
    topic: Arc<Topic>,
    partition: u32,
    column: Arc<BoundColumnFamily<'a>>,
    first: u64,
    next: u64,
}

impl<'a> GroupCommit<'a> {
    pub(super) fn new(database: &'a Database, epochs: &'a mut HashMap<String, u64>) -> Self {
        Self {
            database,
            epochs,
            batch: WriteBatch::default(),
            tails: HashMap::new(),
            trims: Vec::new(),
            answers: Vec::new(),
            must_sync: false,
        }
    }

    pub(super) fn append(&mut self, rows: Vec<Row>, untaken: Vec<Untaken>, answer: oneshot::Sender<Appended>) {
        let records = rows.len();
        match self.put_rows(&rows) {
            Ok(positions) => self.answers.push(Answer::Append { answer, positions, untaken, records }),
            Err(error) => Answer::Append { answer, positions: Vec::new(), untaken, records }.closed(&error),
        }
    }

    /// Takes a transactional id over: a greater epoch than any before.
    pub(super) fn init(&mut self, id: String, answer: oneshot::Sender<Result<u64, CommitError>>) {
        let epoch = self.epochs.get(&id).map_or(1, |epoch| epoch.saturating_add(1));
        self.batch.put(format::epoch_key(&id), format::number(epoch));
        self.epochs.insert(id, epoch);
        self.must_sync = true;
        self.answers.push(Answer::Init { answer, epoch });
    }

    pub(super) fn commit(&mut self, commit: Commit, answer: oneshot::Sender<Result<Vec<Position>, CommitError>>) {
        let owner = self.epochs.get(&commit.id).copied();
        if owner != Some(commit.epoch) {
            let what = format!("{} was taken over: epoch {} is not {:?}", commit.id, commit.epoch, owner);
            let _ = answer.send(Err(CommitError::Fenced { what }));
            return;
        }
        match self.put_rows(&commit.rows) {
            Ok(positions) => {
                self.put_offsets(&commit.offsets);
                self.must_sync = true;
                self.answers.push(Answer::Commit { answer, positions });
            }
            Err(error) => Answer::Commit { answer, positions: Vec::new() }.closed(&error),
        }
    }

    /// Offsets nobody waits for are a hint: losing them costs a second delivery.
    pub(super) fn store(&mut self, offsets: Vec<StoredOffset>, answer: Option<oneshot::Sender<Result<(), LogError>>>) {
        self.put_offsets(&offsets);
        if let Some(answer) = answer {
            self.must_sync = true;
            self.answers.push(Answer::Done(answer));
        }
    }

    pub(super) fn trim(
        &mut self,
        topic: Arc<Topic>,
        partition: u32,
        below: u64,
        answer: oneshot::Sender<Result<(), LogError>>,
    ) {
        match put_trim(self.database, &mut self.batch, &topic, partition, below) {
            Ok(()) => {
                self.must_sync = true;
                self.trims.push((topic, partition, below));
                self.answers.push(Answer::Done(answer));
            }
            Err(error) => Answer::Done(answer).closed(&error),
        }
    }

    fn put_offsets(&mut self, offsets: &[StoredOffset]) {
        for offset in offsets {
            self.batch.put(&offset.key, format::number(offset.next));
        }
    }

    fn put_rows(&mut self, rows: &[Row]) -> Result<Vec<Position>, LogError> {
        self.must_sync |= !rows.is_empty();
        rows.iter().map(|row| self.put_row(row)).collect()
    }

    fn put_row(&mut self, row: &Row) -> Result<Position, LogError> {
        let key = (row.topic.row.id, row.partition);
        if !self.tails.contains_key(&key) {
            let partition = row.topic.partition(row.partition)?;
            let next = partition.range().end;
            let column = self.database.column(&partition.column)?;
            let tail = Tail { topic: Arc::clone(&row.topic), partition: row.partition, column, first: next, next };
            self.tails.insert(key, tail);
        }
        let tail = self.tails.get_mut(&key).expect("it was put there above");
        let offset = tail.next;
        tail.next = offset.checked_add(1).ok_or_else(|| LogError::halt("a partition is full: 2^64 records"))?;
        self.batch.put_cf(&tail.column, format::record_key(offset), &row.bytes);
        Ok(Position { partition: row.partition, offset })
    }

    /// Writes the batch, shows what it holds, answers everyone, and notes the partitions that grew.
    pub(super) fn finish(self, disk: &Disk, grown: &mut Vec<Grown>) -> Result<(), String> {
        let written = match (self.batch.is_empty(), self.must_sync) {
            (true, _) => Ok(()),
            (false, true) => (disk.write_synced)(self.database, self.batch),
            (false, false) => self.database.write_unsynced(self.batch),
        };
        if let Err(what) = written
            && !failpoint::skipped("log.failure")
        {
            let error = failed(&what);
            self.answers.into_iter().for_each(|answer| answer.closed(&error));
            return Err(what);
        }
        // Durable from here: readers may see it, and callers may rely on it.
        for (_, tail) in self.tails {
            tail.topic.partitions[tail.partition as usize].extend_to(tail.next);
            let records = tail.next.saturating_sub(tail.first);
            grown.push(Grown { topic: tail.topic, partition: tail.partition, records });
        }
        for (topic, partition, below) in self.trims {
            show_trim(self.database, &topic, partition, below);
        }
        self.answers.into_iter().for_each(Answer::done);
        Ok(())
    }
}

/// Puts a trim into a batch. Offsets beyond the end are untaken: they are not the log's to skip.
pub(super) fn put_trim(
    database: &Database,
    batch: &mut WriteBatch,
    topic: &Topic,
    partition: u32,
    below: u64,
) -> Result<(), LogError> {
    let found = topic.partition(partition)?;
    let range = found.range();
    if below > range.end {
        let topic = topic.name.to_string();
        return Err(LogError::OutOfRange { topic, partition, offset: below, range });
    }
    let below = below.max(range.start);
    let column = database.column(&found.column)?;
    batch.delete_range_cf(&column, format::record_key(0), format::record_key(below));
    batch.put(format::start_key(topic.row.id, partition), format::number(below));
    Ok(())
}

/// Hides what a durable trim gave up, and lets its files go.
pub(super) fn show_trim(database: &Database, topic: &Topic, partition: u32, below: u64) {
    let partition = &topic.partitions[partition as usize];
    partition.start_at(below);
    if let Err(error) = database.drop_files_below(&partition.column, below) {
        // Compaction takes them later.
        tracing::warn!(partition = %partition.place, %error, "trimmed files are still there");
    }
}

/// Of a transaction that a failed write was to hold nobody knows whether it is there.
fn uncommitted(error: &LogError, what: String) -> CommitError {
    if error.is_retry() { CommitError::Uncertain { what } } else { CommitError::Halt { what } }
}

/// Someone who waits. One who has gone away is no failure.
pub(super) enum Answer {
    Append { answer: oneshot::Sender<Appended>, positions: Vec<Position>, untaken: Vec<Untaken>, records: usize },
    Init { answer: oneshot::Sender<Result<u64, CommitError>>, epoch: u64 },
    Commit { answer: oneshot::Sender<Result<Vec<Position>, CommitError>>, positions: Vec<Position> },
    Done(oneshot::Sender<Result<(), LogError>>),
}

impl Answer {
    fn done(self) {
        match self {
            Self::Append { answer, positions, untaken, .. } if untaken.is_empty() => drop(answer.send(Ok(positions))),
            Self::Append { answer, positions, untaken, .. } => {
                let outcomes = positions.into_iter().map(Outcome::Durable).collect();
                let _ = answer.send(Err(AppendError::untaken(outcomes, &untaken)));
            }
            Self::Init { answer, epoch } => drop(answer.send(Ok(epoch))),
            Self::Commit { answer, positions } => drop(answer.send(Ok(positions))),
            Self::Done(answer) => drop(answer.send(Ok(()))),
        }
    }

    pub(super) fn closed(self, error: &LogError) {
        let what = error.to_string();
        match self {
            Self::Append { answer, untaken, records, .. } => {
                let mut failure = AppendError::untaken(vec![Outcome::Unknown; records], &untaken);
                let action = if error.is_retry() { AppendAction::Retry } else { AppendAction::Halt };
                (failure.action, failure.what) = (action, what);
                let _ = answer.send(Err(failure));
            }
            Self::Init { answer, .. } => drop(answer.send(Err(uncommitted(error, what)))),
            Self::Commit { answer, .. } => drop(answer.send(Err(uncommitted(error, what)))),
            Self::Done(answer) => drop(answer.send(Err(error.clone()))),
        }
    }
}
