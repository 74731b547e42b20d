//! Who signs what is published, through a rotation, without a key, and against a thief who holds a revoked one.

use ledger::key::{KeyId, SigningKey};
use ledger::leaf::KeyAction;
use ledger::note::Note;

use super::*;
use crate::recorder::tests::world::{KeyStep, OVERLAP_SECONDS};

const ROOT: u8 = 1;

const fn by(key: u8) -> u8 {
    2 << key
}

const ROTATION: Step = Step::Key(KeyStep { number: 1, action: KeyAction::Rotate, from: 0, to: 1, by: by(0) | by(1) });
const REVOCATION: Step = Step::Key(KeyStep { number: 2, action: KeyAction::Revoke, from: 0, to: 0, by: ROOT });

fn tick(seconds: u32) -> Step {
    Step::Tick { seconds }
}

fn origin() -> Origin {
    Origin::new(&LedgerName::parse("test").unwrap(), &Tenant::parse("default").unwrap())
}

/// Size and signers of each published checkpoint of `default`.
fn signed(scene: &Scene) -> Vec<(u64, Vec<KeyId>)> {
    let records = scene.records(&scene.names.checkpoints);
    let ours = records.iter().filter(|record| record.key.as_deref().is_some_and(|key| key.starts_with(b"default/")));
    let read = |record: &Record| {
        let note = Note::from_bytes(record.value.as_deref().unwrap()).unwrap();
        let size = Checkpoint::from_body(note.text()).unwrap().size;
        (size, note.signatures().iter().map(ledger::note::NoteSignature::id).collect())
    };
    ours.map(read).collect()
}

#[test]
fn both_keys_sign_during_the_overlap_as_far_as_they_are_here() {
    let scene = Scene::on_sim();
    let (first, second) = (scene.world.key(0).verifier().id(), scene.world.key(1).verifier().id());
    let over = OVERLAP_SECONDS + 30;
    let steps = [tick(1), ROTATION, tick(20), failing(1), tick(40), failing(2), tick(over)];
    let recorded = scene.record(&steps[..3]);
    publish_all(&mut scene.publisher(&recorded));
    assert_eq!(signed(&scene), [(1, vec![first]), (2, vec![first])], "the new key's file is not here yet");
    // From here on it is, and nobody has restarted anything.
    scene.world.keyring.make(&origin(), false, [0x41; 32]).unwrap();
    scene.world.recorder(&recorded.store).apply(&scene.world.history(&steps)).unwrap();
    publish_all(&mut scene.publisher(&recorded));
    let all = [(1, vec![first]), (2, vec![first]), (3, vec![first, second]), (4, vec![second])];
    assert_eq!(signed(&scene), all);
    take_over(&mut scene.publisher(&recorded));
    take_over(&mut scene.publisher(&scene.record(&steps)));
    assert_eq!(signed(&scene), all, "a new store believes what either of them has signed");
}

#[test]
fn what_no_key_here_may_sign_waits_and_says_which_is_missing() {
    let scene = Scene::on_sim();
    let recorded = scene.record(&[ROTATION, REVOCATION, failing(1), tick(20)]);
    let mut publisher = scene.publisher(&recorded);
    publisher.recover().unwrap();
    publisher.compare(true).unwrap();
    let why = loop {
        match publisher.step() {
            Ok(0) => panic!("it is published"),
            Ok(_) => {}
            Err(PublishError::Recover(why)) => break why,
            Err(error) => panic!("{error}"),
        }
    };
    let id = scene.world.key(1).verifier().id().to_string();
    assert!(why.contains(&id) && why.contains("copy its file there"), "{why}");
    assert_eq!(signed(&scene), []);
    scene.world.keyring.make(&origin(), false, [0x41; 32]).unwrap();
    take_over(&mut publisher);
    publish_all(&mut publisher);
    let [(size, signers)] = signed(&scene).try_into().unwrap();
    assert_eq!((size, signers), (4, vec![scene.world.key(1).verifier().id()]), "the revoked key signs no more");
}

/// A checkpoint of another tree than ours.
fn forged(scene: &Scene, size: u64, by: &[&SigningKey]) {
    let signers: Vec<&dyn ledger::key::Signer> = by.iter().map(|key| *key as &dyn ledger::key::Signer).collect();
    let note = Checkpoint { origin: origin(), size, root: [9; 32] }.sign(&signers).unwrap().to_bytes();
    let record = NewRecord::new(&scene.names.checkpoints, note).key(format!("default/{size}"));
    scene.log.appender().unwrap().append(vec![record]).unwrap();
}

#[test]
fn a_tree_that_a_revoked_key_alone_has_signed_stops_nobody() {
    let (old, new) = (World::new().key(0), World::new().key(1));
    let check = |name: &str, size: u64, by: &[&SigningKey], halts: bool| {
        let scene = Scene::on_sim();
        scene.world.keyring.make(&origin(), false, [0x41; 32]).unwrap();
        let steps = [tick(1), ROTATION, REVOCATION, failing(1), tick(20)];
        publish_all(&mut scene.publisher(&scene.record(&steps)));
        forged(&scene, size, by);
        let mut publisher = scene.publisher(&scene.record(&steps));
        publisher.recover().unwrap();
        assert_eq!(publisher.compare(true).is_err(), halts, "{name}");
    };
    check("a fork by the revoked key", 2, &[&old], false);
    check("a larger tree by the revoked key", 900, &[&old], false);
    check("a fork that the new key has signed, too", 2, &[&old, &new], true);
    check("a fork by the new key", 4, &[&new], true);
    check("a larger tree by the new key", 900, &[&new], true);
    check("a larger tree by nobody", 900, &[&World::new().key(5)], false);
}
