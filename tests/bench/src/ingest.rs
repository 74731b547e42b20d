//! Both hops on a log beside a floor program on the same log, embedded or a real Kafka broker: events wait in the input
//! topic, the clock runs until the last of them is recorded.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use server::clock::SystemClock;
use server::log::embedded::{Bounds, Embedded};
use server::log::kafka::{Kafka, Settings};
use server::log::{Log, Names, NewRecord, ReadBound, Sizing, Start, TopicSpec};
use store::StoreOptions;

use crate::desk::{PAYLOAD_BYTES_MAX, TENANT};
use crate::floor::{self, Rows};
use crate::measure::{median, time};
use crate::mix::Mix;
use crate::options::Options;
use crate::rig::{Feeder, Rig};
use crate::row::{Row, Target};
use crate::stages::{folder, mebibytes};

/// Longest a run may take.
pub const LIMIT: Duration = Duration::from_secs(900);
/// Ticks of a run: none beside the first.
const TICK: Duration = Duration::from_secs(10);
/// Memtables so large that a store's write-ahead log still holds everything when the run is over.
const UNFLUSHED_BYTES: usize = 2 << 30;

/// Rows of both logs.
pub fn run(options: &Options) -> Result<Vec<Row>> {
    let events: Vec<Vec<u8>> = Mix::new(options.seed, 200).take(options.pick(12_000, 1_500)).collect();
    let mut rows = on_embedded(options, &events)?;
    rows.extend(on_kafka(options, &events)?);
    Ok(rows)
}

/// A broker of its own, and topics of their own for each round.
fn on_kafka(options: &Options, events: &[Vec<u8>]) -> Result<Vec<Row>> {
    let cluster = ledgerline_tests::kafka(1)?;
    let (mut taken, mut floors) = (Vec::new(), Vec::new());
    for round in 0..options.pick(5, 1) {
        let folder = folder()?;
        let log = kafka(&cluster)?;
        let names = |of: &str| {
            let deployment = format!("{of}{round}");
            let mut names = Names::new(&deployment);
            names.input = Arc::from(format!("{deployment}.input"));
            names
        };
        floors.push(floor(&log, &names("floor"), folder.path(), events, &Rows::Bare)?);
        taken.push(ours(log, names("ours"), folder.path(), events)?);
    }
    println!("ingest on Kafka: {} events; seconds ours {taken:.2?}, floor {floors:.2?}", events.len());
    let rate = |seconds: Vec<f64>| events.len() as f64 / median(seconds);
    Ok(vec![Row::ratio("ingest: Kafka ÷ floor", rate(taken), rate(floors), Target::RatioMin(0.6), "events/s")])
}

/// The log of a broker.
pub fn kafka(cluster: &ledgerline_tests::Kafka) -> Result<Arc<dyn Log>> {
    let settings = Settings::new(cluster.bootstrap_servers());
    Ok(Arc::new(Kafka::new(settings, Arc::new(SystemClock::new()))?))
}

