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

use broken::Broken;
use schedule::{Plan, run};
use world::World;

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
    for seed in 1..=10 {
        for plan in [Plan::cut(), Plan::recreated()] {
            let mut world = World::new(seed, Broken::Nothing);
            run(&mut world, &plan).unwrap();
            oracle::halted(&world).unwrap_or_else(|what| panic!("seed {seed}, {plan:?}: {what}"));
        }
    }
}
