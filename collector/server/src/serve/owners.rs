//! Which partitions this process owns, and the workers at them. Owns their opening and closing; never in a rebalance
//! callback, which only says what is wanted and, on revocation, waits within a bound.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use store::{Store, StoreOptions, failpoint};

use super::generation;
use super::restorer::Restorer;
use crate::log::{GroupOffset, Inputs, Join, LogError, Membership, ReadBound, TopicPartition};
use crate::worker::{Duty, Partition, Worker, WorkerParts};

/// How long a rebalance waits for the batches in hand, of all partitions together.
const RELEASE_MAX: Duration = Duration::from_secs(3);
/// How long a silent member keeps its partitions.
pub(super) const SESSION_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two offsets stored for monitors of lag.
const HINT_INTERVAL: Duration = Duration::from_secs(5);
pub(super) const LOOK: Duration = Duration::from_millis(50);
pub(super) const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The partitions of this process.
pub struct Owners {
    parts: Arc<WorkerParts>,
    restorer: Restorer,
    options: StoreOptions,
    /// What the group has given this process. Locked before `workers` wherever both are.
    wanted: Mutex<BTreeSet<u32>>,
    workers: Mutex<BTreeMap<u32, Worker>>,
    /// Partitions whose store can't be opened, and why.
    unopened: Mutex<BTreeMap<u32, String>>,
    /// It is known what falls to this process, be it nothing.
    settled: AtomicBool,
}

impl Owners {
    /// Owns nothing yet. Stores lie where `restorer` makes those that are missing.
    pub fn new(parts: Arc<WorkerParts>, restorer: Restorer, options: StoreOptions) -> Self {
        let (wanted, workers, unopened, settled) = Default::default();
        Self { parts, restorer, options, wanted, workers, unopened, settled }
    }

    /// Takes a partition, opens its store and starts its worker. One that is at work stays as it is.
    ///
    /// # Errors
    /// Why it can't be opened, in a sentence.
    pub fn own(&self, partition: u32) -> Result<(), String> {
        self.wanted.lock().insert(partition);
        self.open(partition, Duty::Own)
    }

    /// Keeps a partition current that another process owns, without publishing.
    ///
    /// # Errors
    /// Why it can't be opened, in a sentence.
    pub(super) fn follow(&self, partition: u32) -> Result<(), String> {
        self.open(partition, Duty::Follow)
    }