fn on_embedded(options: &Options, events: &[Vec<u8>]) -> Result<Vec<Row>> {
    let raw: u64 = events.iter().map(|event| event.len() as u64).sum();
    let same = captured(events)?;
    let (mut ours, mut floor_same, mut floor_bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.pick(5, 1) {
        ours.push(embedded_ours(events)?);
        floor_same.push(embedded_floor(events, &same)?);
        floor_bare.push(embedded_floor(events, &Rows::Bare)?);
    }
    println!(
        "ingest: {} events, {:.1} MiB; seconds ours {ours:.2?}, floor with the same rows {floor_same:.2?}, bare floor {floor_bare:.2?}",
        events.len(),
        mebibytes(raw)
    );
    let rate = |seconds: Vec<f64>| events.len() as f64 / median(seconds);
    let (ours, same, bare) = (rate(ours), rate(floor_same), rate(floor_bare));
    Ok(vec![
        Row::ratio("ingest: embedded ÷ floor with the same rows", ours, same, Target::RatioMin(0.6), "events/s"),
        Row::ratio("ingest: embedded ÷ bare floor", ours, bare, Target::None, "events/s"),
    ])
}

fn embedded(folder: &Path) -> Result<Arc<dyn Log>> {
    Ok(Arc::new(Embedded::open(&folder.join("log"), Arc::new(SystemClock::new()), Bounds::default())?))
}

fn embedded_ours(events: &[Vec<u8>]) -> Result<f64> {
    let folder = folder()?;
    ours(embedded(folder.path())?, Names::new(""), folder.path(), events)
}

fn embedded_floor(events: &[Vec<u8>], rows: &Rows) -> Result<f64> {
    let folder = folder()?;
    floor(&embedded(folder.path())?, &Names::new(""), folder.path(), events, rows)
}

/// Seconds of both hops of ours.
pub fn ours(log: Arc<dyn Log>, names: Names, folder: &Path, events: &[Vec<u8>]) -> Result<f64> {
    let rig = Rig::new(log, names, folder)?;
    fill(rig.log.as_ref(), &rig.names.input, events)?;
    let mut outcome = Ok(None);
    let took = time(|| {
        outcome = rig.start(folder, &StoreOptions::default(), TICK).and_then(|working| {
            working.wait(events.len() as u64, LIMIT)?;
            Ok(Some(working))
        });
    });
    if let Some(working) = outcome? {
        working.stop()?;
    }
    Ok(took.as_secs_f64())
}

/// Seconds of both hops of the floor.
pub fn floor(log: &Arc<dyn Log>, names: &Names, folder: &Path, events: &[Vec<u8>], rows: &Rows) -> Result<f64> {
    for spec in topics(names) {
        log.create(&spec)?;
    }
    fill(log.as_ref(), &names.input, events)?;
    let mut outcome = Ok(());
    let store = folder.join("floor");
    let took = time(|| outcome = floor::run(log, &names.input, &names.events, &store, events.len(), rows));
    outcome.context("the floor program")?;
    Ok(took.as_secs_f64())
}

fn topics(names: &Names) -> Vec<TopicSpec> {
    let payload_bytes_max = u32::try_from(PAYLOAD_BYTES_MAX).unwrap_or(u32::MAX);
    Sizing { partitions: 1, input_partitions: 1, brokers: 1, payload_bytes_max }.topics(names)
}

/// Puts events into the input topic, as clients would.
pub fn fill(log: &dyn Log, input: &Arc<str>, events: &[Vec<u8>]) -> Result<()> {
    let mut feeder = Feeder::new(log)?;
    for event in events {
        feeder.push(NewRecord::new(input, event.clone()).partition(0).key(TENANT))?;
    }
    feeder.finish()
}

/// What our two hops write for these events: envelopes and batches of rows, taken from a run.
fn captured(events: &[Vec<u8>]) -> Result<Rows> {
    let folder = folder()?;
    let rig = Rig::new(embedded(folder.path())?, Names::new(""), folder.path())?;
    fill(rig.log.as_ref(), &rig.names.input, events)?;
    let working = rig.start(folder.path(), &StoreOptions::new(64 << 20, UNFLUSHED_BYTES), TICK)?;
    working.wait(events.len() as u64, LIMIT)?;
    working.stop()?;
    let mut envelopes = Vec::new();
    let mut reader = rig.log.reader(&rig.names.events)?;
    reader.assign(&[(0, Start::Earliest)])?;
    loop {
        let bound = ReadBound { records_max: 1_000, bytes_max: 16 << 20, wait: Duration::from_millis(100) };
        let batch = reader.read(bound)?;
        let of_events = batch.records.into_iter().filter(|record| record.key.as_deref() == Some(TENANT.as_bytes()));
        envelopes.extend(of_events.filter_map(|record| record.value).map(|value| value.to_vec()));
        if batch.at_end {
            break;
        }
    }
    let batches = floor::batches(&folder.path().join("partition-0"))?;
    let bytes = |of: &[Vec<u8>]| mebibytes(of.iter().map(|one| one.len() as u64).sum());
    println!(
        "ingest: captured {} envelopes ({:.1} MiB) and {} batches of rows ({:.1} MiB)",
        envelopes.len(),
        bytes(&envelopes),
        batches.len(),
        bytes(&batches)
    );
    anyhow::ensure!(envelopes.len() >= events.len() && !batches.is_empty(), "the run left less than it was given");
    Ok(Rows::Same { envelopes, batches })
}
