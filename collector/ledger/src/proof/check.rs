//! The check of a proof: signature, leaf, path, opening, subject. Everything that a file says is doubted until shown.

use super::consistency::ConsistencyFile;
use super::file::{Entry, ProofFile, SubjectKind};
use super::tlog::TlogProof;
use super::verdict::{Fault, Verdict};
use crate::checkpoint::{Checkpoint, CheckpointFault, Verified};
use crate::commitment::Commitment;
use crate::key::VerifierKey;
use crate::leaf::{self, Detail, Leaf, LeafFault};
use crate::note::{Note, NoteFault};
use crate::origin::Origin;
use crate::tree::{self, ProofFault};

/// Whom a verifier believes.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Keys that it was given.
    pub keys: Vec<VerifierKey>,
}

/// A file that proves what it says.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The checkpoint that everything in it hangs on.
    pub verified: Verified,
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
    /// What it commits to, where that was shown: checked against the commitment.
    pub body: Option<Vec<u8>>,
}

impl Trust {
    /// Checks a signed checkpoint of a tree.
    ///
    /// # Errors
    /// [`Fault`] of the signatures or of the form.
    pub fn checkpoint(&self, note: &[u8], origin: &Origin) -> Result<Verified, Fault> {
        let verified =
            Checkpoint::verify(note, &self.keys).map_err(|fault| signature_fault(note, fault, &self.keys))?;
        let found = &verified.checkpoint.origin;
        if found != origin {
            return Err(Fault::new(Verdict::WrongOrigin, format!("the checkpoint is of {found} and not of {origin}")));
        }
        Ok(verified)
    }

    /// Checks a whole proof file.
    ///
    /// # Errors
    /// The first [`Fault`], with the place in the file.
    pub fn file(&self, file: &ProofFile) -> Result<Checked, Fault> {
        let first = read(&file.leaves[0]).map_err(|fault| fault.at("leaves[0]"))?;
        let verified = self.checkpoint(&first.checkpoint, &file.origin).map_err(|fault| fault.at("the checkpoint"))?;
        let leaves = all(&file.leaves, "leaves", &verified)?;
        all(&file.keys, "keys", &verified)?;
        let subject_shown = shown(file, &leaves)?;
        Ok(Checked { verified, leaves, subject_shown })
    }

    /// Checks a consistency file: the link, and who signed the newer checkpoint.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn consistency(&self, file: &ConsistencyFile) -> Result<(Checkpoint, Verified), Fault> {
        let (old, _) = file.check_link()?;
        let verified =
            self.checkpoint(file.new.as_bytes(), &file.origin).map_err(|fault| fault.at("the newer checkpoint"))?;
        all(&file.keys, "keys", &verified)?;
        Ok((old, verified))
    }

    /// Checks one leaf against a proof of its own, without a file around them.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn leaf(&self, proof: &TlogProof, bytes: &[u8], origin: &Origin) -> Result<(Verified, Leaf), Fault> {
        let verified = self.checkpoint(&proof.checkpoint, origin)?;
        let leaf = included(proof, bytes, &verified.checkpoint)?;
        Ok((verified, leaf))
    }
}

/// Which of the reasons for refusing a checkpoint it is.
fn signature_fault(note: &[u8], fault: CheckpointFault, keys: &[VerifierKey]) -> Fault {
    let verdict = match &fault {
        CheckpointFault::Note(NoteFault::Malformed) | CheckpointFault::Malformed => Verdict::Malformed,
        CheckpointFault::Note(NoteFault::Forged { .. }) => Verdict::BadSignature,
        CheckpointFault::NotOurs(_) => Verdict::WrongName,
        CheckpointFault::Note(NoteFault::Unsigned) => Verdict::UnknownKey,
    };
    let signers = Note::from_bytes(note).map(|note| note.signatures().to_vec()).unwrap_or_default();
    let signed: Vec<String> = signers.iter().map(|line| format!("{} ({})", line.name(), line.id())).collect();
    let known: Vec<String> = keys.iter().map(|key| format!("{} ({})", key.name(), key.id())).collect();
    let what = match verdict {
        Verdict::UnknownKey => format!("it is signed by {}; known: {}", signed.join(", "), known.join(", ")),
        _ => fault.to_string(),
    };
    Fault::new(verdict, what)
}

fn read(entry: &Entry) -> Result<TlogProof, Fault> {
    TlogProof::from_bytes(entry.proof.as_bytes()).map_err(|fault| Fault::new(Verdict::Malformed, fault.to_string()))
}

/// Checks a list of entries under one checkpoint.
fn all(entries: &[Entry], list: &str, verified: &Verified) -> Result<Vec<CheckedLeaf>, Fault> {
    let note = verified.note.to_bytes();
    let mut checked: Vec<CheckedLeaf> = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let one = one(entry, &verified.checkpoint, &note).map_err(|fault| fault.at(&format!("{list}[{at}]")))?;
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
    let opened = entry.opened()?;
    let body = match opened {
        None => None,
        Some((opening, body)) => {
            let commitment = commitment(&leaf.detail).ok_or_else(|| {
                Fault::new(Verdict::BodyMismatch, format!("a {} leaf commits to no body", leaf.detail.kind().as_str()))
            })?;
            if !opening.opens(commitment, &body) {
                return Err(Fault::new(Verdict::BodyMismatch, "opening and body do not make the leaf's commitment"));
            }
            Some(body)
        }
    };
    Ok(CheckedLeaf { index: proof.index, leaf, body })
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
