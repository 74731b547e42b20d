//! Both hops at work on a log: intake from the input topic, the recorder with its publisher behind it.
//! Made of the shipped parts with their default settings; nothing is measured in here.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use server::clock::{Clock, SystemClock};
use server::config;
use server::intake::{Desk, TopicIntake, TopicIntakeParts};
use server::log::{AppendAction, AppendError, Appender, Log, Names, NewRecord, Outcome, Pending};
use server::metrics::Metrics;
use server::publisher::PublisherSettings;
use server::random::SystemRandom;
use server::recorder::RecorderSettings;
use server::ticker::Ticker;
use server::worker::{Duty, State, Worker, WorkerParts};
use store::{Store, StoreOptions};

use crate::desk::{self, PAYLOAD_BYTES_MAX, TENANT};

/// Bytes that are on their way into the log at once.
const FLIGHT_BYTES_MAX: usize = 16 << 20;
/// Records of one append.
const APPEND_RECORDS: usize = 200;

/// A ledger on a log, with nothing at work yet.
pub struct Rig {
    /// The log.
    pub log: Arc<dyn Log>,
    /// Its topics.
    pub names: Names,
    /// The clock of everything.
    pub clock: Arc<dyn Clock>,
    desk: Arc<Desk>,
    metrics: Arc<Metrics>,
}

/// Intake and recorder at work.
pub struct Working {
    worker: Worker,
    clock: Arc<dyn Clock>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Rig {
    /// Begins a ledger on `log`, with keys in `folder`.
    pub fn new(log: Arc<dyn Log>, names: Names, folder: &Path) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let desk = desk::begin(log.as_ref(), &names, &folder.join("keys"), clock.as_ref())?;
        Ok(Self { log, names, clock, desk, metrics: Arc::new(Metrics::new("bench", "bench")) })
    }

    /// Starts both hops over a store in `folder`; a tick is written every `tick`.
    pub fn start(&self, folder: &Path, options: &StoreOptions, tick: Duration) -> Result<Working> {
        let store = Store::open(&folder.join("partition-0"), options)?;
        let worker = Worker::start(0, store, Arc::new(self.worker_parts()), Duty::Own)?;
        let intake = TopicIntake::new(TopicIntakeParts {
            desk: Arc::clone(&self.desk),
            log: Arc::clone(&self.log),
            names: self.names.clone(),
            settings: intake_settings(&self.names),
            instance_id: None,
            progress_interval_ms: 10_000,
            clock: Arc::clone(&self.clock),
            random: Arc::new(SystemRandom),
            metrics: Arc::clone(&self.metrics),
        })?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let taking = std::thread::spawn(move || {
            if let Err(error) = intake.run(&stopped) {
                eprintln!("{error}");
            }
        });
        let ticker =
            Ticker::new(Arc::clone(&self.desk), self.log.appender()?, self.names.clone(), Arc::clone(&self.clock));
        let stopped = Arc::clone(&stop);
        let ticking = std::thread::spawn(move || ticker.run(tick, &|| vec![0], &stopped));
        Ok(Working { worker, clock: Arc::clone(&self.clock), stop, threads: vec![taking, ticking] })
    }

    fn worker_parts(&self) -> WorkerParts {
        let recorder = RecorderSettings::default();
        WorkerParts {
            log: Arc::clone(&self.log),
            names: self.names.clone(),
            keyring: Arc::clone(&self.desk.keyring),
            batches: config::Recorder {
                partitions: 1,
                batch_records_max: 1_000,
                batch_bytes_max: 16 << 20,
                tick_interval_ms: 10_000,
                tick_jump_max_ms: 3_600_000,
                block_cache_bytes_max: 64 << 20,
            },
            publisher: PublisherSettings {
                alerts: Arc::clone(&self.names.alerts),
                checkpoints: Arc::clone(&self.names.checkpoints),
                recorders: Arc::clone(&self.names.recorders),
                deployment: String::new(),
                batch_rows_max: 1_000,
                advertised_url: String::new(),
                generation: recorder.alerts.generation,
                envelope_versions: vec![1],
                node: String::new(),
                announces: false,
            },
            recorder,
            retry_interval_max_ms: 5_000,
            linger_ms: 5,
            clock: Arc::clone(&self.clock),
            metrics: Arc::clone(&self.metrics),
            progress: Arc::new(tokio::sync::watch::channel(0).0),
        }
    }
}

