//! Whose signature counts once keys were replaced and revoked, by what a verifier was shown.

use super::world::{BODY, World, key, origin};
use crate::key::{KeyName, KeyOrder, SigningKey, VerifierKey};
use crate::leaf::{Hex, KeyAction, KeyOperation, KeyPurpose, Leaf, Outcome, Signatures, samples};
use crate::note::Note;
use crate::proof::{Trust, Verdict};

/// Places of the orders in the tree.
const ROTATED: usize = 4;
const REVOKED: usize = 9;
const SIZE: usize = 14;

fn root() -> SigningKey {
    SigningKey::from_seed(KeyName::of_root(&origin("acme")), [2; 32])
}

fn tree_key(seed: u8) -> SigningKey {
    key("ledgerline/acme", seed)
}

fn verifier(seed: u8) -> VerifierKey {
    tree_key(seed).verifier().clone()
}

/// Key 3 takes the place of key 1.
fn rotation(by: &[&SigningKey]) -> (KeyOrder, Note) {
    signed(KeyAction::Rotate, 3, Some(verifier(1).id()), by)
}

/// Key 1 is revoked.
fn revocation(by: &[&SigningKey]) -> (KeyOrder, Note) {
    signed(KeyAction::Revoke, 1, None, by)
}

fn signed(action: KeyAction, seed: u8, replaces: Option<crate::key::KeyId>, by: &[&SigningKey]) -> (KeyOrder, Note) {
    let overlap_seconds = replaces.map(|_| 60);
    let order = Hex([seed; 16]);
    let order = KeyOrder {
        origin: origin("acme"),
        action,
        key: verifier(seed),
        replaces,
        overlap_seconds,
        reason: None,
        order,
    };
    let mut note = order.note();
    by.iter().for_each(|key| note.sign(*key).unwrap());
    (order, note)
}

fn leaf(order: &KeyOrder, note: &Note, index: usize) -> (Leaf, Vec<u8>) {
    let operation = KeyOperation {
        action: order.action,
        purpose: KeyPurpose::Checkpoint,
        key_name: Some(order.key.name().clone()),
        key_id: order.key.id(),
        public_key: Some(Hex(*order.key.public_bytes())),
        replaces: order.replaces,
        effective_size: index as u64 + 1,
        artefacts: None,
        idempotency_key: order.order,
        commitment: Hex([0; 32]),
        received_at_ns: 0,
        principal: None,
        signatures: Signatures::default(),
        outcome: Outcome::Applied,
    };
    (samples::leaf(operation), note.to_bytes())
}

/// A tree in which key 3 takes the place of key 1, which is revoked later.
fn world(rotation: (KeyOrder, Note), revocation: (KeyOrder, Note)) -> World {
    let all = samples::samples();
    let leaves = (0..SIZE).map(|index| match index {
        0 => (all[0].clone(), BODY.to_vec()),
        ROTATED => leaf(&rotation.0, &rotation.1, index),
        REVOKED => leaf(&revocation.0, &revocation.1, index),
        _ => (all[2].clone(), format!("body {index}").into_bytes()),
    });
    World::new(leaves.collect())
}

fn honest() -> World {
    world(rotation(&[&tree_key(1), &tree_key(3)]), revocation(&[&root()]))
}

fn check(what: &str, result: Result<(), crate::proof::Fault>, expected: Option<Verdict>) {
    match (result, expected) {
        (Ok(()), None) => {}
        (Err(fault), Some(verdict)) => assert_eq!(fault.verdict, verdict, "{what}: {fault}"),
        (Ok(()), Some(verdict)) => panic!("{what}: accepted, and {verdict} was expected"),
        (Err(fault), None) => panic!("{what}: {fault}"),
    }
}

#[test]
fn a_trusted_key_leads_to_those_that_came_after_it() {
    let world = honest();
    let new = world.signed(SIZE, &[3]);
    let file = |keys: &[usize]| world.under(&new, keys);
    let by = |keys: Vec<VerifierKey>, keys_shown: &[usize]| Trust::of(keys).file(&file(keys_shown)).map(drop);
    check("the first key", by(vec![verifier(1)], &[0, ROTATED, REVOKED]), None);
    check("the root key", by(vec![root().verifier().clone()], &[0, ROTATED, REVOKED]), Some(Verdict::UnknownKey));
    check("the new key itself", by(vec![verifier(3)], &[]), None);
    check("the first key, the rotation not shown", by(vec![verifier(1)], &[0]), Some(Verdict::UnknownKey));
    check("a stranger's", by(vec![verifier(7)], &[0, ROTATED, REVOKED]), Some(Verdict::UnknownKey));
}

