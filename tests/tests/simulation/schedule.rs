//! The scheduler: one seed chooses who does the next step and what goes wrong; in the end everything is well again, and all that
//! waits is done.

use std::time::Duration;

use server::log::sim::{Fault, Faults};
use server::log::{GroupOffset, Log};
use server::random::Random;
use server::ticker::Ticker;

use crate::broken::Broken;
use crate::process::Process;
use crate::world::{PARTITIONS, World, topic};

/// What may go wrong in a run, and how long it takes.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    steps: u64,
    /// Every how many calls each fault of the log strikes.
    faults_one_in: u64,
    /// Every how many steps something happens to a process, a group or a clock.
    blows_one_in: u64,
    ends: Ends,
}

/// What happens to the log at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Well,
    Cut,
    Recreated,
}

/// Rounds in which a healed world must come to rest.
const ROUNDS_MAX: usize = 3_000;

impl Plan {
    /// Everything that the design promises to survive.
    pub fn faults() -> Self {
        Plan { steps: 900, faults_one_in: 25, blows_one_in: 25, ends: Ends::Well }
    }

    /// A quiet run.
    pub fn quiet() -> Self {
        Plan { steps: 120, faults_one_in: 0, blows_one_in: 0, ends: Ends::Well }
    }

    /// A quiet run, after which a partition of `lineage.events` loses its end.
    pub fn cut() -> Self {
        Plan { steps: 300, ends: Ends::Cut, ..Plan::quiet() }
    }

    /// A quiet run, after which `lineage.events` is made anew.
    pub fn recreated() -> Self {
        Plan { ends: Ends::Recreated, ..Plan::cut() }
    }
}

/// Runs a world by a plan.
pub fn run(world: &mut World, plan: &Plan) -> Result<(), String> {
    world.log.set_faults(Faults::all(plan.faults_one_in));
    if world.broken == Broken::AcknowledgesBeforeItIsDurable {
        world.log.lie();
    }
    for step in 0..plan.steps {
        if plan.blows_one_in > 0 && world.fate.once_in(plan.blows_one_in) {
            blow(world, step);
        }
        one(world, step)?;
    }
    heal(world)?;
    match plan.ends {
        Ends::Well => return Ok(()),
        Ends::Cut => {
            for partition in 0..PARTITIONS {
                let end = world.log.range(&world.names.events, partition).map_err(|error| error.to_string())?.end;
                world.log.cut(&world.names.events, partition, end / 2).map_err(|error| error.to_string())?;
            }
        }
        Ends::Recreated => {
            world.log.recreate(&world.names.events, PARTITIONS).map_err(|error| error.to_string())?;
        }
    }
    // Whoever restores a log restarts what stands on it.
    (0..world.processes.len()).for_each(|at| world.processes[at].die());
    world.begin()?;
    for _ in 0..200 {
        everyone(world)?;
    }
    Ok(())
}

/// The first process takes in that many payloads, records and publishes what there is, and signs it.
pub fn owner_goes_on(world: &mut World, payloads: usize) -> Result<(), String> {
    for turn in 0..400 {
        if turn < payloads {
            world.produce(0);
        }
        Process::take_in(world, 0)?;
        Process::poll(world, 0)?;
        if turn == 300 {
            world.clock.advance(Duration::from_secs(30));
            tick(world);
        }
        for partition in world.processes[0].held() {
            Process::record(world, 0, partition);
            Process::publish(world, 0, partition);
        }
    }
    unexpected(world)
}

fn pick(world: &World, bound: usize) -> usize {
    usize::try_from(world.fate.below(bound as u64)).expect("less than a usize")
}

/// One step of somebody.
fn one(world: &mut World, step: u64) -> Result<(), String> {
    let at = pick(world, world.processes.len());
    let stalled = world.processes[at].stalled_until > step;
    match world.fate.below(100) {
        0..20 => world.produce(6),
        20..26 => drop(world.log.settle_one()),
        26..30 => {
            world.clock.advance(Duration::from_millis(world.fate.below(8_000)));
            tick(world);
        }
        _ if stalled => {}
        30..48 => Process::take_in(world, at)?,
        48..56 => Process::poll(world, at)?,
        number => {
            let held = world.processes[at].held();
            if held.is_empty() {
                return Ok(());
            }
            let partition = held[pick(world, held.len())];
            if number < 80 {
                Process::record(world, at, partition);
            } else {
                Process::publish(world, at, partition);
            }
        }
    }
    if world.broken == Broken::ForgetsDuplicates {
        world.processes[at].disks.values().for_each(|disk| disk.forget(store::Table::Dedup));
    }
    unexpected(world)
}

