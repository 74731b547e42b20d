//! Orders about keys in the record: what each leaf says, what is kept beside it, who signs then, and who is told.

use ledger::Opening;
use ledger::key::KeyState;
use ledger::leaf::{Detail, KeyAction, KeyOperation, Outcome};
use lineage::alert::AlertMessage;
use lineage::row::AlertState;
use store::tables::{self, LeafKey, Outgoing, Row};
use store::{Store, StoreOptions};

use super::world::{KeyStep, OVERLAP_SECONDS, Step, World};
use crate::keyring::key_book;
use crate::recorder::LEDGER_KEY;

const ROOT: u8 = 1;

const fn by(key: u8) -> u8 {
    2 << key
}

const fn order(number: u8, action: KeyAction, to: u8, by: u8) -> Step {
    Step::Key(KeyStep { number, action, from: 0, to, by })
}

const fn rotation(number: u8, from: u8, to: u8, by: u8) -> Step {
    Step::Key(KeyStep { number, action: KeyAction::Rotate, from, to, by })
}

/// A store after a history.
struct Played {
    world: World,
    store: Store,
    _folder: tempfile::TempDir,
}

impl Played {
    fn of(steps: &[Step]) -> Self {
        let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
        let store = Store::open(folder.path(), &StoreOptions::default()).unwrap();
        world.recorder(&store).apply(&world.history(steps)).unwrap();
        Self { world, store, _folder: folder }
    }

    fn row(&self) -> tables::TenantRow {
        tables::get(&self.store, b"default").unwrap().unwrap()
    }

    /// Each leaf about a key, with its index.
    fn operations(&self) -> Vec<(u64, KeyOperation)> {
        let row = self.row();
        let leaf = |index| {
            let bytes = tables::leaf_at(&self.store, LeafKey { tenant: row.number, index }).unwrap().unwrap();
            match ledger::leaf::decode(&bytes).unwrap().detail {
                Detail::KeyOperation(operation) => Some((index, operation)),
                _ => None,
            }
        };
        (0..row.size).filter_map(leaf).collect()
    }

    /// The outcome of each order, in order.
    fn outcomes(&self) -> Vec<String> {
        let outcome = |(_, operation): (u64, KeyOperation)| match operation.outcome {
            Outcome::Applied => "applied".to_owned(),
            Outcome::Refused(reason) => reason.as_str().to_owned(),
        };
        self.operations().into_iter().map(outcome).collect()
    }

    fn states(&self) -> Vec<KeyState> {
        let origin =
            self.world.key_note(&KeyStep { number: 0, action: KeyAction::Retire, from: 0, to: 0, by: 0 }).0.origin;
        key_book(&self.store, origin, &self.row()).unwrap().keys().iter().map(|key| key.state()).collect()
    }

    /// State, key of the occurrence and summary of each message about keys.
    fn alerts(&self) -> Vec<(AlertState, String, String)> {
        let mut messages = Vec::new();
        for (table, _, value) in super::world::rows(&self.store) {
            if let (store::Table::Outbox, Some(Outgoing::Alert { body: Some(body), .. })) =
                (table, Outgoing::decode(&value))
            {
                let message: AlertMessage = serde_json::from_slice(&body).unwrap();
                if message.rule == LEDGER_KEY {
                    messages.push((message.state, message.occurrence.key, message.summary));
                }
            }
        }
        messages
    }

    /// Sizes of the checkpoints of `default` that were asked for.
    fn checkpoints(&self) -> Vec<u64> {
        let asked =
            super::world::rows(&self.store).into_iter().filter_map(|(table, _, value)| {
                match Outgoing::decode(&value) {
                    Some(Outgoing::Checkpoint { tenant, size, .. })
                        if table == store::Table::Outbox && tenant == "default" =>
                    {
                        Some(size)
                    }
                    _ => None,
                }
            });
        asked.collect()
    }
}

fn tick(seconds: u32) -> Step {
    Step::Tick { seconds }
}

#[test]
fn each_order_is_recorded_with_what_became_of_it() {
    let check = |name: &str, steps: &[Step], wanted: &[&str]| {
        assert_eq!(Played::of(steps).outcomes(), wanted, "{name}");
    };
    let rotate = rotation(1, 0, 1, by(0) | by(1));
    check("a rotation", &[tick(1), rotate.clone()], &["applied"]);
    check("before the first tick", std::slice::from_ref(&rotate), &["applied"]);
    check("the same record again", &[rotate.clone(), rotate.clone()], &["applied"]);
    check(
        "the same rotation in another record",
        &[rotate.clone(), rotation(2, 0, 1, by(0) | by(1))],
        &["applied", "not-authorised"],
    );
    check("by nobody", &[rotation(1, 0, 1, by(1))], &["not-authorised"]);
    check("by the root key", &[rotation(1, 0, 1, ROOT | by(1))], &["applied"]);
    check("a key that nobody holds", &[rotation(1, 0, 1, by(0))], &["new-key-not-held"]);
    check("a revocation by the key itself", &[order(1, KeyAction::Revoke, 0, by(0))], &["not-authorised"]);
    check("a recovery", &[order(1, KeyAction::Recover, 0, ROOT)], &["applied"]);
    check("the last key retires", &[order(1, KeyAction::Retire, 0, by(0))], &["last-key"]);
    let replayed = {
        let world = World::new();
        let note = world.key_note(&KeyStep { number: 1, action: KeyAction::Recover, from: 0, to: 0, by: ROOT }).1;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &StoreOptions::default()).unwrap();
        let record = world.control(1, "key-operation", &note.to_bytes(), [2; 16]);
        world.recorder(&store).apply(&[world.genesis(), record]).unwrap();
        Played { world, store, _folder: folder }
    };
    assert_eq!(replayed.outcomes(), ["replayed"], "a note in another record than the one it was made for");
}