#[test]
fn nobody_enrols_a_key_without_the_right_to() {
    for by in [vec![&tree_key(3)], vec![&tree_key(1)], vec![&tree_key(7), &tree_key(3)]] {
        let world = world(rotation(&by), revocation(&[&root()]));
        let file = world.under(&world.signed(SIZE, &[3]), &[0, ROTATED]);
        assert!(Trust::of(vec![verifier(1)]).file(&file).is_err(), "signed by {} keys", by.len());
    }
    let world = world(rotation(&[&tree_key(1), &tree_key(3)]), revocation(&[&tree_key(1)]));
    let file = world.under(&world.signed(SIZE, &[1, 3]), &[0, ROTATED, REVOKED]);
    let fault = Trust::of(vec![verifier(1)]).file(&file).map(drop);
    check("a revocation that the root key did not sign", fault, Some(Verdict::NotAuthorised));
}

#[test]
fn what_a_revoked_key_alone_has_signed() {
    let world = honest();
    let forked = World::forked(6);
    let (early, late) = (world.signed(6, &[1]), world.signed(SIZE, &[3]));
    let anchor = world.link(&early, &late, &[0, ROTATED, REVOKED]);
    let silent = world.link(&early, &late, &[0, ROTATED]);
    let other = world.link(&world.signed(5, &[1]), &late, &[0, ROTATED, REVOKED]);
    let trust = |links: &[&crate::proof::ConsistencyFile], notes: &[Note]| {
        let mut trust = Trust::of(vec![verifier(1), root().verifier().clone()]);
        notes.iter().for_each(|note| trust.revoke(&note.to_bytes()).unwrap());
        links.iter().for_each(|link| drop(trust.consistency(link).unwrap()));
        trust
    };
    let revoked = [revocation(&[&root()]).1];
    let old = |trust: Trust| trust.file(&world.under(&early, &[0, ROTATED])).map(drop);
    check("nothing known of a revocation", old(trust(&[], &[])), None);
    check("revoked, and no anchor", old(trust(&[], &revoked)), Some(Verdict::KeyStatusUnknown));
    check("an anchor that tells of it", old(trust(&[&anchor], &[])), None);
    check("revoked, and an anchor", old(trust(&[&anchor], &revoked)), None);
    check("an anchor that hides it", old(trust(&[&silent], &revoked)), Some(Verdict::KeyStatusUnknown));
    check("another size's anchor", old(trust(&[&other], &revoked)), Some(Verdict::KeyStatusUnknown));
    let fork = forked.under(&forked.signed(6, &[1]), &[0]);
    check("a back-dated fork, nothing known", trust(&[], &[]).file(&fork).map(drop), None);
    check("a back-dated fork", trust(&[], &revoked).file(&fork).map(drop), Some(Verdict::KeyStatusUnknown));
    check("a back-dated fork beside an anchor", trust(&[&anchor], &[]).file(&fork).map(drop), Some(Verdict::Fork));
    let after = world.under(&world.signed(SIZE, &[1]), &[0, ROTATED, REVOKED]);
    check("signed after its own revocation", trust(&[], &[]).file(&after).map(drop), Some(Verdict::KeyStatusUnknown));
    let both = world.under(&world.signed(SIZE, &[1, 3]), &[0, ROTATED, REVOKED]);
    check("another key signed, too", trust(&[], &[]).file(&both).map(drop), None);
}

#[test]
fn who_may_say_that_a_key_is_revoked() {
    let by = |keys: Vec<VerifierKey>, note: Note| Trust::of(keys).revoke(&note.to_bytes());
    check("the root key", by(vec![root().verifier().clone()], revocation(&[&root()]).1), None);
    check("a key itself", by(vec![verifier(1)], revocation(&[&tree_key(1)]).1), Some(Verdict::NotAuthorised));
    check(
        "a root key that is not known",
        by(vec![verifier(1)], revocation(&[&root()]).1),
        Some(Verdict::NotAuthorised),
    );
    let rotation = rotation(&[&root(), &tree_key(3)]).1;
    check("a rotation", by(vec![root().verifier().clone()], rotation), Some(Verdict::Malformed));
}
