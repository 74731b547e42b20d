//! The shipped binary dies at each place where it can lose or double something, is started again, and everything is sent again:
//! each event is in the ledger once, each message of an alert is on the topic once. Embedded log and real Kafka.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ledgerline_tests::{Kafka, Ledgerline, client, kafka, until};
use serde_json::{Value, json};
use server::clock::SystemClock;
use server::log::embedded::{Bounds, Embedded};
use server::log::{Log, Names, NewRecord, ReadBound, Sizing, Start};

/// Where it dies, and at which time of coming there.
const PLACES: [&str; 15] = [
    "intake.append.before=abort",
    "intake.append.after=abort",
    "intake.append.after=abort@3",
    "intake.commit.before=abort",
    "intake.commit.after=abort",
    "store.commit.before=abort@3",
    "store.commit.after=abort@3",
    "store.sync=abort",
    "publisher.send.before=abort",
    "transaction.begin.before=abort",
    "transaction.begin.after=abort",
    "transaction.send.after=abort",
    "transaction.commit.after=abort",
    "publisher.remember.before=abort",
    "publisher.remember.after=abort",
];

/// Those where a broker makes a difference. The first transaction of an owner there is the one that says who it is.
const PLACES_ON_KAFKA: [&str; 6] = [
    "intake.append.after=abort",
    "intake.commit.before=abort",
    "transaction.begin.after=abort@2",
    "transaction.send.after=abort@2",
    "transaction.commit.after=abort@2",
    "publisher.remember.before=abort",
];

const RUNS: u32 = 6;
/// Every third run fails.
const FAILING: u32 = 2;
const TOPIC: &str = "openlineage.events";

/// Two events for each run.
fn events() -> Vec<String> {
    let event = |run: u32, kind: &str, minute: u32| {
        json!({
            "eventType": kind, "eventTime": format!("2026-03-01T06:{minute:02}:00Z"), "producer": "https://example.test",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": format!("01920000-0000-7000-8000-{run:012}")},
            "job": {"namespace": "shop", "name": format!("job-{run}")}, "inputs": [], "outputs": [],
        })
        .to_string()
    };
    let end = |run: u32| if run.is_multiple_of(3) { "FAIL" } else { "COMPLETE" };
    (0..RUNS).flat_map(|run| [event(run, "START", 0), event(run, end(run), 5)]).collect()
}

/// Sends every event over HTTP; gives how many were acknowledged. A server that dies acknowledges none.
fn send(server: &Ledgerline) -> usize {
    post(server, events())
}

fn post(server: &Ledgerline, events: Vec<String>) -> usize {
    let sender = reqwest::blocking::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let url = format!("{}/api/v1/lineage", server.url());
    let taken = |event: String| {
        let answer = sender.post(&url).header("content-type", "application/json").body(event).send();
        answer.is_ok_and(|answer| answer.status() == 201)
    };
    events.into_iter().filter(|event| taken(event.clone())).count()
}

/// Lets the server die at the place, and brings it back.
fn die_and_return(data: &Path, settings: &[(&str, &str)], place: &str) -> Result<Ledgerline> {
    let mut doomed = Ledgerline::armed(data, settings, place)?;
    until(&format!("it dies at {place}"), || {
        send(&doomed);
        Ok(doomed.is_dead()?.then_some(()))
    })?;
    let server = Ledgerline::start(data, settings)?;
    let sent = events().len();
    ensure!(send(&server) == sent, "every event is acknowledged after the restart");
    server.recorded(sent as u64)?;
    Ok(server)
}

/// Lets the server die at two places, one after the other, and brings it back. The second may not be reached: what the first left
/// undone is then all that there is to do.
fn die_twice_and_return(data: &Path, places: [&str; 2]) -> Result<Ledgerline> {
    let mut doomed = Ledgerline::armed(data, &[], places[0])?;
    until(&format!("it dies at {}", places[0]), || {
        send(&doomed);
        Ok(doomed.is_dead()?.then_some(()))
    })?;
    let mut doomed = Ledgerline::armed(data, &[], places[1])?;
    let sent = events().len();
    until("it dies again, or has recorded all", || {
        let all = send(&doomed) == sent;
        Ok((all || doomed.is_dead()?).then_some(()))
    })?;
    drop(doomed);
    let server = Ledgerline::start(data, &[])?;
    ensure!(send(&server) == sent, "every event is acknowledged after the restarts");
    server.recorded(sent as u64)?;
    Ok(server)
}

/// Each event is one leaf, and nothing was rejected.
fn check_ledger(server: &Ledgerline, place: &str) -> Result<()> {
    let status = server.json(&["status"])?;
    assert_eq!((&status["recorded"], &status["rejected"]), (&json!(events().len()), &json!(0)), "{place}");
    let page = server.get("/v1/events?limit=1000")?;
    let leaves = page["items"].as_array().context("a page")?.iter().filter(|row| row["kind"] == "event");
    let mut ids: BTreeMap<&str, u32> = BTreeMap::new();
    leaves.for_each(|row| *ids.entry(row["event_id"].as_str().unwrap()).or_default() += 1);
    assert_eq!(ids.len(), events().len(), "{place}: {ids:?}");
    assert!(ids.values().all(|times| *times == 1), "{place}: {ids:?}");
    Ok(())
}

/// `ce_id` names alert, state and sequence: each is there once.
fn check_alerts(ids: &[String], place: &str) {
    let distinct: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (FAILING as usize, FAILING as usize), "{place}: {ids:?}");
}

