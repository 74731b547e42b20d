//! The conformance suite over the embedded and the simulated log, and over broken ones, which it must catch.

#[path = "log/broken.rs"]
mod broken;
#[path = "log/conformance.rs"]
mod conformance;

use std::path::PathBuf;
use std::sync::Arc;

use conformance::{CASES, Subject, check_all};
use server::clock::{ManualClock, SystemClock};
use server::log::Log;
use server::log::embedded::{Bounds, Embedded};
use server::log::sim::Sim;

struct OnDisk {
    folder: PathBuf,
    log: Option<Embedded>,
}

impl OnDisk {
    fn open(folder: PathBuf) -> Self {
        let log = Embedded::open(&folder, Arc::new(SystemClock::new()), Bounds::default()).expect("opened");
        Self { folder, log: Some(log) }
    }
}

impl Subject for OnDisk {
    fn log(&self) -> &dyn Log {
        self.log.as_ref().expect("it is open between restarts")
    }

    fn restart(&mut self) {
        self.log = None;
        *self = Self::open(self.folder.clone());
    }
}

#[test]
fn the_embedded_log_conforms() {
    let folder = tempfile::tempdir().expect("a folder");
    check_all(&mut OnDisk::open(folder.path().join("log")));
}

struct Simulated {
    log: Sim,
}

impl Simulated {
    fn new(seed: u64) -> Self {
        let clock = Arc::new(ManualClock::at(1_700_000_000_000_000_000));
        Self { log: Sim::new(seed, clock) }
    }
}

impl Subject for Simulated {
    fn log(&self) -> &dyn Log {
        &self.log
    }

    fn restart(&mut self) {
        self.log.crash();
    }

    fn waits(&self) -> bool {
        false
    }
}

#[test]
fn the_simulated_log_conforms() {
    for seed in 0..20 {
        check_all(&mut Simulated::new(seed));
    }
}

/// Each broken log breaks one promise; the case that stands for it must say so, and a sound log must not.
#[test]
fn broken_logs_are_caught() {
    for (breakage, case) in broken::BREAKAGES {
        let (_, check) = CASES.iter().find(|(name, _)| name == case).expect("the case exists");
        check(&mut Simulated::new(1));
        let mut broken = broken::Broken::new(Simulated::new(1).log, *breakage);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&mut broken)));
        assert!(caught.is_err(), "{breakage:?} was not caught by \"{case}\"");
    }
}

/// Prints how fast the embedded log is on this machine: `cargo test -p server --test log_local -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn speed_of_the_embedded_log() {
    use server::clock::Clock;
    use server::log::{Cleanup, NewRecord, Pending, ReadBound, Start, TopicSpec};
    use server::random::{Random, SeededRandom};
    use std::time::Duration;

    const RECORDS: usize = 50_000;
    const BATCH: usize = 256;
    let folder = tempfile::tempdir().expect("a folder");
    let subject = OnDisk::open(folder.path().join("log"));
    let log = subject.log();
    let topic: Arc<str> = Arc::from("speed");
    let spec = TopicSpec {
        name: Arc::clone(&topic),
        partitions: 2,
        replication: 1,
        min_insync_replicas: 1,
        cleanup: Cleanup::Keep,
        message_bytes_max: 1 << 20,
    };
    log.create(&spec).expect("created");
    // A quarter noise: compresses about as real events do.
    let random = SeededRandom::new(1);
    let body = || {
        let mut body = vec![b'x'; 4096];
        random.fill(&mut body[..1024]);
        bytes::Bytes::from(body)
    };
    let bodies: Vec<bytes::Bytes> = std::iter::repeat_with(body).take(1024).collect();
    let record = |n: usize| {
        NewRecord::new(&topic, bodies[n % bodies.len()].clone()).partition((n / BATCH % 2) as u32).key("tenant")
    };
    let clock = SystemClock::new();
    let appender = log.appender().expect("an appender");

    let mut waits = Vec::new();
    let started = clock.monotonic();
    for batch in 0..RECORDS / BATCH {
        let records = (batch * BATCH..(batch + 1) * BATCH).map(record).collect();
        let before = clock.monotonic();
        appender.append(records).expect("appended");
        waits.push(clock.monotonic() - before);
    }
    let one_at_a_time = clock.monotonic() - started;

    let started = clock.monotonic();
    let mut pending = std::collections::VecDeque::<Pending>::new();
    for batch in 0..RECORDS / BATCH {
        if pending.len() == 8 {
            pending.pop_front().expect("eight").wait().expect("appended");
        }
        pending.push_back(appender.begin((batch * BATCH..(batch + 1) * BATCH).map(record).collect()));
    }
    pending.into_iter().for_each(|one| drop(one.wait().expect("appended")));
    let pipelined = clock.monotonic() - started;

    let mut reader = log.reader(&topic).expect("a reader");
    reader.assign(&[(0, Start::Earliest), (1, Start::Earliest)]).expect("assigned");
    let bound = ReadBound { records_max: BATCH, bytes_max: 8 << 20, wait: Duration::ZERO };
    let started = clock.monotonic();
    let mut read = 0;
    loop {
        let batch = reader.read(bound).expect("read");
        read += batch.records.len();
        if batch.at_end {
            break;
        }
    }
    let reading = clock.monotonic() - started;

    let mut single = Vec::new();
    for n in 0..500 {
        let before = clock.monotonic();
        appender.append(vec![record(n)]).expect("appended");
        single.push(clock.monotonic() - before);
    }
    let mut wakes = Vec::new();
    reader.assign(&[(0, Start::End)]).expect("assigned");
    reader.read(bound).expect("read");
    for _ in 0..200 {
        let (sent, told) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                appender.begin(vec![record(0)]).wait().expect("appended");
                sent.send(clock.monotonic()).expect("told");
            });
            let batch = reader.read(ReadBound { wait: Duration::from_secs(5), ..bound }).expect("read");
            let woken = clock.monotonic();
            assert_eq!(batch.records.len(), 1);
            wakes.push(woken.saturating_sub(told.recv().expect("told")));
        });
    }
    let appended = RECORDS / BATCH * BATCH;
    let rate = |records: usize, took: Duration| (records as f64 / took.as_secs_f64()) as u64;
    println!("append, one batch of {BATCH} at a time: {} records/s", rate(appended, one_at_a_time));
    println!("append, 8 batches under way:          {} records/s", rate(appended, pipelined));
    println!("read:                                 {} records/s ({read} records)", rate(read, reading));
    for (name, times) in
        [("batch append", &mut waits), ("single append", &mut single), ("wake after answer", &mut wakes)]
    {
        times.sort();
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        println!("{name}: p50 {:?}, p99 {:?}", at(50), at(99));
    }
}
