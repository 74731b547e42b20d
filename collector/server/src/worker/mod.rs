//! A partition at work: one thread that reads, applies and commits, one that publishes.
//! Owns their life and what is shown of it. Never decides what a record means, and never goes on over a halt: it says why
//! it stopped and what to do.

mod apply;
mod partition;
mod publish;

pub use apply::{Recording, Round};
pub use partition::{Partition, PartitionStatus, State, Totals};
pub use publish::{Next, Publishing};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Receiver;
use store::Store;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config;
use crate::keyring::Keyring;
use crate::log::{Log, Names};
use crate::metrics::Metrics;
use crate::publisher::PublisherSettings;
use crate::recorder::RecorderSettings;

/// What every partition's threads share.
pub struct WorkerParts {
    /// Where to read and publish.
    pub log: Arc<dyn Log>,
    /// Our topics.
    pub names: Names,
    /// Keys.
    pub keyring: Arc<Keyring>,
    /// `recorder.*`: how the log is cut into batches.
    pub batches: config::Recorder,
    /// What recorders are told beside the log.
    pub recorder: RecorderSettings,
    /// How to publish.
    pub publisher: PublisherSettings,
    /// Longest pause between attempts to publish, ms.
    pub retry_interval_max_ms: u64,
    /// How long rows wait for company before they are published, ms.
    pub linger_ms: u64,
    /// For figures and pauses; what is recorded never depends on it.
    pub clock: Arc<dyn Clock>,
    /// Where to count.
    pub metrics: Arc<Metrics>,
    /// Bumped after every commit.
    pub progress: Arc<watch::Sender<u64>>,
}

/// Tells both threads when to stop.
pub(crate) struct Orders {
    /// Apply up to this offset, then stop.
    stop_at: AtomicU64,
    /// Publish what there is, then stop.
    publish_and_stop: AtomicBool,
    /// Stop after the batch in hand.
    abandon: AtomicBool,
}

impl Orders {
    fn new() -> Self {
        let (stop_at, no) = (AtomicU64::new(u64::MAX), || AtomicBool::new(false));
        Self { stop_at, publish_and_stop: no(), abandon: no() }
    }

    fn abandoned(&self) -> bool {
        self.abandon.load(Ordering::Acquire)
    }
}

/// What a worker does with its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Records, publishes and answers: this process owns it.
    Own,
    /// Records alone, so that the store is current when this process comes to own it.
    Follow,
}

/// A partition with its two threads.
pub struct Worker {
    /// What is shown of it.
    pub partition: Arc<Partition>,
    parts: Arc<WorkerParts>,
    orders: Arc<Orders>,
    /// Wakes the publishing thread; taken by it.
    woken: Option<Receiver<()>>,
    applying: Option<JoinHandle<()>>,
    publishing: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a partition's threads over its store.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(number: u32, store: Store, parts: Arc<WorkerParts>, duty: Duty) -> std::io::Result<Self> {
        let partition = Arc::new(Partition::new(number, store));
        let orders = Arc::new(Orders::new());
        let (wake, woken) = crossbeam_channel::bounded(1);
        let applying = {
            let (partition, parts, orders) = (Arc::clone(&partition), Arc::clone(&parts), Arc::clone(&orders));
            let thread = std::thread::Builder::new().name(format!("record-{number}"));
            thread.spawn(move || apply::run(&partition, &parts, &orders, &wake))?
        };
        let (woken, applying) = (Some(woken), Some(applying));
        let mut worker = Self { partition, parts, orders, woken, applying, publishing: None };
        if duty == Duty::Own {
            worker.promote()?;
        }
        Ok(worker)
    }

    /// Begins to publish: this process owns the partition from now on. One that does already goes on.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn promote(&mut self) -> std::io::Result<()> {
        let Some(woken) = self.woken.take() else { return Ok(()) };
        let (partition, parts) = (Arc::clone(&self.partition), Arc::clone(&self.parts));
        let orders = Arc::clone(&self.orders);
        let thread = std::thread::Builder::new().name(format!("publish-{}", self.partition.number));
        self.publishing = Some(thread.spawn(move || publish::run(&partition, &parts, &orders, &woken))?);
        Ok(())
    }

    /// What it does.
    pub fn duty(&self) -> Duty {
        if self.woken.is_none() { Duty::Own } else { Duty::Follow }
    }

    /// Applies what lies below `offset`, publishes it, and stops; what is not done within `limit` is left to whoever owns the
    /// partition next. Returns whether everything was done.
    pub fn drain(&mut self, offset: u64, limit: Duration, clock: &dyn Clock) -> bool {
        let until = clock.monotonic() + limit;
        self.orders.stop_at.store(offset, Ordering::Release);
        let applied = join_until(&mut self.applying, until, clock);
        self.orders.publish_and_stop.store(true, Ordering::Release);
        let published = applied && join_until(&mut self.publishing, until, clock);
        self.stop(Duration::from_secs(2), clock) && applied && published
    }

    /// Whether it stopped for a reason that has passed at `now`, of the monotonic clock: once it is dropped, its store may be
    /// opened again.
    pub fn may_reopen(&self, now: Duration) -> bool {
        let ended = |thread: &Option<JoinHandle<()>>| thread.as_ref().is_none_or(JoinHandle::is_finished);
        self.partition.halt_has_passed(now) && ended(&self.applying) && ended(&self.publishing)
    }

    /// Orders both threads to end after the batch in hand.
    pub fn abandon(&self) {
        self.orders.abandon.store(true, Ordering::Release);
    }

    /// Stops after the batch in hand. What is not committed is applied again by whoever comes next. Returns whether both
    /// threads ended within `limit`.
    pub fn stop(&mut self, limit: Duration, clock: &dyn Clock) -> bool {
        self.abandon();
        let until = clock.monotonic() + limit;
        let applied = join_until(&mut self.applying, until, clock);
        join_until(&mut self.publishing, until, clock) && applied
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// Waits for a thread to end, in small steps: the standard library has no join with a bound.
fn join_until(thread: &mut Option<JoinHandle<()>>, until: Duration, clock: &dyn Clock) -> bool {
    while thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
        if clock.monotonic() >= until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    if let Some(ended) = thread.take()
        && ended.join().is_err()
    {
        tracing::error!("a thread of a partition panicked");
    }
    true
}