/// Runs `check` for each place, a few at once.
fn each<T: Sync + std::fmt::Debug>(
    places: &[T],
    at_once: usize,
    check: impl Fn(usize, &T) -> Result<()> + Sync,
) -> Result<()> {
    let left = Mutex::new(places.iter().enumerate().collect::<Vec<_>>());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let next = left.lock().unwrap().pop();
                        let Some((number, place)) = next else { return Ok(()) };
                        check(number, place).with_context(|| format!("{place:?}"))?;
                    }
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap())
    })
}

fn open(data: &Path) -> Result<Embedded> {
    Ok(Embedded::open(&data.join("log"), Arc::new(SystemClock::new()), Bounds::default())?)
}

/// What clients have sent to the input topic before the server starts.
fn seed(data: &Path) -> Result<()> {
    std::fs::create_dir_all(data)?;
    let log = open(data)?;
    let sizing = Sizing { partitions: 1, input_partitions: 1, brokers: 1, payload_bytes_max: 1 << 20 };
    let names = Names::new("");
    let spec = sizing.topics(&names).into_iter().find(|spec| *spec.name == *TOPIC).context("the input topic")?;
    log.create(&spec)?;
    let records = events().into_iter().map(|event| NewRecord::new(&names.input, event)).collect();
    log.appender()?.append(records)?;
    Ok(())
}

fn alerts_on_disk(data: &Path) -> Result<Vec<String>> {
    let log = open(data)?;
    let mut reader = log.reader("lineage.alerts")?;
    reader.assign(&[(0, Start::Earliest)])?;
    let bound = ReadBound { records_max: 1_000, bytes_max: 1 << 20, wait: Duration::from_millis(20) };
    let mut ids = Vec::new();
    loop {
        let batch = reader.read(bound)?;
        let id = |record: &server::log::Record| {
            String::from_utf8_lossy(record.header("ce_id").map(|value| &value[..]).unwrap_or_default()).into_owned()
        };
        ids.extend(batch.records.iter().map(id));
        if batch.at_end {
            return Ok(ids);
        }
    }
}

#[test]
fn wherever_it_dies_nothing_is_lost_or_doubled() -> Result<()> {
    each(&PLACES, 3, |_, place| {
        let folder = tempfile::tempdir()?;
        seed(folder.path())?;
        let server = die_and_return(folder.path(), &[], place)?;
        check_ledger(&server, place)?;
        // The drain publishes what there is.
        server.stop()?;
        check_alerts(&alerts_on_disk(folder.path())?, place);
        Ok(())
    })
}

/// Pairs of places: a fixed slice of them, or every one where `LEDGERLINE_FAULT_ROUNDS` asks for as many.
#[test]
fn wherever_it_dies_twice_nothing_is_lost_or_doubled() -> Result<()> {
    let rounds = std::env::var("LEDGERLINE_FAULT_ROUNDS").ok().map_or(Ok(6), |text| text.parse::<usize>())?;
    let pairs: Vec<[&str; 2]> = PLACES.iter().flat_map(|one| PLACES.map(|other| [*one, other])).collect();
    // A stride that shares no factor with their number comes by all of them, the first ones far apart.
    let chosen: Vec<usize> = (0..pairs.len().min(rounds)).map(|at| at * 67 % pairs.len()).collect();
    each(&chosen, 3, |_, at| {
        let (folder, places) = (tempfile::tempdir()?, pairs[*at]);
        let place = places.join(" then ");
        seed(folder.path())?;
        let server = die_twice_and_return(folder.path(), places).with_context(|| place.clone())?;
        check_ledger(&server, &place)?;
        server.stop()?;
        check_alerts(&alerts_on_disk(folder.path())?, &place);
        Ok(())
    })?;
    println!("FAULTS row=2 log=embedded rounds={} events={} violations=0", chosen.len(), chosen.len() * events().len());
    Ok(())
}

#[test]
fn wherever_it_dies_on_kafka_nothing_is_lost_or_doubled() -> Result<()> {
    let kafka = kafka(1)?;
    // Each place has a deployment of its own, and all of them read the same input.
    let input = events().into_iter().map(|event| json!({ "value": event }).to_string()).collect::<Vec<_>>().join("\n");
    let seeded = Mutex::new(false);
    each(&PLACES_ON_KAFKA, 3, |number, place| {
        let (folder, deployment) = (tempfile::tempdir()?, format!("place-{number}"));
        let settings = [("KAFKA__BROKERS", kafka.bootstrap_servers()), ("DEPLOYMENT__NAME", &deployment)];
        Ledgerline::prepare(folder.path(), &settings, &["keys", "init"])?;
        {
            let mut seeded = seeded.lock().unwrap();
            Ledgerline::prepare(folder.path(), &settings, &["topics", "create"])?;
            if !std::mem::replace(&mut *seeded, true) {
                client("produce.py", &[kafka.bootstrap_servers(), TOPIC], &input)?;
            }
        }
        let server = die_and_return(folder.path(), &settings, place)?;
        check_ledger(&server, place)?;
        server.stop()?;
        check_alerts(&alerts_on_kafka(&kafka, &format!("{deployment}.lineage.alerts"))?, place);
        Ok(())
    })
}

fn alerts_on_kafka(kafka: &Kafka, topic: &str) -> Result<Vec<String>> {
    let text = client("consume.py", &[kafka.bootstrap_servers(), topic], "")?;
    let id = |line: &str| -> Result<String> {
        let record: Value = serde_json::from_str(line)?;
        Ok(record["headers"]["ce_id"].as_str().context("a ce_id")?.to_owned())
    };
    text.lines().map(id).collect()
}
