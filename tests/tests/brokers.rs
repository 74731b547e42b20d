//! Row 6 of the fault table: three real brokers, each record on all of them and acknowledged by two; killed and started again in
//! turn under load, among them those that coordinate the transactions and the group.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ledgerline_tests::{Fault, Fleet, Kafka, Runs, consumed, kafka, rounds, seen_from_outside, until};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use serde_json::Value;

const TENANTS: [&str; 2] = ["alpha", "beta"];
const PATIENCE: Duration = Duration::from_secs(20);

/// The broker that coordinates `name`: it leads the partition of an internal topic that the name's hash falls to, Java's
/// `String.hashCode`.
fn coordinator(kafka: &Kafka, topic: &str, name: &str) -> Result<u8> {
    let hash = name.bytes().fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte)));
    let client: BaseConsumer = ClientConfig::new().set("bootstrap.servers", kafka.bootstrap_servers()).create()?;
    let metadata = client.fetch_metadata(Some(topic), PATIENCE)?;
    let partitions = metadata.topics().first().context("the topic")?.partitions();
    ensure!(!partitions.is_empty(), "{topic} is not there yet");
    let wanted = (hash & i32::MAX) % i32::try_from(partitions.len())?;
    let found = partitions.iter().find(|partition| partition.id() == wanted).context("the partition")?;
    Ok(u8::try_from(found.leader())?)
}

#[test]
fn brokers_die_in_turn_under_load() -> Result<()> {
    let rounds = rounds(0);
    let kafka = kafka(3)?;
    let fleet = Fleet::new(&kafka, 2, &TENANTS, &[])?;
    let server = fleet.start("one", &[])?;
    let runs = Runs::start(&[server.url()], &TENANTS);
    runs.more(10)?;
    let mut killed = 0;
    let mut strike = |broker: u8| -> Result<()> {
        kafka.kill_broker(broker)?;
        killed += 1;
        runs.more(10)?;
        kafka.start_broker(broker)?;
        runs.more(5)
    };
    // The slice of `make test`: the one that coordinates the transactions, then the one that coordinates the group.
    strike(coordinator(&kafka, "__transaction_state", "ledgerline-publisher-0")?)?;
    strike(coordinator(&kafka, "__consumer_offsets", "ledgerline-recorder")?)?;
    for _ in 0..rounds {
        (1..=3).try_for_each(&mut strike)?;
    }
    let sent = runs.stop();
    let violations = seen_from_outside(&kafka, &sent, |alerts| alerts)?;
    let counted = until("every tenant counts what was acknowledged", || {
        let mut counted = 0;
        for tenant in TENANTS {
            let client = reqwest::blocking::Client::new();
            let answer =
                client.get(format!("{}/v1/status", server.url())).header("ledgerline-tenant", tenant).send()?;
            counted += answer.json::<Value>()?["recorded"].as_u64().unwrap_or(0);
        }
        Ok((counted >= sent.len() as u64).then_some(counted))
    })?;
    // The last one may have been recorded without its answer having come.
    ensure!(counted <= sent.len() as u64 + 1, "{counted} recorded of {} acknowledged", sent.len());
    server.stop()?;
    Fault { row: 6, log: "kafka", rounds: killed, events: sent.len() as u64, violations }.told()
}

/// A publisher that trusts its memory: it dies after a commit and before it has noted that, and its successor sends all of it again.
#[test]
fn the_oracle_sees_a_publisher_that_trusts_its_memory() -> Result<()> {
    let kafka = kafka(1)?;
    let fleet = Fleet::new(&kafka, 2, &TENANTS, &[])?;
    let mut doomed = fleet.armed("one", &[], "publisher.remember.before=abort@2")?;
    doomed.ready()?;
    let runs = Runs::start(&[doomed.url()], &TENANTS);
    doomed.ended()?;
    let mut successor = fleet.armed("one", &[], "publisher.forgetful=error")?;
    runs.send_to(&[successor.url()]);
    successor.ready()?;
    runs.more(10)?;
    let sent: BTreeMap<u64, String> = runs.stop();
    let violations = seen_from_outside(&kafka, &sent, |alerts| alerts)?;
    assert!(
        violations.iter().any(|wrong| wrong.contains("times s")),
        "{violations:?} in {:?}",
        consumed(&kafka, "lineage.alerts")?
    );
    Ok(())
}
