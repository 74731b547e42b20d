//! Which partitions this process owns, and the workers at them. Owns their opening and closing; never in a rebalance
//! callback, which only says what is wanted and, on revocation, waits within a bound.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use store::{Store, StoreOptions};

use crate::log::{Inputs, Join, LogError, Membership, ReadBound, TopicPartition};
use crate::worker::{Partition, Worker, WorkerParts};

/// How long a rebalance waits for the batch in hand.
const RELEASE_MAX: Duration = Duration::from_secs(3);
const SESSION_TIMEOUT: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The partitions of this process.
pub struct Owners {
    parts: Arc<WorkerParts>,
    folder: PathBuf,
    options: StoreOptions,
    wanted: Mutex<BTreeSet<u32>>,
    workers: Mutex<BTreeMap<u32, Worker>>,
    /// Partitions whose store can't be opened, and why.
    unopened: Mutex<BTreeMap<u32, String>>,
}

impl Owners {
    /// Owns nothing yet. Stores lie in `folder`, one folder each.
    pub fn new(parts: Arc<WorkerParts>, folder: PathBuf, options: StoreOptions) -> Self {
        let (wanted, workers, unopened) = Default::default();
        Self { parts, folder, options, wanted, workers, unopened }
    }

    /// Opens a partition's store and starts its worker. One that is at work stays as it is.
    ///
    /// # Errors
    /// Why it can't be opened, in a sentence.
    pub fn own(&self, partition: u32) -> Result<(), String> {
        self.wanted.lock().insert(partition);
        if self.workers.lock().contains_key(&partition) {
            return Ok(());
        }
        let path = self.folder.join(format!("partition-{partition}"));
        let opened = Store::open(&path, &self.options).map_err(|error| error.to_string()).and_then(|store| {
            Worker::start(partition, store, Arc::clone(&self.parts))
                .map_err(|error| format!("no thread to be had: {error}"))
        });
        match opened {
            // Revoked while it was being opened.
            Ok(worker) if !self.wanted.lock().contains(&partition) => drop(worker),
            Ok(worker) => {
                self.unopened.lock().remove(&partition);
                self.workers.lock().insert(partition, worker);
            }
            Err(why) => {
                self.unopened.lock().insert(partition, why.clone());
                return Err(why);
            }
        }
        Ok(())
    }

    /// Drops the workers that stopped because of a full disk and opens their stores again: what a failed write has left behind
    /// is known only then. One whose store is still being read, or that still can't be opened, is tried again. Returns whether
    /// there was one.
    fn reopen(&self) -> bool {
        let stopped: Vec<u32> = {
            let workers = self.workers.lock();
            workers.iter().filter(|(_, worker)| worker.may_reopen()).map(|(partition, _)| *partition).collect()
        };
        for partition in &stopped {
            tracing::warn!(partition, "the partition's store is closed and opened again");
            let worker = self.workers.lock().remove(partition);
            self.unopened.lock().insert(*partition, "its store is being opened again".to_owned());
            // Both threads have ended; the store closes with its last reader.
            drop(worker);
        }
        !stopped.is_empty()
    }

    /// Stops a partition's worker after the batch in hand.
    pub fn release(&self, partition: u32) {
        self.wanted.lock().remove(&partition);
        self.unopened.lock().remove(&partition);
        let worker = self.workers.lock().remove(&partition);
        if let Some(mut worker) = worker
            && !worker.stop(RELEASE_MAX, self.parts.clock.as_ref())
        {
            tracing::warn!(
                partition,
                "the partition's threads outlive its revocation; its publisher is fenced by the next owner"
            );
        }
    }

    /// Those at work.
    pub fn all(&self) -> Vec<Arc<Partition>> {
        self.workers.lock().values().map(|worker| Arc::clone(&worker.partition)).collect()
    }

    /// One at work.
    pub fn get(&self, partition: u32) -> Option<Arc<Partition>> {
        self.workers.lock().get(&partition).map(|worker| Arc::clone(&worker.partition))
    }

