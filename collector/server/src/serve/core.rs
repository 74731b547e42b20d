//! The collector without its HTTP edge: log, keys, ledger, intake, workers, ticks. Owns the order in which they start and
//! stop. Commands that work on a data folder use it as it is; `serve` puts the edge before it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use lineage::schema::Schemas;
use parking_lot::Mutex;
use store::StoreOptions;
use tokio::sync::watch;

use super::keeper::Kept;
use super::owners::Owners;
use super::parts::{self, key_places, keyring, ledger_name, open_existing, open_log};
use super::peers::Peers;
use super::{StartError, topics};
use crate::build::Build;
use crate::clock::Clock;
use crate::config::Config;
use crate::cosigning::Standing;
use crate::genesis::{Beginning, Begun, Homes, configured_tenants};
use crate::http::model::ReadinessReason;
use crate::intake::{Desk, DirectIntake, DirectParts, TopicIntake, TopicIntakeParts, WrittenVersion, limits};
use crate::keyring::Keyring;
use crate::log::{Log, Names};
use crate::metrics::Metrics;
use crate::random::Random;
use crate::ticker::Ticker;

/// Share of the drain kept for the threads that only have to see their order.
const STOP_MAX: Duration = Duration::from_secs(2);
/// The thread that takes part in sharing partitions out.
const SHARE: &str = "share-partitions";
/// Memtables of all stores together.
const MEMTABLE_BYTES: usize = 64 << 20;

/// What a core is made from beside its configuration.
#[derive(Clone)]
pub struct Host {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
}

/// A collector at work.
pub struct Core {
    pub(crate) config: Config,
    pub(crate) host: Host,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) names: Names,
    pub(crate) desk: Arc<Desk>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) progress: Arc<watch::Sender<u64>>,
    pub(crate) ticker: Arc<Ticker>,
    /// What this process reads, writes and judges by.
    pub(crate) build: Build,
    /// Who owns what, as the owners say.
    pub(crate) peers: Peers,
    /// Where others reach this process.
    pub(super) advertised_url: Mutex<String>,
    /// Why another process sits in this one's seat; none while none does.
    pub(super) displaced: watch::Sender<Option<String>>,
    /// The order to a standby to take over.
    pub(crate) takeover: AtomicBool,
    pub(crate) kept: Kept,
    /// Which witnesses fail.
    pub(crate) cosigning: Standing,
    /// What is wrong with the keys that sign, as of the last look.
    pub(super) key_faults: Mutex<Vec<ReadinessReason>>,
    owners: Mutex<Option<Arc<Owners>>>,
    stop: Arc<AtomicBool>,
    /// Tells the group that shares partitions to leave: last, for leaving takes the partitions away.
    pub(super) leave: AtomicBool,
    threads: Mutex<Vec<(&'static str, JoinHandle<()>)>>,
    stopped: Mutex<Vec<String>>,
}

