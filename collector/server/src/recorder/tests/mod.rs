//! The recorder over real RocksDB: outcomes by table, and that no cut of the log into batches can be seen.

mod alarms;
mod keys;
pub(crate) mod world;

use std::collections::BTreeMap;

use ledger::leaf::KeyAction;
use ledger::{LedgerName, Origin, Tenant};
use proptest::prelude::*;
use store::tables::{self, Meta, Outgoing, Row, TenantRow};
use store::{Store, StoreOptions, Table};

use self::world::{KeyStep, SECOND_NS, START_NS, Step, World, play};
use super::Applied;
use super::control::TenantContent;

fn check(name: &str, steps: &[Step], expected: Applied) {
    let world = World::new();
    let (sum, _) = play(&world, &world.history(steps), 1000, false);
    assert_eq!(sum, expected, "{name}");
}

#[test]
fn each_record_meets_its_outcome() {
    let event = |run, event, seconds| Step::Event { run, job: 1, event, seconds, source: None };
    let none = Applied { controls: 1, ..Applied::default() };
    check("genesis alone", &[], none);
    check("an event", &[event(1, "START", 1)], Applied { recorded: 1, ..none });
    check("twice", &[event(1, "START", 1), event(1, "START", 1)], Applied { recorded: 1, duplicates: 1, ..none });
    check("foreign", &[Step::Foreign], Applied { foreign: 1, ..none });
    check("forged", &[Step::Forged, Step::Misplaced], Applied { refused: 2, ..none });
    check("unsigned control", &[Step::Unsigned], Applied { controls_refused: 1, ..none });
    check(
        "rejected twice",
        &[Step::Rejected { offset: 4 }, Step::Rejected { offset: 4 }],
        Applied { rejected: 1, ..none },
    );
    check("a failing run", &[event(1, "START", 1), event(1, "FAIL", 2)], Applied { recorded: 2, alerts: 1, ..none });
}

#[test]
fn a_signed_tenant_control_begins_a_tree_and_its_repeat_does_nothing() {
    let world = World::new();
    let origin = Origin::new(&LedgerName::parse("test").unwrap(), &Tenant::partition(0));
    let (verifier_key, root_key) =
        (world.keyring.signer(&origin).unwrap().verifier().to_text(), world.keyring.root().to_text());
    let content = serde_json::to_vec(&TenantContent { tenant: "default".to_owned(), verifier_key, root_key }).unwrap();
    let control = |offset| world.control(offset, "tenant", &content, [9; 16]);
    let (sum, _) = play(&world, &[world.genesis(), control(1), control(2)], 1000, false);
    assert_eq!((sum.controls, sum.duplicates), (2, 1), "genesis and tenant took effect, the repeat was known");
}

#[test]
fn another_record_at_the_last_offset_halts() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &StoreOptions::default()).unwrap();
    let mut recorder = world.recorder(&store);
    let history = world.history(&[Step::Tick { seconds: 1 }]);
    recorder.apply(&history).unwrap();
    recorder.compare(&history[1]).unwrap();
    let halt = recorder.compare(&world.step(1, &Step::Tick { seconds: 2 })).unwrap_err();
    assert!(halt.reason.contains("offset 1 holds another record"), "{halt}");
}

#[test]
fn a_tick_covers_what_was_taken_in_and_asks_for_checkpoints() {
    let world = World::new();
    let event = Step::Event { run: 1, job: 1, event: "START", seconds: 1, source: Some(7) };
    let steps = [event, Step::Rejected { offset: 8 }, Step::Tick { seconds: 5 }, Step::Tick { seconds: 1 }];
    let (_, rows) = play(&world, &world.history(&steps), 1000, false);
    let by_table = rows.iter().fold(BTreeMap::<Table, usize>::new(), |mut counts, (table, ..)| {
        *counts.entry(*table).or_default() += 1;
        counts
    });
    // Leaves: genesis of p-0 and default, the event, its coverage, the rejections. One checkpoint for each tree.
    assert_eq!((by_table[&Table::Leaves], by_table[&Table::Outbox], by_table.get(&Table::Pending)), (5, 2, None));
    let meta =
        rows.iter().find(|(table, ..)| *table == Table::Meta).map(|(.., value)| tables::Row::decode(value)).unwrap();
    assert_eq!(meta.map(|meta: Meta| meta.time_ns), Some(START_NS + 5 * SECOND_NS), "time never goes back");
    let tenant = rows.iter().find(|(table, key, _)| *table == Table::Tenants && key == b"default").unwrap();
    let tenant: TenantRow = tables::Row::decode(&tenant.2).unwrap();
    assert_eq!((tenant.size, tenant.checkpoint_size), (3, 3));
}