fn intake_settings(names: &Names) -> config::Intake {
    config::Intake {
        topics: vec![config::TopicPattern::Name(names.input.to_string())],
        batch_records_max: 1_000,
        batch_bytes_max: 8 << 20,
        queue_bytes_max: 64 << 20,
        payload_bytes_max: PAYLOAD_BYTES_MAX,
        name_bytes_max: 4_096,
        datasets_per_run_max: 10_000,
        tenants: BTreeMap::new(),
        default_tenant: TENANT.to_owned(),
    }
}

impl Working {
    /// Events recorded so far.
    pub fn recorded(&self) -> Result<u64> {
        let status = self.worker.partition.status();
        if let State::Halted { reason, .. } = &status.state {
            bail!("the partition halted: {reason}");
        }
        Ok(status.totals.recorded)
    }

    /// Waits until that many events are recorded.
    pub fn wait(&self, events: u64, limit: Duration) -> Result<()> {
        let until = self.clock.monotonic() + limit;
        while self.recorded()? < events {
            if self.clock.monotonic() > until {
                bail!("{} of {events} events were recorded in {limit:?}", self.recorded()?);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Next offset that the recorder applies.
    pub fn next_offset(&self) -> u64 {
        self.worker.partition.status().next_offset
    }

    /// Stops everything after what is in hand.
    pub fn stop(mut self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().ok().context("a thread of the rig panicked")?;
        }
        if !self.worker.stop(Duration::from_secs(20), self.clock.as_ref()) {
            bail!("the worker did not stop");
        }
        Ok(())
    }
}

/// Appends records one after another with a bounded number of bytes on their way.
pub struct Feeder {
    appender: Arc<dyn Appender>,
    flight: std::collections::VecDeque<(Pending, usize)>,
    bytes: usize,
    held: Vec<NewRecord>,
}

impl Feeder {
    /// A feeder of a log.
    pub fn new(log: &dyn Log) -> Result<Self> {
        Ok(Self { appender: log.appender()?, flight: Default::default(), bytes: 0, held: Vec::new() })
    }

    /// Appends one record, soon.
    pub fn push(&mut self, record: NewRecord) -> Result<()> {
        self.held.push(record);
        if self.held.len() >= APPEND_RECORDS { self.send() } else { Ok(()) }
    }

    /// Sends what is held; waits while too much is on its way.
    pub fn send(&mut self) -> Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let bytes = self.held.iter().map(NewRecord::size_bytes).sum();
        while !self.flight.is_empty() && self.bytes + bytes > FLIGHT_BYTES_MAX {
            self.land()?;
        }
        self.flight.push_back((self.appender.begin(std::mem::take(&mut self.held)), bytes));
        self.bytes += bytes;
        Ok(())
    }

    /// Waits until everything is durable.
    pub fn finish(&mut self) -> Result<()> {
        self.send()?;
        while !self.flight.is_empty() {
            self.land()?;
        }
        Ok(())
    }

    fn land(&mut self) -> Result<()> {
        if let Some((pending, bytes)) = self.flight.pop_front() {
            pending.wait().map_err(refused)?;
            self.bytes -= bytes;
        }
        Ok(())
    }
}

fn refused(error: AppendError) -> anyhow::Error {
    let lost = error.outcomes.iter().filter(|outcome| !matches!(outcome, Outcome::Durable(_))).count();
    let what = if error.action == AppendAction::Halt { "the log closed" } else { "an append failed" };
    anyhow::anyhow!("{what}: {error}; {lost} records are not durable")
}
