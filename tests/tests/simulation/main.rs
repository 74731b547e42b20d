//! Deterministic simulation: producers, intakes, recorders and publishers of two processes on one simulated log and on disks that
//! lose their power, every step chosen by one seed. What must hold is decided by an oracle that knows the produced events and reads
//! only the log and the stores. The stages are the shipped ones; only log, disk, clock and randomness are not.
//!
//! `LEDGERLINE_FAULT_ROUNDS` is the number of seeds; `LEDGERLINE_FAULT_SEED` runs that one alone, with its steps on standard error.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

mod broken;
mod history;
mod oracle;
mod process;
mod schedule;
mod world;

use std::sync::Mutex;

use broken::Broken;
use process::Process;
use schedule::{Plan, run};
use store::failpoint::{self, Action};
use world::World;

/// Failpoints belong to the process: whoever runs worlds is alone meanwhile.
static ALONE: Mutex<()> = Mutex::new(());

/// Where a step fails, after or before what it is to do. What a transaction does inside is [`server::log::sim::Fault`].
const PLACES: [&str; 10] = [
    "intake.append.before",
    "intake.append.after",
    "intake.commit.before",
    "intake.commit.after",
    "store.commit.before",
    "store.commit.after",
    "store.sync",
    "publisher.send.before",
    "publisher.remember.before",
    "publisher.remember.after",
];

/// Seeds of a short run.
const SEEDS: u64 = 120;

fn seeds(short: u64) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    match (number("LEDGERLINE_FAULT_SEED"), number("LEDGERLINE_FAULT_ROUNDS")) {
        (Some(seed), _) => vec![seed],
        (None, rounds) => (1..=rounds.unwrap_or(short)).collect(),
    }
}

#[test]
fn any_interleaving_loses_nothing_and_doubles_nothing() {
    let _alone = ALONE.lock();
    let (mut events, mut violations, seeds) = (0, Vec::new(), seeds(SEEDS));
    for seed in &seeds {
        let mut world = World::new(*seed, Broken::Nothing);
        let done = run(&mut world, &Plan::faults());
        events += world.produced().len();
        let found = done.and_then(|()| oracle::check(&world));
        violations.extend(found.err().map(|what| format!("seed {seed}: {what}")));
    }
    println!("FAULTS row=1 log=sim rounds={} events={events} violations={}", seeds.len(), violations.len());
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn a_seed_reproduces_a_run_exactly() {
    let _alone = ALONE.lock();
    let trace = |seed| {
        let mut world = World::new(seed, Broken::Nothing);
        run(&mut world, &Plan::faults()).unwrap();
        world.digest()
    };
    for seed in [3, 4] {
        assert_eq!(trace(seed), trace(seed), "seed {seed}");
    }
    assert_ne!(trace(3), trace(4));
}

/// Each variant is caught by some seed, or the oracle is worth nothing.
#[test]
fn the_oracle_objects_to_broken_builds() {
    let _alone = ALONE.lock();
    for (broken, symptom) in [
        (Broken::AcknowledgesBeforeItIsDurable, "missing"),
        (Broken::PublishesAgainAfterDoubt, "twice"),
        (Broken::ForgetsDuplicates, "twice"),
    ] {
        let caught = (1..=60).find_map(|seed| {
            let mut world = World::new(seed, broken);
            let done = run(&mut world, &Plan::faults());
            done.and_then(|()| oracle::check(&world)).err().filter(|what| what.contains(symptom))
        });
        assert!(caught.is_some(), "nobody noticed {broken:?}");
    }
}

#[test]
fn a_log_that_was_cut_off_or_made_anew_halts_and_says_so() {
    let _alone = ALONE.lock();
    for seed in 1..=10 {
        for plan in [Plan::cut(), Plan::recreated()] {
            let mut world = World::new(seed, Broken::Nothing);
            run(&mut world, &plan).unwrap();
            oracle::halted(&world).unwrap_or_else(|what| panic!("seed {seed}, {plan:?}: {what}"));
        }
    }
}

/// A standby has read to the log's end before its owner records and publishes more, and takes over before it has read that: what it
/// lacks is on its way, and nothing was rolled back.
#[test]
fn a_former_owner_that_went_on_is_no_rollback() {
    let _alone = ALONE.lock();
    for seed in 1..=10 {
        let mut world = World::new(seed, Broken::Nothing);
        schedule::owner_goes_on(&mut world, 10).unwrap();
        for partition in 0..world::PARTITIONS {
            Process::follow(&mut world, 1, partition);
            (0..50).for_each(|_| Process::record(&mut world, 1, partition));
        }
        schedule::owner_goes_on(&mut world, 100).unwrap();
        for partition in 0..world::PARTITIONS {
            Process::promote(&mut world, 1, partition);
            for _ in 0..10 {
                Process::publish(&mut world, 1, partition);
            }
            for _ in 0..200 {
                Process::record(&mut world, 1, partition);
                Process::publish(&mut world, 1, partition);
            }
            assert!(world.halts.is_empty(), "seed {seed}: {:?}", world.halts);
            assert!(world.processes[1].serves(partition), "seed {seed}: {}", world.state());
        }
    }
}

/// Every two places, each at an early or a later time of coming there; a place with itself is a single one that strikes twice.
#[test]
fn any_two_failing_steps_lose_nothing_and_double_nothing() {
    let _alone = ALONE.lock();
    let strikes: Vec<(&str, u64)> = PLACES.iter().flat_map(|place| [(*place, 1), (*place, 3)]).collect();
    let (mut runs, mut events, mut violations) = (0, 0, Vec::new());
    for (at, one) in strikes.iter().enumerate() {
        for other in &strikes[at..] {
            runs += 1;
            failpoint::disarm();
            for (place, hit) in [one, other] {
                failpoint::arm(place, Action::Error, Some(*hit));
            }
            let mut world = World::new(runs, Broken::Nothing);
            let done = run(&mut world, &Plan::quiet());
            let reached = [one, other].iter().all(|(place, _)| failpoint::hits(place) > 0);
            failpoint::disarm();
            events += world.produced().len();
            let found = done.and_then(|()| oracle::check(&world));
            let found = found.and_then(|()| if reached { Ok(()) } else { Err("a place was not reached".to_owned()) });
            violations.extend(found.err().map(|what| format!("{one:?} and {other:?}: {what}")));
        }
    }
    println!("FAULTS row=2 log=sim rounds={runs} events={events} violations={}", violations.len());
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
