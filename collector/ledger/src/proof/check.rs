//! The check of a proof: signature, leaf, path, opening, subject. Everything that a file says is doubted until shown.

use super::file::{Entry, ProofFile, SubjectKind};
use super::tlog::TlogProof;
use super::trust::{Believed, Trust};
use super::verdict::{Fault, Verdict};
use crate::checkpoint::Checkpoint;
use crate::commitment::{Commitment, Opening};
use crate::leaf::{self, Detail, Leaf, LeafFault};
use crate::origin::Origin;
use crate::tree::{self, ProofFault};

/// A file that proves what it says.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The checkpoint that everything in it hangs on.
    pub believed: Believed,
    /// The leaves, in the order of the file.
    pub leaves: Vec<CheckedLeaf>,
    /// Whether the leaves themselves show that they are the subject's; otherwise it is the server's claim.
    pub subject_shown: bool,
}

/// A leaf that is in the tree.
#[derive(Clone, Debug)]
pub struct CheckedLeaf {
    /// Its index.
    pub index: u64,
    /// The leaf.
    pub leaf: Leaf,
    /// The opening, where it was shown.
    pub opening: Option<Opening>,
    /// What it commits to, where that was shown: checked against the commitment.
    pub body: Option<Vec<u8>>,
}

impl Trust {
    /// Checks a whole proof file.
    ///
    /// # Errors
    /// The first [`Fault`], with the place in the file.
    pub fn file(&self, file: &ProofFile) -> Result<Checked, Fault> {
        let first = read(&file.leaves[0]).map_err(|fault| fault.at("leaves[0]"))?;
        let settled = self.settled(&first.checkpoint, &file.origin, &file.keys);
        let (believed, _) = settled.map_err(|fault| fault.at("the checkpoint"))?;
        let leaves = entries(&file.leaves, "leaves", &believed.verified.checkpoint, &first.checkpoint)?;
        let subject_shown = shown(file, &leaves)?;
        Ok(Checked { believed, leaves, subject_shown })
    }

    /// Checks one leaf against a proof of its own, without a file around them.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn leaf(&self, proof: &TlogProof, bytes: &[u8], origin: &Origin) -> Result<(Believed, Leaf), Fault> {
        let believed = self.checkpoint(&proof.checkpoint, origin)?;
        let leaf = included(proof, bytes, &believed.verified.checkpoint)?;
        Ok((believed, leaf))
    }
}

fn read(entry: &Entry) -> Result<TlogProof, Fault> {
    TlogProof::from_bytes(entry.proof.as_bytes()).map_err(|fault| Fault::new(Verdict::Malformed, fault.to_string()))
}

/// Checks a list of entries under one checkpoint.
pub(super) fn entries(
    entries: &[Entry],
    list: &str,
    checkpoint: &Checkpoint,
    note: &[u8],
) -> Result<Vec<CheckedLeaf>, Fault> {
    let mut checked: Vec<CheckedLeaf> = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let one = one(entry, checkpoint, note).map_err(|fault| fault.at(&format!("{list}[{at}]")))?;
        if checked.last().is_some_and(|before| before.index >= one.index) {
            return Err(Fault::new(Verdict::Malformed, format!("{list}[{at}]: the leaves do not rise by their index")));
        }
        checked.push(one);
    }
    Ok(checked)
}

fn one(entry: &Entry, checkpoint: &Checkpoint, note: &[u8]) -> Result<CheckedLeaf, Fault> {
    let proof = read(entry)?;
    if proof.checkpoint != note {
        return Err(Fault::new(Verdict::Malformed, "its checkpoint is another than that of the first leaf"));
    }
    let leaf = included(&proof, entry.leaf.as_bytes(), checkpoint)?;
    let (opening, body) = match entry.opened()? {
        None => (None, None),
        Some((opening, body)) => {
            let commitment = commitment(&leaf.detail).ok_or_else(|| {
                Fault::new(Verdict::BodyMismatch, format!("a {} leaf commits to no body", leaf.detail.kind().as_str()))
            })?;
            if !opening.opens(commitment, &body) {
                return Err(Fault::new(Verdict::BodyMismatch, "opening and body do not make the leaf's commitment"));
            }
            (Some(opening), Some(body))
        }
    };
    Ok(CheckedLeaf { index: proof.index, leaf, opening, body })
}

/// The leaf, once it is shown to be in the tree.
fn included(proof: &TlogProof, bytes: &[u8], checkpoint: &Checkpoint) -> Result<Leaf, Fault> {
    let hash = tree::leaf_hash(bytes);
    tree::verify_inclusion(&proof.hashes, checkpoint.size, &checkpoint.root, proof.index, &hash).map_err(|fault| {
        let verdict = match fault {
            ProofFault::SizeZero => Verdict::SizeZero,
            ProofFault::IndexBeyondSize => Verdict::IndexBeyondSize,
            _ => Verdict::ProofMismatch,
        };
        Fault::new(verdict, format!("leaf {} of {}: {fault}", proof.index, checkpoint.size))
    })?;
    let leaf = leaf::decode(bytes).map_err(|fault| {
        let verdict = match fault {
            LeafFault::NotCanonical => Verdict::NotCanonical,
            _ => Verdict::Malformed,
        };
        Fault::new(verdict, format!("leaf {}: {fault}", proof.index))
    })?;
    if leaf.tenant != *checkpoint.origin.tenant() {
        let what = format!("leaf {} is of tenant {} in the tree of {}", proof.index, leaf.tenant, checkpoint.origin);
        return Err(Fault::new(Verdict::WrongOrigin, what));
    }
    Ok(leaf)
}

/// What a leaf commits to, where its kind commits to anything.
#[must_use]
pub fn commitment(detail: &Detail) -> Option<&Commitment> {
    match detail {
        Detail::Event(event) => Some(&event.commitment),
        Detail::Control(control) => Some(&control.commitment),
        Detail::KeyOperation(operation) => Some(&operation.commitment),
        _ => None,
    }
}

/// Whether the leaves show that they are the subject's.
fn shown(file: &ProofFile, leaves: &[CheckedLeaf]) -> Result<bool, Fault> {
    let key = file.subject.key.as_str();
    let is = |one: &CheckedLeaf| match (&file.subject.kind, &one.leaf.detail) {
        (SubjectKind::Leaf, _) => one.index.to_string() == key,
        (SubjectKind::Event, Detail::Event(event)) => event.event_id.to_string() == key,
        (SubjectKind::Run, Detail::Event(event)) => {
            matches!(&event.subject, leaf::Subject::Run { id, .. } if id.to_string() == key)
        }
        (SubjectKind::Key, Detail::KeyOperation(_) | Detail::Genesis(_)) => true,
        (SubjectKind::Event | SubjectKind::Run | SubjectKind::Key, _) => false,
        (SubjectKind::Dataset | SubjectKind::Edge | SubjectKind::Alert, _) => true,
    };
    if let Some(other) = leaves.iter().find(|one| !is(one)) {
        let what = format!("leaf {} is not one of {:?} {key}", other.index, file.subject.kind);
        return Err(Fault::new(Verdict::WrongSubject, what));
    }
    Ok(!matches!(file.subject.kind, SubjectKind::Dataset | SubjectKind::Edge | SubjectKind::Alert))
}