/// Something happens that nobody asked for.
fn blow(world: &mut World, step: u64) {
    let at = pick(world, world.processes.len());
    let group = world.names.group(if world.fate.once_in(2) { "intake" } else { "recorder" });
    match world.fate.below(12) {
        0 | 1 => world.processes[at].die(),
        2 => {
            let mut process = std::mem::replace(&mut world.processes[at], Process::new(at));
            process.lose_power(&world.fate);
            world.processes[at] = process;
        }
        3 => world.log.rebalance(&group),
        4 => world.log.expel_one(&group),
        5 => world.log.expire_offsets(&group),
        6 => world.processes[at].stalled_until = step + world.fate.below(120),
        7 => {
            let disks: Vec<_> = world.processes[at].disks.values().cloned().collect();
            disks.iter().for_each(|disk| disk.fail(1 + world.fate.below(6)));
        }
        8 => {
            // The wall clock goes wrong by up to two hours, either way.
            let hours = 7_200_000_000_000;
            let wrong = i64::try_from(world.fate.below(2 * hours)).expect("less than an i64") - hours as i64;
            world.clock.jump_to(server::clock::Clock::now_ns(world.clock.as_ref()) + wrong);
        }
        10 => {
            // The watermarks are gone; what is published must be found by looking at it.
            let _ = world.log.recreate(&world.names.recorders, 1);
        }
        9 => world.log.order(if world.fate.once_in(2) { Fault::CommitLate } else { Fault::AppendLate }),
        _ => {
            // Somebody sets the sources back to their beginning.
            let back = GroupOffset { topic: topic(0, &world.names).into(), partition: 0, next: 0 };
            let _ = world.log.store_group_offsets(&world.names.group("intake"), &[back]);
        }
    }
    if world.broken == Broken::AcknowledgesBeforeItIsDurable && world.fate.once_in(2) {
        world.log.crash();
    }
}

fn tick(world: &World) {
    let clock: std::sync::Arc<dyn server::clock::Clock> = world.clock.clone();
    let Ok(appender) = world.log.appender() else { return };
    let ticker = Ticker::new(world.desk.clone(), appender, world.names.clone(), clock);
    // Nobody waits for a tick.
    (0..PARTITIONS).for_each(|partition| drop(ticker.begin(partition)));
}

/// Everybody has one turn at everything.
fn everyone(world: &mut World) -> Result<bool, String> {
    let mut rest = true;
    for at in 0..world.processes.len() {
        Process::take_in(world, at)?;
        Process::poll(world, at)?;
        for partition in world.processes[at].held() {
            Process::record(world, at, partition);
            rest &= Process::publish(world, at, partition);
        }
    }
    Ok(rest)
}

/// The faults stop; all that waits is done.
fn heal(world: &mut World) -> Result<(), String> {
    world.log.set_faults(Faults::default());
    // All are started again: offsets that somebody moved are read from there.
    for process in &mut world.processes {
        process.stalled_until = 0;
        process.die();
    }
    for last in [false, true] {
        let mut calm = 0;
        for _ in 0..ROUNDS_MAX {
            while world.log.settle_one() {}
            for _ in 0..world.unsettled().min(50) {
                world.produce(0);
            }
            world.clock.advance(Duration::from_millis(20));
            let rest = everyone(world)?;
            unexpected(world)?;
            calm = if rest && world.all_acknowledged() && caught_up(world) { calm + 1 } else { 0 };
            if calm > 20 {
                break;
            }
        }
        if calm == 0 {
            return Err(format!("it does not come to rest: {}", world.state()));
        }
        if !last {
            // A last tick signs what grew.
            world.clock.advance(Duration::from_secs(30));
            tick(world);
        }
    }
    Ok(())
}

/// Every partition has one owner that has applied all there is, and every source is read.
fn caught_up(world: &World) -> bool {
    let partitions = (0..PARTITIONS).all(|partition| {
        let end = world.log.range(&world.names.events, partition).map_or(u64::MAX, |range| range.end);
        let owners: Vec<u64> = world.processes.iter().filter_map(|process| process.next_offset(partition)).collect();
        owners == [end]
    });
    let group = world.names.group("intake");
    let sources = (0..2).flat_map(|number| (0..2).map(move |partition| (number, partition)));
    partitions
        && sources.into_iter().all(|(number, partition)| {
            let topic = topic(number, &world.names);
            let end = world.log.range(&topic, partition).map_or(u64::MAX, |range| range.end);
            world.log.group_offset(&group, &topic, partition).ok().flatten().unwrap_or(0) == end
        })
}

/// A halt that nothing in the plan calls for.
fn unexpected(world: &World) -> Result<(), String> {
    match world.halts.first() {
        Some(halt) => Err(format!("a partition halted: {halt}")),
        None => Ok(()),
    }
}
