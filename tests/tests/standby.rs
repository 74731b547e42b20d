//! A standby follows one process's partitions and takes its seat: on order, and by itself once the seat falls free.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

use std::time::Instant;

use anyhow::{Result, ensure};
use ledgerline_tests::{Fleet, Runs, consumed, kafka, seen_from_outside};

const TENANTS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

#[test]
#[allow(clippy::disallowed_methods, reason = "how long a take-over lasts is what is shown")]
fn a_standby_takes_over_on_order() -> Result<()> {
    let kafka = kafka(1)?;
    let fleet = Fleet::new(&kafka, 2, &TENANTS, &[])?;
    let mut primary = fleet.start("a", &[])?;
    let runs = Runs::start(&[primary.url()], &TENANTS);
    runs.more(20)?;
    let standby = fleet.start("a2", &[("NODE__STANDBY_FOR", "a")])?;
    standby.stands(2, "following")?;
    runs.send_to(&[primary.url(), standby.url()]);
    runs.more(20)?;
    assert_eq!(primary.own_partitions()?, ["running", "running"], "the primary has them still");
    let refused = primary.command(&["takeover"])?;
    assert_eq!(refused.status.code(), Some(2), "who stands by for none has nothing to take over");

    let began = Instant::now();
    standby.ask(&["takeover"])?;
    standby.stands(2, "running")?;
    println!("taken over {:?} after the order", began.elapsed());
    runs.send_to(&[standby.url()]);
    let ended = primary.ended()?;
    assert_eq!(ended.code(), Some(1), "who is shut out ends and says so");
    runs.more(20)?;
    let sent = runs.stop();
    assert_eq!(seen_from_outside(&kafka, &sent, |alerts| alerts)?, Vec::<String>::new());
    standby.stop()
}

#[test]
fn a_standby_takes_over_by_itself() -> Result<()> {
    let kafka = kafka(1)?;
    let fleet = Fleet::new(&kafka, 2, &TENANTS, &[])?;
    let mut primary = fleet.start("a", &[])?;
    let standby = fleet.start("a2", &[("NODE__STANDBY_FOR", "a")])?;
    let runs = Runs::start(&[primary.url(), standby.url()], &TENANTS);
    runs.more(20)?;
    standby.stands(2, "following")?;
    // Nothing of it is published twice, and what it followed does not pile up: the owner publishes it.
    let before = consumed(&kafka, "lineage.alerts")?.len();
    ensure!(before > 0, "the primary publishes");
    primary.crash()?;
    runs.send_to(&[standby.url()]);
    standby.stands(2, "running")?;
    runs.more(20)?;
    let sent = runs.stop();
    assert_eq!(seen_from_outside(&kafka, &sent, |alerts| alerts)?, Vec::<String>::new());
    standby.stop()
}
