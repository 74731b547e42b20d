//! What all handles of one embedded log share: the database, the topics, the queue and the wake-up.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};
use tokio::sync::oneshot;

use super::catalog::Catalog;
use super::database::Database;
use super::queue::{Queue, Refusal, Request};
use crate::clock::Clock;
use crate::log::LogError;

pub(super) struct Shared {
    database: RwLock<Result<Arc<Database>, LogError>>,
    pub catalog: Catalog,
    pub queue: Queue,
    pub durable: Signal,
    pub clock: Arc<dyn Clock>,
    /// Groups that have a member: one process has one.
    pub groups: Mutex<HashSet<String>>,
}

impl Shared {
    pub(super) fn new(database: Database, clock: Arc<dyn Clock>, queue_bytes_max: usize) -> Result<Self, LogError> {
        Ok(Self {
            catalog: Catalog::load(&database)?,
            database: RwLock::new(Ok(Arc::new(database))),
            queue: Queue::new(queue_bytes_max),
            durable: Signal::default(),
            clock,
            groups: Mutex::default(),
        })
    }

    /// The database, unless it was closed; then why.
    pub(super) fn database(&self) -> Result<Arc<Database>, LogError> {
        self.database.read().clone()
    }

    /// Closes the database: for good, or, where the reason is a `Retry`, until [`Shared::reopened`]. The first reason is the
    /// one that is told, unless it was a passing one.
    pub(super) fn close(&self, why: LogError) {
        let mut database = self.database.write();
        if database.as_ref().map_or_else(LogError::is_retry, |_| true) {
            *database = Err(why);
        }
        drop(database);
        self.durable.raise();
    }

    /// Goes on with a database that has just been opened, and shows what it holds.
    pub(super) fn reopened(&self, opened: Database) -> Result<(), LogError> {
        self.catalog.reload(&opened)?;
        *self.database.write() = Ok(Arc::new(opened));
        self.durable.raise();
        Ok(())
    }

    /// Why nothing is written any more.
    pub(super) fn closed(&self) -> LogError {
        self.database().err().unwrap_or_else(|| LogError::halt("the log is closed"))
    }

    /// Queues what `request` makes of an answer's sender, and waits for the answer.
    pub(super) fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, LogError> {
        let (sender, answer) = oneshot::channel();
        match self.queue.push(request(sender)) {
            Ok(()) => answer.blocking_recv().map_err(|_| self.closed()),
            Err((Refusal::Closed, _)) => Err(self.closed()),
            Err((Refusal::Full, _)) => Err(LogError::retry("the log's queue is full")),
        }
    }
}

/// Wakes those who wait for records.
#[derive(Default)]
pub(super) struct Signal {
    raised: Mutex<u64>,
    changed: Condvar,
}

impl Signal {
    /// How often it was raised. Taken before looking, so that nothing that comes after the look is missed.
    pub(super) fn seen(&self) -> u64 {
        *self.raised.lock()
    }

    pub(super) fn raise(&self) {
        let mut raised = self.raised.lock();
        *raised = raised.wrapping_add(1);
        drop(raised);
        self.changed.notify_all();
    }

    /// Waits until it is raised past `seen`. False where the time was up first.
    pub(super) fn wait_past(&self, seen: u64, wait: Duration) -> bool {
        let mut raised = self.raised.lock();
        !self.changed.wait_while_for(&mut raised, |raised| *raised == seen, wait).timed_out()
    }
}