impl Core {
    /// Opens log and keys, makes what is missing where the log is embedded, and begins the ledger. Nothing works yet.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn open(config: Config, host: Host) -> Result<Arc<Self>, StartError> {
        let log = open_log(&config, &host)?;
        let names = topics::names(&config);
        if config.kafka.is_configured() {
            let missing = topics::check(log.as_ref(), &topics::wanted(&config, 1))?;
            let missing: Vec<String> = missing.into_iter().filter(|one| !one.exists).map(|one| one.topic).collect();
            if !missing.is_empty() {
                return Err(StartError::Topics(missing));
            }
        } else {
            topics::create(log.as_ref(), &topics::wanted(&config, 1))?;
        }
        let ledger = ledger_name(&config)?;
        let keyring = Arc::new(keyring(&config, &host, &ledger)?);
        let appender = log.appender()?;
        let homes = Beginning {
            log: log.as_ref(),
            appender: appender.as_ref(),
            names: &names,
            keyring: &keyring,
            ledger: &ledger,
            partitions: config.recorder.partitions,
            tenants: &configured_tenants(&config),
            random: host.random.as_ref(),
            now_ns: host.clock.now_ns(),
            previous: BTreeMap::new(),
        };
        let homes = homes.ensure()?;
        Self::assemble(config, host, log, keyring, homes)
    }

    /// Opens an embedded deployment that is there and stopped, and changes nothing that it means: no key, no topic, no record
    /// is made. Name and partitions are the ledger's own, whatever the configuration says.
    ///
    /// # Errors
    /// [`StartError`]; also when nothing was ever begun in the folder.
    pub fn open_stopped(mut config: Config, host: Host) -> Result<Arc<Self>, StartError> {
        let log = open_existing(&config, &host)?;
        let names = topics::names(&config);
        let keyring = Arc::new(Keyring::load(key_places(&config))?);
        let begun = Begun::read(log.as_ref(), &names, &keyring)?;
        config.recorder.partitions = begun.homes.count();
        config.ledger.name = begun.ledger_name.unwrap_or(config.ledger.name);
        Self::assemble(config, host, log, keyring, begun.homes)
    }

    fn assemble(
        config: Config,
        host: Host,
        log: Arc<dyn Log>,
        keyring: Arc<Keyring>,
        homes: Homes,
    ) -> Result<Arc<Self>, StartError> {
        let kind = if config.kafka.is_configured() { "kafka" } else { "embedded" };
        let schemas = Schemas::built_in().expect("a test compiles the shipped schemas");
        let (build, version) = (Build::current(), WrittenVersion::default());
        if !config.kafka.is_configured() {
            // It reads what it writes, and nobody else does.
            version.set(build.envelope_version);
        }
        let desk = Arc::new(Desk {
            schemas: Arc::new(schemas),
            limits: limits(&config.intake),
            keyring,
            homes: Arc::new(homes),
            version,
        });
        let names = topics::names(&config);
        let ticker = Ticker::new(Arc::clone(&desk), log.appender()?, names.clone(), Arc::clone(&host.clock));
        Ok(Arc::new(Self {
            config,
            host,
            log,
            names,
            desk,
            metrics: Arc::new(Metrics::new(crate::intake::VERSION, kind)),
            progress: Arc::new(watch::channel(0).0),
            ticker: Arc::new(ticker),
            build,
            peers: Peers::default(),
            advertised_url: Mutex::default(),
            displaced: watch::channel(None).0,
            takeover: AtomicBool::new(false),
            kept: Kept::default(),
            cosigning: Standing::default(),
            key_faults: Mutex::default(),
            owners: Mutex::new(None),
            stop: Arc::new(AtomicBool::new(false)),
            leave: AtomicBool::new(false),
            threads: Mutex::new(Vec::new()),
            stopped: Mutex::new(Vec::new()),
        }))
    }

    /// Starts everything. `advertised_url` is where others reach this process.
    ///
    /// # Errors
    /// When a store can't be opened (with the embedded log, which has no other process to take it) or the system gives no thread.
    pub fn work(self: &Arc<Self>, advertised_url: &str) -> Result<(), StartError> {
        let owners = self.seat_owners(advertised_url);
        if self.config.kafka.is_configured() {
            let core = Arc::clone(self);
            self.spawn(SHARE, move || core.share(&owners))?;
        } else {
            self.own_all(&owners)?;
            let core = Arc::clone(self);
            self.spawn("open-stores", move || owners.open_wanted(&core.stop))?;
        }
        let core = Arc::clone(self);
        self.spawn("survey", move || core.survey())?;
        self.watch_keys()?;
        let core = Arc::clone(self);
        let interval = Duration::from_millis(self.config.recorder.tick_interval_ms);
        self.spawn("tick", move || core.ticker.run(interval, &|| core.partitions(), &core.stop))
    }

    /// Applies and publishes what the log holds, as a start would, and writes nothing new into it: for reading.
    ///
    /// # Errors
    /// When a store can't be opened.
    pub fn work_off(self: &Arc<Self>) -> Result<(), StartError> {
        let owners = self.seat_owners("");
        self.own_all(&owners)
    }

    /// Records nothing: the partitions are others'.
    pub fn own_none(&self) {
        self.seat_owners("").settle();
    }

    fn seat_owners(&self, advertised_url: &str) -> Arc<Owners> {
        let owners = Arc::new(Owners::new(
            Arc::new(parts::worker_parts(self, advertised_url)),
            self.restorer(),
            StoreOptions::new(self.config.recorder.block_cache_bytes_max, MEMTABLE_BYTES),
        ));
        *self.owners.lock() = Some(Arc::clone(&owners));
        owners
    }

    fn own_all(&self, owners: &Owners) -> Result<(), StartError> {
        let own = |partition| owners.own(partition).map_err(|why| StartError::Store { partition, why });
        owners.settle();
        (0..self.desk.homes.count()).try_for_each(own)
    }

    /// Starts reading the input topics.
    ///
    /// # Errors
    /// When the log or the system gives what it needs not.
    pub fn take_topics(self: &Arc<Self>) -> Result<(), StartError> {
        let intake = TopicIntake::new(TopicIntakeParts {
            desk: Arc::clone(&self.desk),
            log: Arc::clone(&self.log),
            names: self.names.clone(),
            settings: self.config.intake.clone(),
            instance_id: parts::seat(&self.config, "intake"),
            progress_interval_ms: self.config.recorder.tick_interval_ms,
            clock: Arc::clone(&self.host.clock),
            random: Arc::clone(&self.host.random),
            metrics: Arc::clone(&self.metrics),
        })?;
        let core = Arc::clone(self);
        self.spawn("intake", move || {
            if let Err(stopped) = intake.run(&core.stop) {
                core.gave_up(stopped.to_string());
            }
        })
    }

    /// Intake of a channel without offsets: `http` or `file`.
    ///
    /// # Errors
    /// When the log gives no appender.
    pub fn direct(&self, source: &'static str) -> Result<DirectIntake, StartError> {
        Ok(DirectIntake::new(DirectParts {
            desk: Arc::clone(&self.desk),
            appender: self.log.appender()?,
            names: self.names.clone(),
            clock: Arc::clone(&self.host.clock),
            random: Arc::clone(&self.host.random),
            metrics: Arc::clone(&self.metrics),
            queue_bytes_max: self.config.intake.queue_bytes_max,
            source,
        }))
    }

    /// The log that it works on.
    pub fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    /// The partitions at work.
    pub fn owners(&self) -> Option<Arc<Owners>> {
        self.owners.lock().clone()
    }

    /// Numbers of the partitions at work.
    pub fn partitions(&self) -> Vec<u32> {
        self.owners().map(|owners| owners.all().iter().map(|partition| partition.number).collect()).unwrap_or_default()
    }

    /// Parts that gave up before they were told to stop, and why.
    pub fn stopped(&self) -> Vec<String> {
        self.stopped.lock().clone()
    }

    /// Writes a last tick into each partition, applies and publishes everything up to it, and stops. What is not done within
    /// `limit` is done after the next start; nothing is lost by it. Returns whether everything was done.
    pub fn shutdown(&self, limit: Duration) -> bool {
        self.end(limit, |owners| self.last_ticks(owners))
    }

    /// Stops where it stands and writes nothing: for a core that was opened to be read.
    pub fn close(&self, limit: Duration) -> bool {
        self.end(limit, |owners| {
            owners.all().iter().map(|partition| (partition.number, partition.status().next_offset)).collect()
        })
    }

    /// Stops everything, the partitions once they come to the offsets that `last` gives.
    fn end(&self, limit: Duration, last: impl FnOnce(&Owners) -> BTreeMap<u32, u64>) -> bool {
        let clock = self.host.clock.as_ref();
        let until = clock.monotonic() + limit;
        self.stop.store(true, Ordering::Relaxed);
        let mut done = self.join_threads(until, |name| name != SHARE);
        let owners = self.owners.lock().take();
        if let Some(owners) = owners {
            let offsets = last(&owners);
            done &= offsets.len() == owners.all().len();
            let left = until.saturating_sub(clock.monotonic()).max(STOP_MAX);
            done &= owners.drain(&offsets, left);
        }
        self.leave.store(true, Ordering::Relaxed);
        self.join_threads(until.max(clock.monotonic() + STOP_MAX), |_| true) && done
    }

    /// Writes a tick into each partition; gives the offsets behind those that were written.
    fn last_ticks(&self, owners: &Owners) -> BTreeMap<u32, u64> {
        let mut offsets = BTreeMap::new();
        for partition in owners.all() {
            match self.ticker.last_tick(partition.number) {
                Ok(offset) => drop(offsets.insert(partition.number, offset.saturating_add(1))),
                Err(error) => {
                    tracing::warn!(partition = partition.number, %error, "the last tick could not be written")
                }
            }
        }
        offsets
    }

    /// Waits for the threads whose name is `wanted`.
    fn join_threads(&self, until: Duration, wanted: impl Fn(&str) -> bool) -> bool {
        let mut all = true;
        let threads = std::mem::take(&mut *self.threads.lock());
        let (joined, left): (Vec<_>, Vec<_>) = threads.into_iter().partition(|(name, _)| wanted(name));
        *self.threads.lock() = left;
        for (name, thread) in joined {
            while !thread.is_finished() && self.host.clock.monotonic() < until {
                std::thread::sleep(Duration::from_millis(1));
            }
            if !thread.is_finished() {
                tracing::warn!(name, "a thread did not stop in time");
                all = false;
            } else if thread.join().is_err() {
                tracing::error!(name, "a thread panicked");
                all = false;
            }
        }
        all
    }

    pub(crate) fn spawn(&self, name: &'static str, run: impl FnOnce() + Send + 'static) -> Result<(), StartError> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        let thread = thread.map_err(|error| StartError::System { what: "a thread can't be started", error })?;
        self.threads.lock().push((name, thread));
        Ok(())
    }

    pub(crate) fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    pub(super) fn gave_up(&self, why: String) {
        tracing::error!(why, "a part of the server gave up");
        self.stopped.lock().push(why);
    }
}
