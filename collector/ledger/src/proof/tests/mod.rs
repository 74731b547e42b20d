//! Proof files as an attacker would send them: each change has its verdict, none is a panic and none is `ok` that should not be.

mod keys;
mod tamper;
mod world;

use super::*;
use world::{World, key, origin};

#[test]
fn every_leaf_of_every_size_is_proved() {
    for size in 1..=40 {
        let world = World::of(size);
        for index in 0..size {
            let checked = world.trust().file(&world.file(&[index])).unwrap();
            assert_eq!(
                (checked.leaves[0].index, checked.believed.verified.checkpoint.size),
                (index as u64, size as u64)
            );
            assert!(checked.subject_shown);
        }
        let all: Vec<usize> = (0..size).collect();
        assert_eq!(world.trust().file(&world.about(SubjectKind::Dataset, "x", &all)).unwrap().leaves.len(), size);
    }
}

#[test]
fn any_two_sizes_are_linked() {
    let world = World::of(40);
    for new in 1..=40 {
        for old in 1..=new {
            let file = world.consistency(old, new);
            let (found, believed) = world.trust().consistency(&file).unwrap();
            assert_eq!((found.size, believed.verified.checkpoint.size), (old as u64, new as u64));
            assert_eq!(ConsistencyFile::from_bytes(&file.to_bytes()), Ok(file));
        }
    }
}

#[test]
fn files_come_back() {
    let world = World::of(9);
    let file = world.file(&[3]);
    assert_eq!(ProofFile::from_bytes(&file.to_bytes()), Ok(file));
}

#[test]
fn a_bare_proof_is_enough() {
    let world = World::of(9);
    let file = world.file(&[3]);
    let proof = TlogProof::from_bytes(file.leaves[0].proof.as_bytes()).unwrap();
    let leaf = file.leaves[0].leaf.as_bytes();
    assert!(world.trust().leaf(&proof, leaf, &origin("acme")).is_ok());
    let other = world.trust().leaf(&proof, leaf, &origin("other")).unwrap_err();
    assert_eq!(other.verdict, Verdict::WrongOrigin);
}

#[test]
fn whose_signature_counts() {
    let world = World::of(5);
    let check = |keys: Vec<crate::key::SigningKey>, verdict: Verdict| {
        let keys = keys.iter().map(|key| key.verifier().clone()).collect();
        let fault = Trust::of(keys).file(&world.file(&[2])).unwrap_err();
        assert_eq!(fault.verdict, verdict, "{fault}");
    };
    check(vec![], Verdict::UnknownKey);
    check(vec![key("ledgerline/acme", 9)], Verdict::UnknownKey);
    check(vec![key("ledgerline/other", 1)], Verdict::UnknownKey);
    // The same key under another name signed, too: it does not speak for this tree.
    let also = world.signed_also_by(&key("ledgerline/other", 1));
    let fault = Trust::of(vec![key("ledgerline/other", 1).verifier().clone()]).file(&also).unwrap_err();
    assert_eq!(fault.verdict, Verdict::WrongName);
    assert!(world.trust().file(&also).is_ok(), "a second, unknown signature changes nothing");
}

#[test]
fn what_was_seen_before() {
    let (world, other) = (World::of(12), World::forked(12));
    let note = |world: &World, size| {
        world.trust().checkpoint(&world.checkpoint(size).to_bytes(), &origin("acme")).unwrap().verified
    };
    let check = |what: &str, found: (&World, usize), links: &[ConsistencyFile], expected: Result<Seen, Verdict>| {
        let mut memory = Memory::default();
        assert_eq!(memory.see(&note(&world, 7), &[]), Ok(Seen::First));
        let seen = memory.see(&note(found.0, found.1), links).map_err(|fault| fault.verdict);
        assert_eq!(seen, expected, "{what}");
        let newest = if expected == Ok(Seen::Newer) { found.1 } else { 7 };
        assert_eq!(memory.newest(&origin("acme")).unwrap().size, newest as u64, "{what}");
        assert_eq!(Memory::from_bytes(&memory.to_bytes()), Ok(memory), "{what}");
    };
    check("the same", (&world, 7), &[], Ok(Seen::Same));
    check("a newer one, linked", (&world, 9), &[world.consistency(7, 9)], Ok(Seen::Newer));
    check("a newer one, alone", (&world, 9), &[], Err(Verdict::Unlinked));
    check("a newer one, with another's link", (&world, 9), &[world.consistency(7, 8)], Err(Verdict::Unlinked));
    check("an older one, linked", (&world, 5), &[world.consistency(5, 7)], Ok(Seen::Older));
    check("an older one, alone", (&world, 5), &[], Err(Verdict::Rollback));
    check("a fork of one size", (&other, 7), &[], Err(Verdict::Fork));
    check("a larger fork", (&other, 9), &[], Err(Verdict::Unlinked));
    check("a larger fork with its own link", (&other, 9), &[other.consistency(7, 9)], Err(Verdict::Fork));
    check("a smaller fork with its own link", (&other, 5), &[other.consistency(5, 7)], Err(Verdict::Fork));
}