    /// Those that could not be opened, and why.
    pub fn unopened(&self) -> Vec<(u32, String)> {
        self.unopened.lock().iter().map(|(partition, why)| (*partition, why.clone())).collect()
    }

    /// Applies and publishes what lies below each partition's `offset`, and stops everything, within `limit`. Returns
    /// whether all was done.
    pub fn drain(&self, offsets: &BTreeMap<u32, u64>, limit: Duration) -> bool {
        let clock = self.parts.clock.as_ref();
        let until = clock.monotonic() + limit;
        self.wanted.lock().clear();
        let workers = std::mem::take(&mut *self.workers.lock());
        let mut done = true;
        for (partition, mut worker) in workers {
            let offset = offsets.get(&partition).copied().unwrap_or(0);
            done &= worker.drain(offset, until.saturating_sub(clock.monotonic()), clock);
        }
        done
    }

    /// Takes part in the group that shares partitions out, until `stop`: one member that reads nothing, polls always and
    /// opens what it is given.
    ///
    /// # Errors
    /// When the group can't be joined, or another member has taken this one's seat.
    pub fn share(self: &Arc<Self>, instance_id: Option<&str>, stop: &AtomicBool) -> Result<(), LogError> {
        let names = &self.parts.names;
        let join = || Join {
            group: names.group("recorder"),
            instance_id: instance_id.map(str::to_owned),
            inputs: Inputs::Topics(vec![names.events.to_string()]),
            session_timeout: SESSION_TIMEOUT,
            assignment_only: true,
        };
        let seat = Arc::new(Seat(Arc::clone(self)));
        let mut group = loop {
            match self.parts.log.group_reader(join(), Arc::<Seat>::clone(&seat)) {
                Ok(group) => break group,
                Err(error) if error.is_retry() && !stop.load(Ordering::Relaxed) => std::thread::sleep(RETRY_PAUSE),
                Err(error) => return Err(error),
            }
        };
        let opener = {
            let (owners, closed) = (Arc::clone(self), Arc::new(AtomicBool::new(false)));
            let stopped = Arc::clone(&closed);
            let thread = std::thread::Builder::new().name("open-stores".to_owned());
            let handle = thread.spawn(move || owners.open_wanted(&stopped));
            (handle.map_err(|error| LogError::Halt { what: format!("no thread to be had: {error}") })?, closed)
        };
        let bound = ReadBound { records_max: 1, bytes_max: 1, wait: LOOK };
        let ended = loop {
            if stop.load(Ordering::Relaxed) {
                break Ok(());
            }
            match group.poll(bound) {
                Ok(_) => {}
                Err(error) if error.is_retry() => std::thread::sleep(RETRY_PAUSE),
                Err(error) => break Err(error),
            }
        };
        opener.1.store(true, Ordering::Relaxed);
        if opener.0.join().is_err() {
            tracing::error!("the thread that opens stores panicked");
        }
        ended.and(group.close())
    }

    /// Opens what is wanted and not at work, until `stop`; among it what stopped for a reason that has passed.
    pub fn open_wanted(&self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let reopened = self.reopen();
            let wanted: Vec<u32> = self.wanted.lock().iter().copied().collect();
            let at_work: BTreeSet<u32> = self.workers.lock().keys().copied().collect();
            let mut failed = false;
            for partition in wanted.into_iter().filter(|partition| !at_work.contains(partition)) {
                if let Err(why) = self.own(partition) {
                    tracing::error!(partition, why, "the partition's store can't be opened; it is tried again");
                    failed = true;
                }
            }
            // A disk that is still full stops it again at once: not more often than this.
            std::thread::sleep(if failed || reopened { RETRY_PAUSE } else { LOOK });
        }
    }
}

/// The member's view of the group.
struct Seat(Arc<Owners>);

impl Membership for Seat {
    fn assigned(&self, partitions: &[TopicPartition]) {
        self.0.wanted.lock().extend(partitions.iter().map(|place| place.partition));
    }

    fn revoked(&self, partitions: &[TopicPartition]) {
        partitions.iter().for_each(|place| self.0.release(place.partition));
    }
}
