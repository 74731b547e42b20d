//! One change each, and what it must come to.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::world::{BODY, World, key, opening, origin};
use crate::checkpoint::Checkpoint;
use crate::proof::{Entry, ProofFile, Subject, SubjectKind, TlogProof, Verdict, Withheld};
use crate::tree::EMPTY_ROOT;

/// An event's leaf in the samples, and one of another kind.
const EVENT: usize = 2;
const OTHER: usize = 4;
const SIZE: usize = 9;

fn check(what: &str, expected: Verdict, change: impl FnOnce(&World, &mut ProofFile)) {
    let world = World::of(SIZE);
    let mut file = world.file(&[EVENT]);
    assert!(world.trust().file(&file).is_ok(), "{what}: it is good before the change");
    change(&world, &mut file);
    match world.trust().file(&file) {
        Ok(_) => panic!("{what}: accepted, and {expected} was expected"),
        Err(fault) => assert_eq!(fault.verdict, expected, "{what}: {fault}"),
    }
}

fn with_proof(file: &mut ProofFile, change: impl Fn(&mut TlogProof)) {
    for entry in file.leaves.iter_mut().chain(&mut file.keys) {
        let mut proof = TlogProof::from_bytes(entry.proof.as_bytes()).unwrap();
        change(&mut proof);
        entry.proof = String::from_utf8(proof.to_bytes()).unwrap();
    }
}

#[test]
fn leaves() {
    check("another leaf", Verdict::ProofMismatch, |world, file| file.leaves[0].leaf = world.leaf(OTHER));
    check("another spelling", Verdict::ProofMismatch, |_, file| file.leaves[0].leaf.push(' '));
    check("leaves in disorder", Verdict::Malformed, |_, file| file.leaves.push(file.leaves[0].clone()));
    check("another subject", Verdict::WrongSubject, |_, file| file.subject.key = "3".to_owned());
    check("an event that it is not", Verdict::WrongSubject, |_, file| {
        file.subject = Subject { kind: SubjectKind::Event, key: "ab".repeat(32) };
    });
    check("another tenant's file", Verdict::WrongOrigin, |_, file| file.origin = origin("other"));
}

#[test]
fn bodies() {
    check("another body", Verdict::BodyMismatch, |_, file| {
        file.leaves[0].body = Some(BASE64_STANDARD.encode(b"{}"));
    });
    check("another opening", Verdict::BodyMismatch, |_, file| {
        file.leaves[0].opening = Some(crate::leaf::Hex([6; 32]));
    });
    check("a body without its opening", Verdict::Malformed, |_, file| file.leaves[0].opening = None);
    check("a body that is withheld", Verdict::Malformed, |_, file| file.leaves[0].withheld = Some(Withheld::Erased));
    check("nothing said of a body", Verdict::Malformed, |_, file| {
        (file.leaves[0].opening, file.leaves[0].body) = (None, None);
    });
    check("another alphabet", Verdict::Malformed, |_, file| file.leaves[0].body = Some("_-8=".to_owned()));
    check("trailing bits", Verdict::Malformed, |_, file| file.leaves[0].body = Some("AB==".to_owned()));
    check("a body behind a leaf that has none", Verdict::BodyMismatch, |_, file| {
        let entry = &file.keys[0];
        file.keys[0] = Entry::open(entry.leaf.clone(), entry.proof.clone(), opening().as_bytes(), BODY);
    });
}

#[test]
fn proofs() {
    check("another leaf's", Verdict::ProofMismatch, |world, file| {
        let note = world.checkpoint(SIZE);
        file.leaves[0].proof = String::from_utf8(world.proof(OTHER, &note).to_bytes()).unwrap();
    });
    check("a hash less", Verdict::ProofMismatch, |_, file| with_proof(file, |proof| proof.hashes.truncate(1)));
    check("a hash more", Verdict::ProofMismatch, |_, file| with_proof(file, |proof| proof.hashes.push([0; 32])));
    check("no hash", Verdict::ProofMismatch, |_, file| with_proof(file, |proof| proof.hashes.clear()));
    check("an index beyond the size", Verdict::IndexBeyondSize, |_, file| with_proof(file, |proof| proof.index = 9));
    check("the greatest index", Verdict::IndexBeyondSize, |_, file| with_proof(file, |proof| proof.index = u64::MAX));
    check("another size's checkpoint", Verdict::ProofMismatch, |world, file| {
        let other = world.checkpoint(SIZE - 1).to_bytes();
        with_proof(file, |proof| proof.checkpoint.clone_from(&other));
    });
    check("two checkpoints in one file", Verdict::Malformed, |world, file| {
        let mut proof = TlogProof::from_bytes(file.keys[0].proof.as_bytes()).unwrap();
        proof.checkpoint = world.checkpoint(SIZE - 1).to_bytes();
        file.keys[0].proof = String::from_utf8(proof.to_bytes()).unwrap();
    });
    check("an empty tree", Verdict::SizeZero, |_, file| {
        let empty = Checkpoint { origin: origin("acme"), size: 0, root: EMPTY_ROOT };
        let note = empty.sign(&[&key("ledgerline/acme", 1)]).unwrap().to_bytes();
        with_proof(file, |proof| proof.checkpoint.clone_from(&note));
    });
    check("bytes behind it", Verdict::Malformed, |_, file| file.leaves[0].proof.push('x'));
}

#[test]
fn every_bit_of_a_file() {
    let world = World::of(4);
    let bytes = world.file(&[EVENT]).to_bytes();
    assert!(world.trust().file(&ProofFile::from_bytes(&bytes).unwrap()).is_ok());
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let accepted = ProofFile::from_bytes(&flipped).and_then(|file| world.trust().file(&file)).is_ok();
        assert!(!accepted, "bit {bit}, of {:?}", char::from(bytes[bit / 8]));
    }
}

#[test]
fn every_bit_of_a_consistency_file() {
    let world = World::of(7);
    let bytes = world.consistency(3, 7).to_bytes();
    let file = super::ConsistencyFile::from_bytes(&bytes).unwrap();
    let mut trust = world.trust();
    assert!(trust.consistency(&file).is_ok());
    // The older checkpoint counts by its text: who signed it is not asked here.
    let old_end = file.old.find("\n\n").unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let Ok(changed) = super::ConsistencyFile::from_bytes(&flipped) else { continue };
        if trust.consistency(&changed).is_ok() {
            let same_old = changed.old.get(..old_end) == file.old.get(..old_end);
            assert!(same_old && changed.new == file.new && changed.origin == file.origin, "bit {bit}");
        }
    }
}
