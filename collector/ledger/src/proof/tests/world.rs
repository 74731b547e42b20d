//! A small ledger in memory, and files about it: made with the naive tree, not with the one under test.

use crate::checkpoint::Checkpoint;
use crate::commitment::Opening;
use crate::key::{KeyName, Signer, SigningKey};
use crate::leaf::{self, Detail, Leaf, samples};
use crate::note::Note;
use crate::origin::{LedgerName, Origin};
use crate::proof::{ConsistencyFile, Entry, ProofFile, Subject, SubjectKind, TlogProof, Trust, Withheld};
use crate::tenant::Tenant;
use crate::tree::{Hash, leaf_hash, naive};

pub fn origin(tenant: &str) -> Origin {
    Origin::new(&LedgerName::parse("ledgerline").unwrap(), &Tenant::parse(tenant).unwrap())
}

pub fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::parse(name).unwrap(), [seed; 32])
}

/// A tree of the tenant `acme` whose leaves are samples of every kind.
pub struct World {
    leaves: Vec<Leaf>,
    /// What each commits to, where it commits to anything.
    bodies: Vec<Vec<u8>>,
    hashes: Vec<Hash>,
}

pub const BODY: &[u8] = br#"{"eventType":"START"}"#;

pub fn opening() -> Opening {
    Opening::from_random([5; 32])
}

impl World {
    pub fn of(size: usize) -> Self {
        Self::made_of(samples::samples(), size)
    }

    /// Another tree from leaf 1 on.
    pub fn forked(size: usize) -> Self {
        let mut samples = samples::samples();
        samples[1..].reverse();
        Self::made_of(samples, size)
    }

    fn made_of(samples: Vec<Leaf>, size: usize) -> Self {
        Self::new(samples.into_iter().cycle().take(size).map(|leaf| (leaf, BODY.to_vec())).collect())
    }

    /// A tree of these leaves and the bodies behind them.
    pub fn new(leaves: Vec<(Leaf, Vec<u8>)>) -> Self {
        let (mut leaves, bodies): (Vec<Leaf>, Vec<Vec<u8>>) = leaves.into_iter().unzip();
        for (leaf, body) in leaves.iter_mut().zip(&bodies) {
            let commitment = opening().commit(body);
            match &mut leaf.detail {
                Detail::Event(event) => event.commitment = commitment,
                Detail::Control(control) => control.commitment = commitment,
                Detail::KeyOperation(operation) => operation.commitment = commitment,
                _ => {}
            }
        }
        let hashes = leaves.iter().map(|leaf| leaf_hash(&leaf::encode(leaf))).collect();
        Self { leaves, bodies, hashes }
    }

    pub fn trust(&self) -> Trust {
        Trust::of(vec![key("ledgerline/acme", 1).verifier().clone()])
    }

    pub fn checkpoint(&self, size: usize) -> Note {
        self.signed(size, &[1])
    }

    /// The checkpoint of a size, signed by the tree's keys of these seeds.
    pub fn signed(&self, size: usize, seeds: &[u8]) -> Note {
        let root = naive::root(&self.hashes[..size]);
        let checkpoint = Checkpoint { origin: origin("acme"), size: size as u64, root };
        let keys: Vec<SigningKey> = seeds.iter().map(|seed| key("ledgerline/acme", *seed)).collect();
        let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        checkpoint.sign(&signers).unwrap()
    }

    pub fn leaf(&self, index: usize) -> String {
        String::from_utf8(leaf::encode(&self.leaves[index])).unwrap()
    }

    pub fn proof(&self, index: usize, note: &Note) -> TlogProof {
        let size = note.text().lines().nth(1).unwrap().parse().unwrap();
        TlogProof { index: index as u64, hashes: naive::path(index, &self.hashes[..size]), checkpoint: note.to_bytes() }
    }

    fn entry(&self, index: usize, note: &Note) -> Entry {
        let proof = String::from_utf8(self.proof(index, note).to_bytes()).unwrap();
        match super::commitment(&self.leaves[index].detail) {
            Some(_) => Entry::open(self.leaf(index), proof, opening().as_bytes(), &self.bodies[index]),
            None => Entry::closed(self.leaf(index), proof, Withheld::None),
        }
    }

    fn made(&self, subject: Subject, indexes: &[usize], note: &Note) -> ProofFile {
        let leaves = indexes.iter().map(|index| self.entry(*index, note)).collect();
        ProofFile::new(origin("acme"), subject, leaves, true, vec![self.entry(0, note)])
    }

    /// A file about leaf 1 under a checkpoint, with these leaves as its keys.
    pub fn under(&self, note: &Note, keys: &[usize]) -> ProofFile {
        let subject = Subject { kind: SubjectKind::Leaf, key: "1".to_owned() };
        let keys = keys.iter().map(|index| self.entry(*index, note)).collect();
        ProofFile::new(origin("acme"), subject, vec![self.entry(1, note)], true, keys)
    }

    /// A link from a size to a checkpoint, with these leaves as its keys.
    pub fn link(&self, old: &Note, new: &Note, keys: &[usize]) -> ConsistencyFile {
        let text = |note: &Note| String::from_utf8(note.to_bytes()).unwrap();
        let size = |note: &Note| note.text().lines().nth(1).unwrap().parse::<usize>().unwrap();
        let hashes = naive::consistency(size(old), &self.hashes[..size(new)]);
        let keys = keys.iter().map(|index| self.entry(*index, new)).collect();
        ConsistencyFile::new(origin("acme"), text(old), text(new), &hashes, keys)
    }

    /// A file about leaves.
    pub fn about(&self, kind: SubjectKind, key: &str, indexes: &[usize]) -> ProofFile {
        let note = self.checkpoint(self.leaves.len());
        self.made(Subject { kind, key: key.to_owned() }, indexes, &note)
    }

    /// A file about one leaf.
    pub fn file(&self, indexes: &[usize; 1]) -> ProofFile {
        self.about(SubjectKind::Leaf, &indexes[0].to_string(), indexes)
    }

    /// A file about leaf 0 whose checkpoint has a second signature.
    pub fn signed_also_by(&self, other: &SigningKey) -> ProofFile {
        let mut note = self.checkpoint(self.leaves.len());
        note.sign(other).unwrap();
        self.made(Subject { kind: SubjectKind::Leaf, key: "0".to_owned() }, &[0], &note)
    }

    pub fn consistency(&self, old: usize, new: usize) -> ConsistencyFile {
        self.link(&self.checkpoint(old), &self.checkpoint(new), &[])
    }
}
