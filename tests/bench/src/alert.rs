//! From an event to its alert: how long until an alert that an event causes can be read, committed, while events come at a
//! fixed rate.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use server::clock::SystemClock;
use server::log::embedded::{Bounds, Embedded};
use server::log::{Log, Names, NewRecord, ReadBound, Start};
use store::StoreOptions;

use crate::desk::TENANT;
use crate::ingest;
use crate::measure::percentile;
use crate::mix::Mix;
use crate::options::Options;
use crate::rig::{Feeder, Rig};
use crate::row::Row;
use crate::stages::{self, folder};

/// Events a second.
const RATE: usize = 2_000;
/// How often events are handed in.
const STEP: Duration = Duration::from_millis(5);
const P99_MS_MAX: f64 = 250.0;
/// Events before those that are measured.
const WARM_UP: usize = 20_000;
/// How long late events are waited for.
const LATE: Duration = Duration::from_secs(200);
/// How long late alerts are waited for once everything is recorded.
const SETTLE: Duration = Duration::from_secs(10);
const UUID_BYTES: usize = 36;

/// What one run saw.
pub struct Seen {
    /// Milliseconds from event to alert.
    pub delays_ms: Vec<f64>,
    /// Events a second that were really handed in.
    pub rate: f64,
    /// Failing runs without an alert.
    pub missing: usize,
}

/// The rows of both logs.
pub fn run(options: &Options) -> Result<Vec<Row>> {
    let folder = folder()?;
    let clock = Arc::new(SystemClock::new());
    let log = Arc::new(Embedded::open(&folder.path().join("log"), clock, Bounds::default())?);
    let embedded = watch(log, Names::new(""), folder.path(), options)?;
    let embedded = row("alert: embedded, p99 ms event → committed alert at 2,000 events/s", embedded)?;
    let (folder, cluster) = (stages::folder()?, ledgerline_tests::kafka(1)?);
    let kafka = watch(ingest::kafka(&cluster)?, Names::new(""), folder.path(), options)?;
    Ok(vec![embedded, row("alert: Kafka, p99 ms event → committed alert at 2,000 events/s", kafka)?])
}

/// The row of a run.
pub fn row(name: &str, seen: Seen) -> Result<Row> {
    let at = |share| percentile(seen.delays_ms.clone(), share);
    println!(
        "{name}: {} alerts, p50 {:.1} p90 {:.1} p99 {:.1} max {:.1} ms, {:.0} events/s handed in, {} missing",
        seen.delays_ms.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0),
        seen.rate,
        seen.missing
    );
    ensure!(seen.missing == 0 && !seen.delays_ms.is_empty(), "{} failing runs have no alert", seen.missing);
    Ok(Row::bounded(name, at(0.99), P99_MS_MAX, "ms"))
}

/// Runs both hops, hands events in at the rate, and reads alerts as they become visible.
pub fn watch(log: Arc<dyn Log>, names: Names, folder: &Path, options: &Options) -> Result<Seen> {
    let rig = Rig::new(log, names, folder)?;
    let working = rig.start(folder, &StoreOptions::default(), Duration::from_secs(10))?;
    // The first event finds everything awake, and a broker that has compiled its own code.
    let mut feeder = Feeder::new(rig.log.as_ref())?;
    let mut mix = Mix::new(options.seed, 20);
    let before = options.pick(WARM_UP, 50);
    for payload in mix.by_ref().take(before) {
        feeder.push(NewRecord::new(&rig.names.input, payload).partition(0).key(TENANT))?;
    }
    feeder.finish()?;
    working.wait(before as u64, Duration::from_secs(60))?;
    let events: Vec<Vec<u8>> = mix.take(RATE * options.pick(15, 3)).collect();
    let done = AtomicBool::new(false);
    let (sent, got, rate) = std::thread::scope(|scope| -> Result<_> {
        let reading = scope.spawn(|| read_alerts(&rig, &done));
        let (sent, rate) = hand_in(&rig, &mut feeder, &events)?;
        working.wait((before + events.len()) as u64, LATE)?;
        // What is recorded is published within a few commits: a pause stands for the last of them.
        std::thread::sleep(SETTLE);
        done.store(true, Ordering::Relaxed);
        let got = reading.join().map_err(|_| anyhow::anyhow!("the reader panicked"))??;
        Ok((sent, got, rate))
    })?;
    working.stop()?;
    let mut delays_ms = Vec::new();
    let mut missing = 0;
    for (run, at) in &sent {
        match got.get(run) {
            Some(seen) => delays_ms.push(seen.saturating_sub(*at).as_secs_f64() * 1e3),
            None => missing += 1,
        }
    }
    Ok(Seen { delays_ms, rate, missing })
}

type Moments = BTreeMap<String, Duration>;

/// Hands events in at the rate; gives when each failing run's last event went out, and the rate that was kept.
fn hand_in(rig: &Rig, feeder: &mut Feeder, events: &[Vec<u8>]) -> Result<(Moments, f64)> {
    let mut sent = Moments::new();
    let began = rig.clock.monotonic();
    let per_step = RATE * usize::try_from(STEP.as_millis())? / 1_000;
    for (step, chunk) in (0_u32..).zip(events.chunks(per_step)) {
        let due = began + STEP * step;
        std::thread::sleep(due.saturating_sub(rig.clock.monotonic()));
        for payload in chunk {
            if let Some(run) = failing(payload) {
                sent.insert(run, rig.clock.monotonic());
            }
            feeder.push(NewRecord::new(&rig.names.input, payload.clone()).partition(0).key(TENANT))?;
        }
        feeder.send()?;
    }
    feeder.finish()?;
    let took = rig.clock.monotonic() - began;
    Ok((sent, events.len() as f64 / took.as_secs_f64()))
}

/// The run of an event that says it failed.
fn failing(payload: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(payload).ok()?;
    let run = text.contains(r#""eventType":"FAIL""#).then(|| text.split(r#""runId":""#).nth(1))??;
    run.get(..UUID_BYTES).map(str::to_owned)
}

/// Reads committed alerts until told; gives when each id of a run in them was first seen.
fn read_alerts(rig: &Rig, done: &AtomicBool) -> Result<Moments> {
    let mut reader = rig.log.reader(&rig.names.alerts)?;
    reader.assign(&[(0, Start::Earliest)])?;
    let bound = ReadBound { records_max: 1_000, bytes_max: 8 << 20, wait: Duration::from_millis(50) };
    let mut seen = Moments::new();
    while !done.load(Ordering::Relaxed) {
        let records = reader.read(bound)?.records;
        let now = rig.clock.monotonic();
        for record in &records {
            let text = String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned();
            for uuid in uuids(&text) {
                seen.entry(uuid.to_owned()).or_insert(now);
            }
        }
    }
    Ok(seen)
}

/// Everything in a text that looks like a UUID.
fn uuids(text: &str) -> impl Iterator<Item = &str> {
    let dashes = [8, 13, 18, 23];
    (0..text.len()).filter_map(move |at| text.get(at..at + UUID_BYTES)).filter(move |part| {
        let bytes = part.as_bytes();
        bytes.iter().enumerate().all(|(place, byte)| match dashes.contains(&place) {
            true => *byte == b'-',
            false => byte.is_ascii_hexdigit(),
        })
    })
}
