//! Snapshots of this process's partitions: on a schedule and by order, one at a time, on a thread of its own. Owns what is
//! shown of them. Never holds up a partition: what fails is told, counted and tried again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ledger::SnapshotName;
use ledger::manifest::TreeHead;
use parking_lot::Mutex;
use store::tables::{self, CheckpointRow};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::{Core, StartError};
use crate::metrics::PartitionLabel;
use crate::snapshot::{
    Access, Digests, Made, Maker, Place, Publish, Remote, SnapshotError, Trust, Verified, Wanted, collect, list,
    trimmable,
};
use crate::worker::{Partition, State};

const LOOK: Duration = Duration::from_millis(50);
/// Before what failed is tried again.
const RETRY: Duration = Duration::from_secs(60);
/// Between two collections of what no snapshot names.
const COLLECT: Duration = Duration::from_secs(3_600);
/// Longest wait until what a copy holds is published.
const PUBLISH_MAX: Duration = Duration::from_secs(60);
/// Orders that are remembered: a repeated one is answered with what came of it.
const ORDERS_MAX: usize = 16;

/// What came of a partition's snapshot.
pub type Outcome = (u32, Result<Made, String>);

/// What is known of snapshots; shared by the thread that makes them and by those who ask.
#[derive(Default)]
pub struct Kept {
    orders: Mutex<VecDeque<(String, Option<Vec<Outcome>>)>>,
    newest: Mutex<BTreeMap<u32, Newest>>,
    changed: watch::Sender<()>,
    ended: AtomicBool,
}

/// The newest snapshot of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Which.
    pub name: SnapshotName,
    /// When it was written, ns UTC.
    pub written_at_ns: i64,
}

impl Kept {
    /// The newest snapshot of a partition, as far as this process knows.
    pub fn newest(&self, partition: u32) -> Option<Newest> {
        self.newest.lock().get(&partition).copied()
    }

    /// Orders a snapshot of every partition here, once for each key, and waits until it is done. `None` where too many other
    /// orders came after it, or nobody makes any more.
    pub async fn order(&self, key: String) -> Option<Vec<Outcome>> {
        let mut changed = self.changed.subscribe();
        {
            let mut orders = self.orders.lock();
            if !orders.iter().any(|(known, _)| *known == key) {
                if orders.len() == ORDERS_MAX {
                    orders.pop_front();
                }
                orders.push_back((key.clone(), None));
            }
        }
        loop {
            let order = self.orders.lock().iter().find(|(known, _)| *known == key).map(|(_, outcome)| outcome.clone());
            match order {
                None => return None,
                Some(None) if self.ended.load(Ordering::Acquire) => return None,
                Some(Some(outcome)) => return Some(outcome),
                Some(None) => changed.changed().await.ok()?,
            }
        }
    }

    fn next_order(&self) -> Option<String> {
        self.orders.lock().iter().find(|(_, outcome)| outcome.is_none()).map(|(key, _)| key.clone())
    }

    fn done(&self, key: &str, outcomes: Vec<Outcome>) {
        if let Some((_, outcome)) = self.orders.lock().iter_mut().find(|(known, _)| known == key) {
            *outcome = Some(outcomes);
        }
        self.changed.send_replace(());
    }
}

/// Tells those who wait that nobody makes snapshots any more, however that came.
struct Ending<'a>(&'a Kept);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Release);
        self.0.changed.send_replace(());
    }
}

/// The thread's own state.
struct Keeper {
    core: Arc<Core>,
    place: Place,
    runtime: Runtime,
    trust: Trust,
    /// When each partition's next snapshot is due, by the monotonic clock.
    due: BTreeMap<u32, Duration>,
    digests: BTreeMap<u32, Digests>,
    verified: Verified,
    collect_at: Duration,
}

impl Core {
    /// Starts to make snapshots, where a place for them is configured: on orders, and on the schedule where it is `scheduled`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn keep_snapshots(self: &Arc<Self>, scheduled: bool) -> Result<(), StartError> {
        let Some(place) = self.config.snapshots.place() else { return Ok(()) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| StartError::System { what: "snapshots can't be made", error })?;
        let mut keeper = Keeper {
            trust: self.trust(),
            core: Arc::clone(self),
            place,
            runtime,
            due: BTreeMap::new(),
            digests: BTreeMap::new(),
            verified: Verified::default(),
            collect_at: Duration::ZERO,
        };
        self.spawn("snapshots", move || keeper.run(scheduled))
    }
}

