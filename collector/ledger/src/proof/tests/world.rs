//! A small ledger in memory, and files about it: made with the naive tree, not with the one under test.

use crate::checkpoint::Checkpoint;
use crate::commitment::Opening;
use crate::key::{KeyName, SigningKey};
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
        let mut samples = samples.into_iter().cycle();
        let leaves: Vec<Leaf> = (0..size)
            .map(|_| {
                let mut leaf = samples.next().unwrap();
                match &mut leaf.detail {
                    Detail::Event(event) => event.commitment = opening().commit(BODY),
                    Detail::Control(control) => control.commitment = opening().commit(BODY),
                    Detail::KeyOperation(operation) => operation.commitment = opening().commit(BODY),
                    _ => {}
                }
                leaf
            })
            .collect();
        let hashes = leaves.iter().map(|leaf| leaf_hash(&leaf::encode(leaf))).collect();
        Self { leaves, hashes }
    }

    pub fn trust(&self) -> Trust {
        Trust { keys: vec![key("ledgerline/acme", 1).verifier().clone()] }
    }

    pub fn checkpoint(&self, size: usize) -> Note {
        let root = naive::root(&self.hashes[..size]);
        let checkpoint = Checkpoint { origin: origin("acme"), size: size as u64, root };
        checkpoint.sign(&[&key("ledgerline/acme", 1)]).unwrap()
    }

    pub fn leaf(&self, index: usize) -> String {
        String::from_utf8(leaf::encode(&self.leaves[index])).unwrap()
    }

    pub fn proof(&self, index: usize, note: &Note) -> TlogProof {
        TlogProof { index: index as u64, hashes: naive::path(index, &self.hashes), checkpoint: note.to_bytes() }
    }

    fn entry(&self, index: usize, note: &Note) -> Entry {
        let proof = String::from_utf8(self.proof(index, note).to_bytes()).unwrap();
        match super::commitment(&self.leaves[index].detail) {
            Some(_) => Entry::open(self.leaf(index), proof, opening().as_bytes(), BODY),
            None => Entry::closed(self.leaf(index), proof, Withheld::None),
        }
    }

    fn made(&self, subject: Subject, indexes: &[usize], note: &Note) -> ProofFile {
        let leaves = indexes.iter().map(|index| self.entry(*index, note)).collect();
        ProofFile::new(origin("acme"), subject, leaves, true, vec![self.entry(0, note)])
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
        let text = |size| String::from_utf8(self.checkpoint(size).to_bytes()).unwrap();
        let hashes = naive::consistency(old, &self.hashes[..new]);
        ConsistencyFile::new(origin("acme"), text(old), text(new), &hashes, vec![])
    }
}