#[test]
fn a_content_that_is_no_order_is_a_control_leaf() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let store = Store::open(folder.path(), &StoreOptions::default()).unwrap();
    let record = world.control(1, "key-operation", b"{}", [2; 16]);
    world.recorder(&store).apply(&[world.genesis(), record]).unwrap();
    let played = Played { world, store, _folder: folder };
    assert!(played.operations().is_empty());
    let key = LeafKey { tenant: played.row().number, index: 1 };
    let leaf = ledger::leaf::decode(&tables::leaf_at(&played.store, key).unwrap().unwrap()).unwrap();
    let Detail::Control(control) = leaf.detail else { panic!("{leaf:?}") };
    assert_eq!(control.outcome, Outcome::Refused(ledger::leaf::Label::parse("content-not-readable").unwrap()));
    let opening: [u8; 32] = tables::opening(&played.store, key).unwrap().unwrap().try_into().unwrap();
    let body = tables::body(&played.store, key).unwrap().unwrap();
    assert!(body == b"{}" && Opening::from_random(opening).opens(&control.commitment, &body), "it can be shown");
}

#[test]
fn a_leaf_says_what_the_key_had_signed_and_is_opened_by_what_is_kept() {
    let steps = [tick(1), rotation(1, 0, 1, by(0) | by(1)), tick(20), order(2, KeyAction::Revoke, 0, ROOT)];
    let played = Played::of(&steps);
    let operations = played.operations();
    let (first, second) = (&operations[0], &operations[1]);
    assert_eq!((first.0, first.1.effective_size), (1, 2));
    let artefacts = |operation: &KeyOperation| {
        operation.artefacts.as_ref().map(|made| (made.count, made.first_size, made.last_size))
    };
    assert_eq!(artefacts(&first.1), Some((1, 1, 1)), "of the replaced key");
    assert_eq!(artefacts(&second.1), Some((2, 1, 2)), "both sign during the overlap");
    assert_ne!(first.1.artefacts.as_ref().unwrap().digest, second.1.artefacts.as_ref().unwrap().digest);
    assert!(first.1.principal.is_some());
    for (index, operation) in &operations {
        let key = LeafKey { tenant: played.row().number, index: *index };
        let opening: [u8; 32] = tables::opening(&played.store, key).unwrap().unwrap().try_into().unwrap();
        let body = tables::body(&played.store, key).unwrap().unwrap();
        assert!(Opening::from_random(opening).opens(&operation.commitment, &body));
        assert!(ledger::key::KeyOrder::read_draft(&body).is_ok());
    }
}

#[test]
fn a_replaced_key_retires_when_its_overlap_is_over() {
    let rotate = rotation(1, 0, 1, by(0) | by(1));
    let check = |name: &str, steps: &[Step], wanted: &[KeyState]| {
        assert_eq!(Played::of(&[&[tick(1), rotate.clone()], steps].concat()).states(), wanted, "{name}");
    };
    use KeyState::{Active, Overlap, Retired, Revoked};
    check("at once", &[], &[Overlap, Active]);
    check("a moment before", &[tick(OVERLAP_SECONDS)], &[Overlap, Active]);
    check("then", &[tick(OVERLAP_SECONDS + 1)], &[Retired, Active]);
    check("by order", &[order(2, KeyAction::Retire, 0, by(0))], &[Retired, Active]);
    let revoked = order(2, KeyAction::Revoke, 1, ROOT);
    check("not while its successor is revoked", &[revoked, tick(OVERLAP_SECONDS + 1)], &[Overlap, Revoked]);
}

#[test]
fn whoever_reaches_for_a_key_is_told_of_once_an_hour() {
    let reach = |number| order(number, KeyAction::Revoke, 0, by(0));
    let hour = 3_600;
    let steps = [tick(1), reach(1), reach(2), reach(3), tick(2 * hour), reach(4)];
    let played = Played::of(&steps);
    let alerts = played.alerts();
    let states: Vec<_> = alerts.iter().map(|(state, ..)| *state).collect();
    assert_eq!(states, [AlertState::Firing, AlertState::Resolved, AlertState::Firing], "{alerts:?}");
    assert!(alerts[0].1.starts_with("not-authorised/") && alerts[0].2.contains("default"), "{alerts:?}");
    assert_eq!(alerts[0].1, alerts[1].1);
    assert_ne!(alerts[0].1, alerts[2].1);
    assert!(Played::of(&[tick(1), rotation(1, 0, 1, by(0))]).alerts().is_empty(), "a slip is no reach");
}

#[test]
fn without_a_key_nothing_is_asked_for_until_there_is_one() {
    let revoke = order(1, KeyAction::Revoke, 0, ROOT);
    let alone = Played::of(&[tick(1), revoke.clone(), tick(20), tick(40)]);
    assert_eq!(alone.checkpoints(), [1], "the leaf of the revocation is signed by nobody");
    let told = alone.alerts();
    assert!(told.len() == 1 && told[0].1 == "no-key/1" && told[0].2.contains("nothing of it is signed"), "{told:?}");
    let helped =
        Played::of(&[tick(1), revoke, tick(20), tick(9_000), order(2, KeyAction::Enrol, 1, ROOT | by(1)), tick(9_020)]);
    assert_eq!(helped.checkpoints(), [1, 3]);
    let states: Vec<_> = helped.alerts().iter().map(|(state, ..)| *state).collect();
    assert_eq!(states, [AlertState::Firing, AlertState::Resolved]);
}
