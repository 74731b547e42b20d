//! Proof files as an attacker would send them: each change has its verdict, none is a panic and none is `ok` that should not be.

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
            assert_eq!((checked.leaves[0].index, checked.verified.checkpoint.size), (index as u64, size as u64));
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
            let (found, verified) = world.trust().consistency(&file).unwrap();
            assert_eq!((found.size, verified.checkpoint.size), (old as u64, new as u64));
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
        let fault = Trust { keys }.file(&world.file(&[2])).unwrap_err();
        assert_eq!(fault.verdict, verdict, "{fault}");
    };
    check(vec![], Verdict::UnknownKey);
    check(vec![key("ledgerline/acme", 9)], Verdict::UnknownKey);
    check(vec![key("ledgerline/other", 1)], Verdict::UnknownKey);
    // The same key under another name signed, too: it does not speak for this tree.
    let also = world.signed_also_by(&key("ledgerline/other", 1));
    let fault = Trust { keys: vec![key("ledgerline/other", 1).verifier().clone()] }.file(&also).unwrap_err();
    assert_eq!(fault.verdict, Verdict::WrongName);
    assert!(world.trust().file(&also).is_ok(), "a second, unknown signature changes nothing");
}
