//! Any permutation and duplication of a history leaves equal bytes in every table but the alerts', whose messages are numbered
//! as they went out. Leaves belong to events here, so even leaf positions must come out equal.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::event::Ev;
use super::fed;
use crate::facts::EventType;
use crate::row::Table;
use crate::row::memory::Memory;

/// A random event among few runs, jobs and datasets, so that they meet.
pub(crate) fn any_event() -> impl Strategy<Value = Ev> {
    let event_type = prop_oneof![
        3 => Just(EventType::Start),
        1 => Just(EventType::Running),
        3 => Just(EventType::Complete),
        1 => Just(EventType::Fail),
        1 => Just(EventType::Abort),
        1 => Just(EventType::Other),
    ];
    let parent = prop_oneof![2 => Just(None), 3 => (0..6u8, 0..3u8).prop_map(Some)];
    let set = || proptest::collection::vec(0..5u8, 0..3);
    let explicit = prop_oneof![
        6 => Just(None),
        1 => proptest::collection::vec((0..5u8, set()), 0..2).prop_map(Some),
    ];
    let columns = prop_oneof![6 => Just(vec![]), 1 => (0..5u8).prop_map(|source| vec![("a", source, "b")])];
    let rows = prop_oneof![2 => Just(None), 1 => (0..4i64).prop_map(Some)];
    (event_type, 0..6u8, 0..3u8, 0..40i64, set(), set(), parent, explicit, columns, (0..20u8, 0..14u8, rows)).prop_map(
        |(event_type, run, job, time, inputs, outputs, parent, explicit, columns, (odd, told, rows))| {
            let mut ev =
                Ev { explicit, columns, parent, rows, ..Ev::new(event_type, run, job, time) }.io(&inputs, &outputs);
            match told {
                0 => ev.lifecycle = Some(("DROP", None)),
                1 => ev.lifecycle = Some(("RENAME", Some((run + 1) % 5))),
                2 => ev.lifecycle = Some(("OVERWRITE", None)),
                3 => ev.version = Some("v1"),
                4 => ev.version = Some(if event_type == EventType::Running { "v1" } else { "v2" }),
                5 => ev.quality = Some(time % 2 == 0),
                6 => {
                    ev = Ev { rows, lifecycle: (run < 2).then_some(("DROP", None)), ..Ev::tells(job, time) };
                }
                _ => {}
            }
            match odd {
                0 => ev.extraction_error = true,
                1 => ev.symlink = Some((run + 1) % 5),
                2 => ev.owner = Some("team:a"),
                3 => ev.owner = Some("team:b"),
                4 => ev.deleted = vec!["ownership", "lineage"],
                5 => ev.event_type = None,
                6 => ev.schema = vec!["a", "b"],
                10 => ev.schema = vec!["a", "c"],
                11 => ev.owner = Some("a team with a name that is too long to stand in a register"),
                7 => ev.inferred = vec!["$.inputs[0]"],
                8 if told != 6 => {
                    ev = Ev::declares(job, time, &ev.inputs, &ev.outputs, "https://example.org/p/2.0.0");
                }
                9 if told != 6 => {
                    ev = Ev::declares(job, time, &ev.inputs, &ev.outputs, "https://example.org/q/1.0.0");
                }
                _ => {}
            }
            ev
        },
    )
}

/// A history: events with leaves of their own.
pub(crate) fn any_history(events_max: usize) -> impl Strategy<Value = Vec<Ev>> {
    proptest::collection::vec(any_event(), 1..events_max).prop_map(|mut history| {
        for (ev, leaf) in history.iter_mut().zip(1..) {
            ev.leaf = leaf;
            ev.salt = leaf as u8;
        }
        history
    })
}

pub(crate) fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[42; 32]))
}

fn without_alerts(mut state: Memory) -> Memory {
    state.rows.retain(|(table, _), _| !matches!(table, Table::Alert | Table::OpenAlert));
    state.puts = 0;
    state
}

fn differences(one: &Memory, other: &Memory) -> Vec<(Table, String)> {
    let keys: std::collections::BTreeSet<_> = one.rows.keys().chain(other.rows.keys()).collect();
    keys.into_iter()
        .filter(|key| one.rows.get(*key) != other.rows.get(*key))
        .map(|key| (key.0, format!("{:02x?}: {:02x?} | {:02x?}", key.1, one.rows.get(key), other.rows.get(key))))
        .collect()
}

#[test]
fn any_order_and_any_repetition_give_the_same_bytes() {
    let histories = any_history(14).prop_flat_map(|history| {
        let repeats = proptest::collection::vec(0..history.len(), 0..6);
        (Just(history), repeats).prop_flat_map(|(history, repeats)| {
            let mut again = history.clone();
            again.extend(repeats.into_iter().map(|at| history[at].clone()));
            (Just(history), Just(again).prop_shuffle())
        })
    });
    runner(3_000)
        .run(&histories, |(history, shuffled)| {
            let (one, other) = (without_alerts(fed(&history)), without_alerts(fed(&shuffled)));
            prop_assert!(one == other, "{:#?}", differences(&one, &other));
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_comparison_can_fail() {
    let start = Ev::new(EventType::Start, 1, 1, 10).io(&[0], &[1]);
    let later = Ev { leaf: 11, ..start.clone() };
    assert_ne!(without_alerts(fed(std::slice::from_ref(&start))), without_alerts(fed(&[later])));
}

#[test]
fn endless_running_writes_nothing_new() {
    let mut state = fed(&[Ev::new(EventType::Start, 1, 1, 0).io(&[0], &[1])]);
    let running = |time: i64| Ev {
        rows: Some(7),
        version: Some("v1"),
        quality: Some(true),
        schema: vec!["a", "b"],
        owner: Some("a team with a name that is too long to stand in a register"),
        columns: vec![("a", 0, "b")],
        explicit: Some(vec![(1, vec![0])]),
        symlink: Some(3),
        error: Some("a warning"),
        leaf: time as u64,
        ..Ev::new(EventType::Running, 1, 1, time).io(&[0], &[1]).parent(9, 2)
    };
    super::feed(&mut state, &running(1), crate::envelope::Mode::Live);
    let (rows, puts) = (state.rows.clone(), state.puts);
    for time in 2..10_000 {
        let ev = running(time);
        super::feed(&mut state, &ev, crate::envelope::Mode::Live);
    }
    assert_eq!(state.puts, puts);
    assert_eq!(state.rows, rows);
}
