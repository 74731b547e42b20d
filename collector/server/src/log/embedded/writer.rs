//! The one thread that writes the embedded log: everything that waits goes into one batch and one sync.
//!
//! Owns offsets, epochs and the order of everything. Never answers before what it answers for is on disk, and writes
//! nothing more into a database whose write has failed: what that write has left is known once it has been opened anew.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use rocksdb::WriteBatch;

use super::catalog::Topic;
use super::database::Database;
use super::format::{self, TopicRow, tag};
use super::group_commit::{Answer, GroupCommit};
use super::queue::Request;
use super::shared::Shared;
use super::upkeep::Upkeep;
use crate::log::{Created, LogError, TopicSpec};

/// How a batch reaches the disk.
pub(super) type WriteSynced = Box<dyn Fn(&Database, WriteBatch) -> Result<(), String> + Send>;

/// The disk under the log; tests put a failing one in its place.
pub(super) struct Disk {
    /// Opens the database.
    pub open: Box<dyn Fn() -> Result<Database, LogError> + Send>,
    /// Writes a batch and syncs it.
    pub write_synced: WriteSynced,
}

/// Between two attempts to open a database that was closed because the disk was full.
const REOPEN_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    shared: Arc<Shared>,
    epochs: HashMap<String, u64>,
    upkeep: Upkeep,
    disk: Disk,
    group_bytes_max: usize,
    /// The database that was closed last, until nobody reads it any more.
    former: Weak<Database>,
    reopen_at: Duration,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, disk: Disk, group_bytes_max: usize) -> Result<Self, LogError> {
        let epochs = epochs(&*shared.database()?)?;
        let (upkeep, former) = (Upkeep::default(), Weak::new());
        Ok(Self { shared, epochs, upkeep, disk, group_bytes_max, former, reopen_at: Duration::ZERO })
    }

    /// Serves the queue until it is closed and empty.
    pub(super) fn run(mut self) {
        let mut wait = None;
        while let Some(requests) = self.shared.queue.take(self.group_bytes_max, wait) {
            if self.shared.database().is_err_and(|closed| closed.is_retry()) {
                self.reopen();
            }
            match self.shared.database() {
                Ok(database) => self.serve(&database, requests),
                Err(closed) => requests.into_iter().for_each(|request| refuse(request, &closed)),
            }
            wait = self.shared.database().is_err_and(|closed| closed.is_retry()).then_some(REOPEN_PAUSE);
        }
    }

    /// Opens the database again that was closed because the disk was full, once nobody reads the former one any more.
    fn reopen(&mut self) {
        let now = self.shared.clock.monotonic();
        if now < self.reopen_at || self.former.strong_count() > 0 {
            return;
        }
        self.reopen_at = now + REOPEN_PAUSE;
        let opened = (self.disk.open)().and_then(|database| {
            self.epochs = epochs(&database)?;
            self.shared.reopened(database)
        });
        match opened {
            Ok(()) => tracing::warn!("the embedded log was opened anew and goes on"),
            Err(error) => tracing::warn!(%error, "the embedded log can't be opened anew yet"),
        }
    }

    fn serve(&mut self, database: &Arc<Database>, requests: Vec<Request>) {
        let mut group = GroupCommit::new(database, &mut self.epochs);
        let mut creations = Vec::new();
        for request in requests {
            match request {
                Request::Append { rows, untaken, answer } => group.append(rows, untaken, answer),
                Request::Init { id, answer } => group.init(id, answer),
                Request::Commit { commit, answer } => group.commit(commit, answer),
                Request::Store { offsets, answer } => group.store(offsets, answer),
                Request::Trim { topic, partition, below, answer } => group.trim(topic, partition, below, answer),
                Request::Create { spec, answer } => creations.push((spec, answer)),
            }
        }
        let mut grown = Vec::new();
        if let Err(failure) = group.finish(&self.disk, &mut grown) {
            return self.fail(database, failure);
        }
        if !grown.is_empty() {
            self.shared.durable.raise();
        }
        for (spec, answer) in creations {
            // Nobody waiting any more is no failure.
            let _ = answer.send(self.create(database, &spec));
        }
        if let Err(failure) = self.upkeep.after(database, &*self.shared.clock, &self.disk.write_synced, grown) {
            self.fail(database, failure);
        }
    }

    fn create(&mut self, database: &Arc<Database>, spec: &TopicSpec) -> Result<Created, LogError> {
        if self.shared.catalog.find(&spec.name).is_some() {
            return Ok(Created::Existed);
        }
        let row = TopicRow {
            id: self.shared.catalog.free_id(),
            partitions: spec.partitions,
            message_bytes_max: spec.message_bytes_max,
            cleanup: spec.cleanup,
        };
        // A crash before the row is written leaves empty column families, which the next topic of this id finds.
        for partition in 0..row.partitions {
            database.make_column(&format::column(row.id, partition))?;
        }
        let topic = Arc::new(Topic::load(database, &spec.name, row)?);
        let mut batch = WriteBatch::default();
        batch.put(format::topic_key(&spec.name), row.encode());
        if let Err(failure) = (self.disk.write_synced)(database, batch) {
            self.fail(database, failure);
            return Err(self.shared.closed());
        }
        // Durable from here.
        self.shared.catalog.add(topic);
        Ok(Created::Made)
    }

    /// A write that failed may or may not be on disk, and what a sync lost cannot be synced again: no more is written
    /// until the log has been opened anew and has read what is there.
    fn fail(&mut self, database: &Arc<Database>, what: String) {
        tracing::error!(%what, "the embedded log failed and is closed");
        self.former = Arc::downgrade(database);
        self.reopen_at = self.shared.clock.monotonic() + REOPEN_PAUSE;
        self.shared.close(failed(&what));
    }
}

/// What a failed write means to whoever uses the log: a full disk passes.
pub(super) fn failed(what: &str) -> LogError {
    // RocksDB tells it apart by text alone.
    match what.contains("No space left") {
        true => LogError::retry(format!("{what} (make space: it goes on by itself)")),
        false => LogError::halt(format!("{what}; start again once the disk is sound")),
    }
}

/// The epochs of transactional ids.
fn epochs(database: &Database) -> Result<HashMap<String, u64>, LogError> {
    let mut epochs = HashMap::new();
    for (id, epoch) in database.catalogue(tag::EPOCH)? {
        let id = String::from_utf8(id).map_err(|_| database.damaged("a transactional id"))?;
        let epoch = format::read_number(&epoch).ok_or_else(|| database.damaged("an epoch"))?;
        epochs.insert(id, epoch);
    }
    Ok(epochs)
}

fn refuse(request: Request, closed: &LogError) {
    match request {
        Request::Append { rows, untaken, answer } => {
            Answer::Append { answer, positions: Vec::new(), untaken, records: rows.len() }.closed(closed);
        }
        Request::Init { answer, .. } => Answer::Init { answer, epoch: 0 }.closed(closed),
        Request::Commit { answer, .. } => Answer::Commit { answer, positions: Vec::new() }.closed(closed),
        Request::Store { answer: Some(answer), .. } | Request::Trim { answer, .. } => {
            Answer::Done(answer).closed(closed);
        }
        Request::Store { answer: None, .. } => {}
        Request::Create { answer, .. } => {
            let _ = answer.send(Err(closed.clone()));
        }
    }
}