impl Keeper {
    fn run(&mut self, scheduled: bool) {
        let (core, stop) = (Arc::clone(&self.core), self.core.stop_flag());
        let _ending = Ending(&core.kept);
        while !stop.load(Ordering::Relaxed) {
            if let Some(key) = self.core.kept.next_order() {
                let outcomes = self.core.owners().map(|owners| owners.all()).unwrap_or_default();
                let outcomes = outcomes.iter().map(|partition| (partition.number, self.told(partition))).collect();
                self.core.kept.done(&key, outcomes);
            } else if scheduled {
                self.on_schedule();
            }
            self.show();
            std::thread::sleep(LOOK);
        }
    }

    /// Makes the snapshot that is due longest, if there is one.
    fn on_schedule(&mut self) {
        let (now, interval_ms) = (self.core.host.clock.monotonic(), self.core.config.snapshots.interval_ms);
        let partitions = self.core.owners().map(|owners| owners.all()).unwrap_or_default();
        self.due.retain(|number, _| partitions.iter().any(|partition| partition.number == *number));
        for partition in partitions.iter().filter(|partition| partition.status().state == State::Running) {
            if !self.due.contains_key(&partition.number) {
                let first = self.first_due(partition.number);
                self.due.insert(partition.number, first);
            }
        }
        let due = self.due.iter().filter(|(_, at)| **at <= now).min_by_key(|(_, at)| **at).map(|(number, _)| *number);
        let Some(partition) = partitions.iter().find(|partition| Some(partition.number) == due) else { return };
        if interval_ms > 0 {
            let _ = self.told(partition);
        }
    }

    /// An interval after the newest snapshot that is there; it becomes known by this look.
    fn first_due(&mut self, partition: u32) -> Duration {
        let now = self.core.host.clock.monotonic();
        let interval = Duration::from_millis(self.core.config.snapshots.interval_ms);
        match self.look(partition) {
            Ok(None) => now,
            Ok(Some(newest)) => {
                let age_ns = self.core.host.clock.now_ns().saturating_sub(newest.written_at_ns);
                let age = Duration::from_nanos(u64::try_from(age_ns).unwrap_or(0));
                now + interval.saturating_sub(age)
            }
            Err(error) => {
                tracing::warn!(partition, %error, "the snapshots that are there can't be listed; it is tried again");
                now + RETRY
            }
        }
    }

    fn look(&self, partition: u32) -> Result<Option<Newest>, SnapshotError> {
        let remote = self.remote()?;
        let incarnation = Some(ledger::leaf::Hex(self.core.desk.homes.at(partition).incarnation));
        let wanted = Wanted { partition: Some(partition), incarnation };
        let found = self.until_stop(list(&remote, &wanted))?;
        let newest = found.last().map(|stored| Newest { name: stored.what, written_at_ns: stored.written_at_ns });
        self.core.kept.newest.lock().extend(newest.map(|newest| (partition, newest)));
        Ok(newest)
    }

    /// Makes a partition's snapshot, counts and tells what came of it, and sets when the next one is due.
    fn told(&mut self, partition: &Partition) -> Result<Made, String> {
        let clock = Arc::clone(&self.core.host.clock);
        let interval = Duration::from_millis(self.core.config.snapshots.interval_ms);
        let made = self.make(partition);
        let metrics = &self.core.metrics.snapshots;
        let label = PartitionLabel { partition: partition.number };
        match &made {
            Ok(made) => {
                metrics.uploaded_bytes.get_or_create(&label).inc_by(made.uploaded_bytes);
                let newest = Newest { name: made.name, written_at_ns: clock.now_ns() };
                self.core.kept.newest.lock().insert(partition.number, newest);
                self.due.insert(partition.number, clock.monotonic() + interval);
                self.tidy(partition.number);
            }
            Err(SnapshotError::Stopped) => {}
            Err(error) => {
                metrics.failures.get_or_create(&label).inc();
                tracing::error!(partition = partition.number, %error, "a snapshot could not be made; it is tried again");
                self.due.insert(partition.number, clock.monotonic() + RETRY.min(interval.max(LOOK)));
            }
        }
        made.map_err(|error| error.to_string())
    }

    fn make(&mut self, partition: &Partition) -> Result<Made, SnapshotError> {
        let mut digests = self.digests.remove(&partition.number).unwrap_or_default();
        let maker = Maker {
            remote: Remote::open(&self.place, &self.core.config.snapshots.options, Access::Write)?,
            keyring: Arc::clone(&self.core.desk.keyring),
            clock: Arc::clone(&self.core.host.clock),
            folder: self.core.config.data_dir.clone(),
        };
        let publishing = Publishing { core: &self.core, partition };
        let made = self.until_stop(maker.make(&partition.store, partition.number, &mut digests, &publishing));
        self.digests.insert(partition.number, digests);
        made
    }