/// Sizes of the checkpoints that a history asks for, tree by tree.
fn check_checkpoints(name: &str, steps: &[Step], expected: &[(&str, u64)]) {
    let world = World::new();
    let (_, rows) = play(&world, &world.history(steps), 1000, false);
    let asked: Vec<(String, u64)> = rows
        .iter()
        .filter(|(table, ..)| *table == Table::Outbox)
        .filter_map(|(.., row)| match Outgoing::decode(row) {
            Some(Outgoing::Checkpoint { tenant, size, .. }) => Some((tenant, size)),
            _ => None,
        })
        .collect();
    let expected: Vec<(String, u64)> = expected.iter().map(|(tenant, size)| ((*tenant).to_owned(), *size)).collect();
    assert_eq!(asked, expected, "{name}");
}

#[test]
fn a_tree_is_signed_once_in_an_interval_of_the_logs_time() {
    let event = |run| Step::Event { run, job: 1, event: "START", seconds: 1, source: None };
    let (tick, ordered) = (|seconds| Step::Tick { seconds }, |seconds| Step::Ordered { seconds });
    let first = [("default", 1), ("p-0", 1)];
    check_checkpoints("the first tick", &[tick(1)], &first);
    check_checkpoints("nothing grew", &[tick(1), tick(20), ordered(21)], &first);
    check_checkpoints("within an interval", &[tick(1), event(1), tick(5), tick(9)], &first);
    let next = [first[0], first[1], ("default", 3)];
    check_checkpoints("in the next one", &[tick(1), event(1), tick(9), event(2), tick(10), tick(19)], &next);
    check_checkpoints("a late tick", &[tick(1), event(1), event(2), tick(300)], &next);
    check_checkpoints("an ordered tick does not wait", &[tick(1), event(1), event(2), ordered(2)], &next);
}

fn key_step() -> impl Strategy<Value = KeyStep> {
    const ACTIONS: [KeyAction; 5] =
        [KeyAction::Enrol, KeyAction::Rotate, KeyAction::Retire, KeyAction::Revoke, KeyAction::Recover];
    let action = prop::sample::select(ACTIONS.to_vec());
    // Most orders are signed by everybody: who may what is the book's to test.
    let by = prop_oneof![3 => Just(0x1f), 1 => 0..32_u8];
    (0..12_u8, action, 0..3_u8, 0..3_u8, by).prop_map(|(number, action, from, to, by)| KeyStep {
        number,
        action,
        from,
        to,
        by,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let kinds = prop::sample::select(vec!["START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER"]);
    let source = prop::option::of(0..40_i64);
    let event = (0..6_u8, 0..4_u8, kinds, 0..30_u8, source)
        .prop_map(|(run, job, event, seconds, source)| Step::Event { run, job, event, seconds, source });
    prop_oneof![
        12 => event,
        2 => (0..900_u32).prop_map(|seconds| Step::Tick { seconds }),
        1 => (0..900_u32).prop_map(|seconds| Step::Ordered { seconds }),
        1 => (0..3_u8).prop_map(|key| Step::Drill { key, message: "" }),
        1 => (0..50_i64).prop_map(|next| Step::Progress { next }),
        1 => (0..20_i64).prop_map(|offset| Step::Rejected { offset }),
        2 => key_step().prop_map(Step::Key),
        1 => prop::sample::select(vec![Step::Foreign, Step::Forged, Step::Misplaced, Step::Unsigned]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_cut_into_batches_can_be_seen(steps in prop::collection::vec(step(), 1..60)) {
        let world = World::new();
        let records = world.history(&steps);
        let (_, whole) = play(&world, &records, 1000, false);
        for (batch_records, reopen) in [(1, true), (7, false), (7, true)] {
            let (_, cut) = play(&world, &records, batch_records, reopen);
            prop_assert!(whole == cut, "batches of {batch_records}, reopened {reopen}: first difference {:?}",
                whole.iter().zip(&cut).find(|(one, other)| one != other));
        }
    }
}
