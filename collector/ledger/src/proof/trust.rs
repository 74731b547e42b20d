//! Whom a verifier believes, and what it has learned of keys: the check of a checkpoint's signatures.
//! Owns the rule about revoked keys (`docs/ledger-format.md`, "Key operations").

use std::collections::BTreeSet;

use super::check::{CheckedLeaf, entries};
use super::consistency::{ConsistencyFile, unsigned};
use super::file::Entry;
use super::verdict::{Fault, Verdict};
use crate::checkpoint::{Checkpoint, CheckpointFault, Verified};
use crate::commitment::Opening;
use crate::cosignature::{self, WitnessKey};
use crate::key::{KeyBook, KeyId, KeyName, KeyOrder, VerifierKey};
use crate::leaf::{Detail, KeyAction};
use crate::note::{Note, NoteFault};
use crate::origin::Origin;

/// What a verifier was given, and what the links that it was shown have taught it.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Keys of trees, and root keys.
    pub keys: Vec<VerifierKey>,
    /// Keys of witnesses.
    pub witnesses: Vec<WitnessKey>,
    /// Keys that are known to be revoked.
    revoked: BTreeSet<(Origin, KeyId)>,
    links: Vec<Link>,
}

/// That the tree of `old` is the beginning of one that a key signed which is not revoked.
#[derive(Clone, Debug)]
struct Link {
    old: Checkpoint,
    /// Keys whose revocation the newer tree holds.
    covers: BTreeSet<KeyId>,
}

/// A checkpoint that is believed, and since when it is known to have been there.
#[derive(Clone, Debug)]
pub struct Believed {
    /// The checkpoint with the keys that signed.
    pub verified: Verified,
    /// Known witnesses that cosigned, each with its time in seconds since 1970 UTC.
    pub witnessed: Vec<(KeyName, u64)>,
}

impl Trust {
    /// A verifier that believes these keys.
    #[must_use]
    pub fn of(keys: Vec<VerifierKey>) -> Self {
        Self { keys, ..Self::default() }
    }

    /// Learns that a key is revoked, from the note that revokes it. Its root key is one of the keys given.
    ///
    /// # Errors
    /// [`Verdict::Malformed`], or [`Verdict::NotAuthorised`] where no given root key has signed it.
    pub fn revoke(&mut self, note: &[u8]) -> Result<(), Fault> {
        let malformed = |what: String| Fault::new(Verdict::Malformed, what);
        let note = Note::from_bytes(note).map_err(|fault| malformed(fault.to_string()))?;
        let order = KeyOrder::from_note(&note).map_err(|fault| malformed(fault.to_string()))?;
        if order.action != KeyAction::Revoke {
            return Err(malformed("the note is no revocation".to_owned()));
        }
        let root = KeyName::of_root(&order.origin);
        let by_root = note.verify(&self.keys).is_ok_and(|signed| signed.iter().any(|key| *key.name() == root));
        if !by_root {
            return Err(Fault::new(Verdict::NotAuthorised, format!("no key given that is named {root} has signed it")));
        }
        self.revoked.insert((order.origin.clone(), order.key.id()));
        Ok(())
    }

    /// Checks a signed checkpoint of a tree by the keys given alone.
    ///
    /// # Errors
    /// [`Fault`] of the signatures, of the form, or of the keys' standing.
    pub fn checkpoint(&self, note: &[u8], origin: &Origin) -> Result<Believed, Fault> {
        self.settled(note, origin, &[]).map(|(believed, _)| believed)
    }