    /// Gives up what is not kept, and what of the log a kept snapshot covers. A failure costs nothing but space.
    fn tidy(&mut self, partition: u32) {
        let (clock, settings) = (&self.core.host.clock, &self.core.config.snapshots);
        let Ok(remote) = self.remote() else { return };
        if clock.monotonic() >= self.collect_at {
            self.collect_at = clock.monotonic() + COLLECT;
            match self.until_stop(collect(&remote, settings.keep, clock.now_ns())) {
                Ok(collected) => tracing::debug!(?collected, "snapshots that are not kept were given up"),
                Err(error) => tracing::warn!(%error, "what no snapshot names could not be given up"),
            }
        }
        if settings.trim {
            let life = (ledger::leaf::Hex(self.core.desk.homes.at(partition).incarnation), partition);
            let mut verified = std::mem::take(&mut self.verified);
            let below = self.until_stop(trimmable(&remote, &self.trust, life, &mut verified));
            self.verified = verified;
            let trimmed = below.map_err(|error| error.to_string()).and_then(|below| {
                let trim = |below| self.core.log.trim(&self.core.names.events, partition, below);
                below.map_or(Ok(()), trim).map(|()| below).map_err(|error| error.to_string())
            });
            match trimmed {
                Ok(below) => tracing::debug!(partition, ?below, "the log is trimmed below what a kept snapshot covers"),
                Err(error) => tracing::warn!(partition, error, "the log could not be trimmed"),
            }
        }
    }

    fn remote(&self) -> Result<Remote, SnapshotError> {
        Remote::open(&self.place, &self.core.config.snapshots.options, Access::Write)
    }

    /// Runs it to its end, or until the process is told to stop.
    fn until_stop<T>(&self, work: impl Future<Output = Result<T, SnapshotError>>) -> Result<T, SnapshotError> {
        let stop = self.core.stop_flag();
        let stopped = async {
            while !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(LOOK).await;
            }
        };
        self.runtime.block_on(async {
            tokio::select! {
                done = work => done,
                () = stopped => Err(SnapshotError::Stopped),
            }
        })
    }

    /// The age of the newest snapshot of each partition that is here; one that moved is another process's to tell.
    fn show(&self) {
        let (now_ns, here) = (self.core.host.clock.now_ns(), self.core.partitions());
        let ages = &self.core.metrics.snapshots.age;
        ages.clear();
        for (partition, newest) in self.core.kept.newest.lock().iter().filter(|(partition, _)| here.contains(partition))
        {
            let age_s = now_ns.saturating_sub(newest.written_at_ns) as f64 / 1e9;
            ages.get_or_create(&PartitionLabel { partition: *partition }).set(age_s.max(0.0));
        }
    }
}

/// Has the trees of a partition signed and published.
struct Publishing<'a> {
    core: &'a Core,
    partition: &'a Partition,
}

impl Publish for Publishing<'_> {
    /// A tick that was ordered signs every tree that grew.
    async fn covered(&self, trees: &[TreeHead]) -> Result<(), SnapshotError> {
        let published = |tree: &TreeHead| {
            let row = tables::get::<CheckpointRow>(&self.partition.store, tree.tenant.as_str().as_bytes());
            Ok::<_, SnapshotError>(row?.is_some_and(|row| row.size >= tree.size))
        };
        let clock = &self.core.host.clock;
        let until = clock.monotonic() + PUBLISH_MAX;
        let mut ticked = false;
        loop {
            let missing = trees.iter().map(|tree| Ok((tree, published(tree)?)));
            let missing = missing.collect::<Result<Vec<_>, SnapshotError>>()?.into_iter().find(|(_, there)| !there);
            let Some((tree, _)) = missing else { return Ok(()) };
            if clock.monotonic() >= until {
                let (tenant, why) = (&tree.tenant, self.partition.status().unpublished.unwrap_or_default());
                return Err(SnapshotError::Unpublished(format!(
                    "no checkpoint of {tenant} at {} leaves was published in {PUBLISH_MAX:?}, so nothing of it is signed {why}",
                    tree.size
                )));
            }
            if !std::mem::replace(&mut ticked, true) {
                let pending = self.core.ticker.order(self.partition.number, [0; 16]);
                pending.durable().await.map_err(|error| SnapshotError::Unpublished(error.to_string()))?;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
