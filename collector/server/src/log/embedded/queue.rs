//! The bounded queue between those who append and the one thread that writes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::catalog::Topic;
use crate::log::appender::{Appended, Untaken};
use crate::log::{CommitError, Created, LogError, Position, TopicSpec};

/// What the writer is asked to do.
pub(super) enum Request {
    Append { rows: Vec<Row>, untaken: Vec<Untaken>, answer: oneshot::Sender<Appended> },
    Init { id: String, answer: oneshot::Sender<Result<u64, CommitError>> },
    Commit { commit: Commit, answer: oneshot::Sender<Result<Vec<Position>, CommitError>> },
    Store { offsets: Vec<StoredOffset>, answer: Option<oneshot::Sender<Result<(), LogError>>> },
    Trim { topic: Arc<Topic>, partition: u32, below: u64, answer: oneshot::Sender<Result<(), LogError>> },
    Create { spec: TopicSpec, answer: oneshot::Sender<Result<Created, LogError>> },
}

/// An encoded record on its way to a partition that is there.
pub(super) struct Row {
    pub topic: Arc<Topic>,
    pub partition: u32,
    pub bytes: Vec<u8>,
}

/// A transaction by the owner of that epoch.
pub(super) struct Commit {
    pub id: String,
    pub epoch: u64,
    pub rows: Vec<Row>,
    pub offsets: Vec<StoredOffset>,
}

/// A group offset, encoded.
pub(super) struct StoredOffset {
    pub key: Vec<u8>,
    pub next: u64,
}

impl Request {
    fn size_bytes(&self) -> usize {
        let rows = match self {
            Self::Append { rows, .. } => rows,
            Self::Commit { commit, .. } => &commit.rows,
            _ => return 0,
        };
        rows.iter().map(|row| row.bytes.len()).sum()
    }
}

/// Why a request was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There are as many bytes waiting as may wait.
    Full,
    /// The log is being closed.
    Closed,
}

/// Requests that wait, bounded in bytes and number.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    bytes_max: usize,
}

#[derive(Default)]
struct Waiting {
    requests: VecDeque<Request>,
    bytes: usize,
    closed: bool,
}

const REQUESTS_MAX: usize = 65_536;

impl Queue {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { waiting: Mutex::default(), arrived: Condvar::new(), bytes_max }
    }

    /// Queues a request. A single one larger than the bound is taken when nothing else waits.
    pub(super) fn push(&self, request: Request) -> Result<(), (Refusal, Request)> {
        let size = request.size_bytes();
        let mut waiting = self.waiting.lock();
        if waiting.closed {
            return Err((Refusal::Closed, request));
        }
        let full = waiting.bytes > 0 && waiting.bytes.saturating_add(size) > self.bytes_max;
        if full || waiting.requests.len() >= REQUESTS_MAX {
            return Err((Refusal::Full, request));
        }
        waiting.bytes = waiting.bytes.saturating_add(size);
        waiting.requests.push_back(request);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for requests, `wait` at most where it is given, and takes as many as make up one write; `None` once closed and
    /// empty.
    pub(super) fn take(&self, bytes_max: usize, wait: Option<Duration>) -> Option<Vec<Request>> {
        let mut waiting = self.waiting.lock();
        while waiting.requests.is_empty() {
            if waiting.closed {
                return None;
            }
            match wait {
                None => self.arrived.wait(&mut waiting),
                Some(wait) if self.arrived.wait_for(&mut waiting, wait).timed_out() => return Some(Vec::new()),
                Some(_) => {}
            }
        }
        let mut taken = Vec::new();
        let mut bytes = 0_usize;
        while let Some(request) = waiting.requests.pop_front() {
            let size = request.size_bytes();
            waiting.bytes = waiting.bytes.saturating_sub(size);
            bytes = bytes.saturating_add(size);
            taken.push(request);
            if bytes >= bytes_max {
                break;
            }
        }
        Some(taken)
    }

    /// Takes nothing more; what waits is still done.
    pub(super) fn close(&self) {
        self.waiting.lock().closed = true;
        self.arrived.notify_all();
    }
}