    fn open(&self, partition: u32, duty: Duty) -> Result<(), String> {
        if let Some(worker) = self.workers.lock().get_mut(&partition) {
            return match duty {
                Duty::Own => worker.promote().map_err(|error| format!("no thread to be had: {error}")),
                Duty::Follow => Ok(()),
            };
        }
        let opened = self.store(partition).and_then(|store| {
            Worker::start(partition, store, Arc::clone(&self.parts), duty)
                .map_err(|error| format!("no thread to be had: {error}"))
        });
        // Held until the worker is in its place: a revocation comes before, and is seen here, or after, and finds it there.
        let wanted = self.wanted.lock();
        match opened {
            Ok(worker) if duty == Duty::Own && !wanted.contains(&partition) => drop(worker),
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

    /// The partition's store, of this build's rules.
    fn store(&self, partition: u32) -> Result<Store, String> {
        let generation = self.restorer.generation;
        let open = || {
            self.restorer.prepare(partition)?;
            generation::open(&self.restorer.store(partition), generation, &self.options)
        };
        match open()? {
            Some(store) => Ok(store),
            // The other generation's is out of the way.
            None => open()?.ok_or_else(|| format!("two generations of the rules have stores of partition {partition}")),
        }
    }

    /// Drops the workers that stopped for a reason that passes and opens their stores again: what a failed write has left
    /// behind is known only then. One whose store is still being read, or that still can't be opened, is tried again. Returns
    /// whether there was one.
    fn reopen(&self) -> bool {
        let now = self.parts.clock.monotonic();
        let stopped: Vec<u32> = {
            let workers = self.workers.lock();
            workers.iter().filter(|(_, worker)| worker.may_reopen(now)).map(|(partition, _)| *partition).collect()
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

    /// Gives partitions up: each worker ends after the batch in hand, and what it has committed is synced. All of them
    /// together within a bound; what is not published is published by the next owner.
    pub fn release(&self, partitions: &[u32]) {
        // A process that does not hear of it: what it goes on to compute, the transactional id alone keeps from being seen.
        if failpoint::hit("owners.deaf") {
            return;
        }
        let mut released = Vec::new();
        {
            let mut wanted = self.wanted.lock();
            let mut workers = self.workers.lock();
            for partition in partitions {
                wanted.remove(partition);
                self.unopened.lock().remove(partition);
                released.extend(workers.remove(partition));
            }
        }
        let clock = self.parts.clock.as_ref();
        let until = clock.monotonic() + RELEASE_MAX;
        for worker in &released {
            worker.partition.given_up();
            worker.abandon();
        }
        for worker in &mut released {
            let partition = worker.partition.number;
            if !worker.stop(until.saturating_sub(clock.monotonic()), clock) {
                let what = "the partition's threads outlive its revocation; its publisher is fenced by the next owner";
                tracing::warn!(partition, what);
            } else if let Err(error) = worker.partition.store.sync() {
                tracing::warn!(partition, %error, "a revoked partition's store could not be synced; the log holds all of it");
            }
        }
    }

    /// Gives everything up.
    pub(super) fn release_all(&self) {
        let partitions: BTreeSet<u32> =
            self.wanted.lock().iter().copied().chain(self.workers.lock().keys().copied()).collect();
        self.release(&partitions.into_iter().collect::<Vec<_>>());
    }

    /// Those at work that this process owns.
    pub fn all(&self) -> Vec<Arc<Partition>> {
        self.those(Duty::Own)
    }

    /// Those that it keeps current for another process.
    pub fn followed(&self) -> Vec<Arc<Partition>> {
        self.those(Duty::Follow)
    }

    fn those(&self, duty: Duty) -> Vec<Arc<Partition>> {
        let workers = self.workers.lock();
        workers.values().filter(|worker| worker.duty() == duty).map(|worker| Arc::clone(&worker.partition)).collect()
    }

    /// One at work that this process owns.
    pub fn get(&self, partition: u32) -> Option<Arc<Partition>> {
        let workers = self.workers.lock();
        let worker = workers.get(&partition).filter(|worker| worker.duty() == Duty::Own)?;
        Some(Arc::clone(&worker.partition))
    }

    /// Those that could not be opened, and why.
    pub fn unopened(&self) -> Vec<(u32, String)> {
        self.unopened.lock().iter().map(|(partition, why)| (*partition, why.clone())).collect()
    }

    /// Those that the group has given this process and whose store is still being opened.
    pub fn opening(&self) -> Vec<u32> {
        let wanted = self.wanted.lock();
        let (workers, unopened) = (self.workers.lock(), self.unopened.lock());
        let at_work = |partition: &u32| workers.get(partition).is_some_and(|worker| worker.duty() == Duty::Own);
        wanted.iter().filter(|one| !at_work(one) && !unopened.contains_key(one)).copied().collect()
    }

    /// Whether it is known what falls to this process.
    pub fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Acquire)
    }

    /// It is known: nobody shares partitions with this process, or the group has spoken.
    pub(super) fn settle(&self) {
        self.settled.store(true, Ordering::Release);
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
    /// When the group can't be joined, or another member has taken this one's seat: then everything has been given up.
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
        let mut hint_at = Duration::ZERO;
        let ended = loop {
            if stop.load(Ordering::Relaxed) {
                break Ok(());
            }
            let now = self.parts.clock.monotonic();
            if now >= hint_at {
                hint_at = now + HINT_INTERVAL;
                if let Err(error) = group.store(&self.hints()) {
                    tracing::debug!(%error, "the group's offsets could not be stored");
                }
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
        if ended.is_err() {
            self.release_all();
        }
        ended.and(group.close())
    }

    /// How far each partition is published, for monitors of lag: nothing else depends on it.
    fn hints(&self) -> Vec<GroupOffset> {
        let hint = |partition: Arc<Partition>| GroupOffset {
            topic: Arc::clone(&self.parts.names.events),
            partition: partition.number,
            next: partition.status().published_offset,
        };
        self.all().into_iter().map(hint).filter(|hint| hint.next > 0).collect()
    }

    /// Opens what is wanted and not at work, until `stop`; among it what stopped for a reason that has passed.
    pub fn open_wanted(&self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let reopened = self.reopen();
            let wanted: Vec<u32> = self.wanted.lock().iter().copied().collect();
            let mut failed = false;
            for partition in wanted.into_iter().filter(|partition| self.get(*partition).is_none()) {
                if let Err(why) = self.open(partition, Duty::Own) {
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
        self.0.settle();
    }

    fn revoked(&self, partitions: &[TopicPartition]) {
        self.0.release(&partitions.iter().map(|place| place.partition).collect::<Vec<_>>());
    }

    fn lost(&self, partitions: &[TopicPartition]) {
        // The group knows this process no more: what falls to it is open until it has joined again.
        self.0.settled.store(false, Ordering::Release);
        self.revoked(partitions);
    }

    fn settled(&self) {
        self.0.settle();
    }
}
