//! Two processes on two partitions beside one, and how soon a standby serves that is told to take over: shipped servers, one broker.

use anyhow::{Context, Result, ensure};
use ledgerline_tests::{Fleet, Kafka, Ledgerline, kafka, until};
use serde_json::Value;
use server::clock::{Clock, SystemClock};
use server::tenancy::partition_of_tenant;

use crate::measure::median;
use crate::mix::Mix;
use crate::options::Options;
use crate::row::{Row, Target};

const PARTITIONS: u32 = 2;
const ROUNDS: usize = 3;
const TAKEN_OVER_MAX: f64 = 3.0;

/// The rows.
pub fn run(options: &Options) -> Result<Vec<Row>> {
    let kafka = kafka(1)?;
    let tenants = tenants()?;
    let each = options.pick(15_000, 500);
    for (tenant, seed) in tenants.iter().zip(options.seed..) {
        kafka.create_topic(tenant, 2)?;
        let key = || tenant.as_bytes().to_vec();
        let records: Vec<_> = (0..).zip(Mix::new(seed, 200).take(each)).collect();
        let records: Vec<_> = records.into_iter().map(|(number, payload)| (Some(number % 2), key(), payload)).collect();
        kafka.produce(tenant, &records)?;
    }
    let events = (each * tenants.len()) as f64;
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        one.push(events / drained(&kafka, &tenants, each, &format!("one-{round}"), &["a"])?);
        two.push(events / drained(&kafka, &tenants, each, &format!("two-{round}"), &["a", "b"])?);
    }
    println!("scale: events/s of one process {one:.0?}, of two {two:.0?}");
    Ok(vec![
        Row::ratio("scale: two processes ÷ one", median(two), median(one), Target::None, "events/s"),
        Row::bounded(
            format!("takeover: from the order to serving, {events} events"),
            taken_over(&kafka, &tenants, each)?,
            TAKEN_OVER_MAX,
            "s",
        ),
    ])
}

/// A tenant of each partition.
fn tenants() -> Result<Vec<String>> {
    let of = |partition| {
        let mut names = (0..1_000).map(|number| format!("tenant-{number}"));
        names.find(|name| partition_of_tenant(name, PARTITIONS) == partition).context("a tenant for each partition")
    };
    (0..PARTITIONS).map(of).collect()
}

/// A deployment of its own that reads the tenants' topics from their beginning.
fn fleet(kafka: &Kafka, tenants: &[String], deployment: &str) -> Result<Fleet> {
    let topics = tenants.join(",");
    let names: Vec<&str> = tenants.iter().map(String::as_str).collect();
    Fleet::new(kafka, PARTITIONS, &names, &[("DEPLOYMENT__NAME", deployment), ("INTAKE__TOPICS", &topics)])
}

/// Seconds from the first process's readiness to the last event recorded.
fn drained(kafka: &Kafka, tenants: &[String], each: usize, deployment: &str, nodes: &[&str]) -> Result<f64> {
    let fleet = fleet(kafka, tenants, deployment)?;
    // Intake waits until all are there: what is measured is their work, not their starting.
    let idle = |node: &&str| fleet.start(node, &[("ROLES", "recorder,publisher,api")]);
    let recorders: Vec<Ledgerline> = nodes.iter().map(idle).collect::<Result<_>>()?;
    let clock = SystemClock::new();
    let intakes: Vec<Ledgerline> = nodes
        .iter()
        .map(|node| fleet.start(&format!("{node}-intake"), &[("ROLES", "intake,api")]))
        .collect::<Result<_>>()?;
    recorded(&recorders[0], tenants, each)?;
    let seconds = clock.monotonic().as_secs_f64();
    recorders.into_iter().chain(intakes).try_for_each(Ledgerline::stop)?;
    Ok(seconds)
}

fn recorded(server: &Ledgerline, tenants: &[String], each: usize) -> Result<()> {
    for tenant in tenants {
        until("every event is recorded", || {
            let status = server.command(&["--tenant", tenant, "-o", "json", "status"])?;
            let status: Value = serde_json::from_slice(&status.stdout).unwrap_or_default();
            Ok((status["recorded"].as_u64() >= Some(each as u64)).then_some(()))
        })?;
    }
    Ok(())
}

/// Seconds from the order until the standby runs every partition.
fn taken_over(kafka: &Kafka, tenants: &[String], each: usize) -> Result<f64> {
    let fleet = fleet(kafka, tenants, "takeover")?;
    let mut primary = fleet.start("a", &[])?;
    recorded(&primary, tenants, each)?;
    let standby = fleet.start("a2", &[("NODE__STANDBY_FOR", "a")])?;
    standby.stands(PARTITIONS as usize, "following")?;
    let clock = SystemClock::new();
    standby.ask(&["takeover"])?;
    standby.stands(PARTITIONS as usize, "running")?;
    let seconds = clock.monotonic().as_secs_f64();
    ensure!(!primary.ended()?.success(), "the primary is shut out and says so");
    standby.stop()?;
    Ok(seconds)
}
