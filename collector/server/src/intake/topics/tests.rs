//! Intake from topics over the simulated log, at the edges of what a log does.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::intake::world::World;

const EVENTS: u32 = 40;

fn intake(world: &World, queue_bytes_max: usize) -> TopicIntake {
    TopicIntake::new(TopicIntakeParts {
        desk: Arc::clone(&world.desk),
        log: Arc::new(world.log.clone()),
        names: world.names.clone(),
        settings: world.settings(3, queue_bytes_max),
        instance_id: None,
        progress_interval_ms: 10_000,
        clock: Arc::<crate::clock::ManualClock>::clone(&world.clock),
        random: Arc::<crate::random::SeededRandom>::clone(&world.random),
        metrics: Arc::clone(&world.metrics),
    })
    .unwrap()
}

/// Next offsets stored for both input partitions.
fn stored(world: &World) -> [Option<u64>; 2] {
    let group = world.names.group("intake");
    [0, 1].map(|partition| world.log.group_offset(&group, &world.names.input, partition).unwrap())
}

#[test]
fn too_much_in_flight_pauses_the_sources_and_room_resumes_them() {
    const QUEUE_BYTES_MAX: usize = 3_000;
    let world = World::new();
    world.produce(0..EVENTS);
    let mut intake = intake(&world, QUEUE_BYTES_MAX);
    intake.appender = world.log.held_appender();
    let paused = |intake: &TopicIntake, partition: i32| {
        let label = SourceLabel { topic: world.names.input.to_string(), partition };
        let metrics = &intake.parts.metrics.intake;
        (metrics.paused.get_or_create(&label).get(), metrics.pauses.get_or_create(&label).get())
    };
    // The log answers nothing: reading stops at the bound, and stays there.
    for _ in 0..20 {
        intake.round().unwrap();
    }
    let waiting = intake.flight.bytes();
    assert!((QUEUE_BYTES_MAX..2 * QUEUE_BYTES_MAX).contains(&waiting), "{waiting} bytes wait");
    assert_eq!((paused(&intake, 0), paused(&intake, 1)), ((1, 1), (1, 1)));
    assert_eq!((world.envelopes(), stored(&world)), (0, [None, None]));
    // It answers slowly: what waits lands, the sources go on, and so again until all is there.
    for round in 0..400 {
        if round % 2 == 0 {
            world.log.settle_one();
        }
        intake.round().unwrap();
    }
    assert_eq!((world.envelopes(), stored(&world)), (EVENTS as usize, [Some(20), Some(20)]));
    let (now, times) = paused(&intake, 0);
    assert!(now == 0 && times > 1, "paused {times} times, now {now}");
    assert!(intake.flight.is_empty());
}

#[test]
fn a_missing_partition_stops_intake_and_rejects_nothing() {
    let world = World::new();
    world.produce(0..EVENTS);
    world.log.recreate(&world.names.events, 0).unwrap();
    let stopped = intake(&world, 1 << 20).run(&AtomicBool::new(false)).unwrap_err();
    assert!(stopped.0.contains("lineage.events/0") && stopped.0.contains("topics create"), "{stopped}");
    assert_eq!(world.log.records(&world.names.rejected), [], "no event is to blame");
    assert_eq!(stored(&world), [None, None]);
    // The operator brings the partition back and starts again: every event is taken in.
    world.log.recreate(&world.names.events, 1).unwrap();
    let mut intake = intake(&world, 1 << 20);
    for _ in 0..100 {
        intake.round().unwrap();
    }
    assert_eq!((world.envelopes(), stored(&world)), (EVENTS as usize, [Some(20), Some(20)]));
}