    /// Checks a consistency file: the link, and who signed the newer checkpoint; remembers what it shows of keys.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn consistency(&mut self, file: &ConsistencyFile) -> Result<(Checkpoint, Believed), Fault> {
        let (old, _) = file.check_link()?;
        let settled = self.settled(file.new.as_bytes(), &file.origin, &file.keys);
        let (believed, covers) = settled.map_err(|fault| fault.at("the newer checkpoint"))?;
        self.revoked.extend(covers.iter().map(|id| (file.origin.clone(), *id)));
        self.links.push(Link { old: old.clone(), covers });
        Ok((old, believed))
    }

    /// The checkpoint in a note, with what the key operations of its tree say; gives the keys that those revoke.
    pub(super) fn settled(
        &self,
        note: &[u8],
        origin: &Origin,
        keys: &[Entry],
    ) -> Result<(Believed, BTreeSet<KeyId>), Fault> {
        let faulty = |fault| signature_fault(note, fault, &self.keys);
        let parsed = Note::from_bytes(note).map_err(|fault| faulty(fault.into()))?;
        // A known key's line that is wrong is told of before anything that hangs on the text.
        if let Err(fault @ NoteFault::Forged { .. }) = parsed.verify(&self.keys) {
            return Err(faulty(fault.into()));
        }
        let checkpoint = unsigned(parsed.text(), origin)?;
        let leaves = match self.signed(&parsed, origin) || !keys.is_empty() {
            true => entries(keys, "keys", &checkpoint, note),
            false => Ok(Vec::new()),
        };
        let book = match leaves.and_then(|leaves| book(origin, &leaves)) {
            Ok(book) => book,
            // Who signed is the first question: what a stranger's tree says of its keys is not worth a word.
            Err(fault) => return Err(Checkpoint::verify(note, &self.keys).map_or_else(faulty, |_| fault)),
        };
        let known = book.as_ref().map_or_else(|| self.keys.clone(), |book| book.followed(&self.keys));
        let verified = Checkpoint::verify(note, &known).map_err(faulty)?;
        let witnessed = cosignature::times(&parsed, &self.witnesses)
            .map_err(|fault| Fault::new(Verdict::BadCosignature, fault.to_string()))?;
        let revoked: BTreeSet<KeyId> = book
            .iter()
            .flat_map(|book| book.keys().iter().filter(|key| key.revoked_at.is_some()))
            .map(|key| key.verifier.id())
            .collect();
        self.standing(&verified, &revoked)?;
        Ok((Believed { verified, witnessed }, revoked))
    }

    fn signed(&self, note: &Note, origin: &Origin) -> bool {
        let own = KeyName::of_checkpoints(origin);
        note.verify(&self.keys).is_ok_and(|signed| signed.iter().any(|key| *key.name() == own))
    }

    /// Whether a key signed that counts, or a link shows that the checkpoint is of the tree that revoked its keys.
    fn standing(&self, verified: &Verified, revoked: &BTreeSet<KeyId>) -> Result<(), Fault> {
        let checkpoint = &verified.checkpoint;
        let own = KeyName::of_checkpoints(&checkpoint.origin);
        let signers: Vec<KeyId> =
            verified.signed_by.iter().filter(|key| *key.name() == own).map(VerifierKey::id).collect();
        let is_revoked = |id: &KeyId| revoked.contains(id) || self.revoked.contains(&(checkpoint.origin.clone(), *id));
        if !signers.iter().all(is_revoked) {
            return Ok(());
        }
        let covering =
            |link: &&Link| link.old.origin == checkpoint.origin && signers.iter().all(|id| link.covers.contains(id));
        let of_size = self.links.iter().filter(covering).find(|link| link.old.size == checkpoint.size);
        let names: Vec<String> = signers.iter().map(ToString::to_string).collect();
        match of_size {
            Some(link) if link.old.root == checkpoint.root => Ok(()),
            Some(_) => {
                let what = format!(
                    "only revoked keys signed it ({}), and the tree that revoked them has another root at {} leaves",
                    names.join(", "),
                    checkpoint.size
                );
                Err(Fault::new(Verdict::Fork, what))
            }
            None => {
                let what = format!(
                    "only revoked keys signed it ({}): show with --anchor a consistency file from {} leaves to a tree that \
                     holds the revocation",
                    names.join(", "),
                    checkpoint.size
                );
                Err(Fault::new(Verdict::KeyStatusUnknown, what))
            }
        }
    }
}

/// The keys of a tree by its leaves; none where leaf 0 is not among them.
fn book(origin: &Origin, leaves: &[CheckedLeaf]) -> Result<Option<KeyBook>, Fault> {
    let Some((first, others)) = leaves.split_first() else { return Ok(None) };
    let begun = match &first.leaf.detail {
        Detail::Genesis(genesis) if first.index == 0 && genesis.origin == *origin => KeyBook::begin(genesis),
        _ => return Err(Fault::new(Verdict::Malformed, "keys[0] is not leaf 0 of the tree")),
    };
    others
        .iter()
        .try_fold(begun, |mut book, one| {
            let shown = one.body.as_ref().zip(one.opening.as_ref());
            let shown = shown.map(|(body, opening): (&Vec<u8>, &Opening)| (opening, body.as_slice()));
            book.apply(one.index, &one.leaf, shown)
                .map_err(|fault| Fault::new(Verdict::NotAuthorised, fault.to_string()))?;
            Ok(book)
        })
        .map(Some)
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
