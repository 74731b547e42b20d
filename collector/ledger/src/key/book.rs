//! The keys of one tree, as a function of its leaf 0 and of the leaves about keys: which sign, which are believed.
//! Owns who may do what to a key. Never trusts a leaf further than the note behind it, where that is shown.
//!
//! A verifier: [`KeyBook::begin`] with leaf 0, [`KeyBook::apply`] with each `key_operation` leaf in the order of the tree,
//! then [`KeyBook::verifiers`] to check a checkpoint with and [`KeyBook::status`] for what its signatures are worth.

mod judge;
#[cfg(test)]
mod tests;

pub use judge::{Judged, KeyRefusal};

use std::collections::BTreeSet;

use super::{KeyId, KeyOrder, VerifierKey};
use crate::commitment::Opening;
use crate::leaf::{Detail, Genesis, Hex, KeyAction, KeyOperation, KeyPurpose, Leaf, Outcome};
use crate::note::Note;
use crate::origin::Origin;

/// Keys that one tree has in all its life at most.
pub const KEYS_MAX: usize = 1_000;

/// The keys of one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyBook {
    origin: Origin,
    root: VerifierKey,
    keys: Vec<BookKey>,
    /// Orders that took effect, and the place of the last one; a book that was restored knows none.
    orders: BTreeSet<Hex<16>>,
    last_index: u64,
}

/// A key that signs, or signed, a tree's checkpoints. Sizes are leaves of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookKey {
    /// The key, under the tree's name.
    pub verifier: VerifierKey,
    /// It signs checkpoints from this size on.
    pub from_size: u64,
    /// Index of the leaf by which another took its place; both sign until it retires.
    pub replaced_at: Option<u64>,
    /// It signs no checkpoint of this size or a larger one.
    pub retired_from: Option<u64>,
    /// Index of the leaf that revoked it: its signature alone proves nothing any more.
    pub revoked_at: Option<u64>,
    /// The keys whose signatures enrolled it, where the note was shown; none for the key of leaf 0.
    pub enrolled_by: Vec<VerifierKey>,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It signs.
    Active,
    /// It signs still; another has taken its place.
    Overlap,
    /// It signs no more, and what it signed is good.
    Retired,
    /// What it alone signed proves nothing.
    Revoked,
}

/// What the signatures of a checkpoint are worth, by what is known of its tree's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// A key of the tree has signed that is not revoked, as far as this book knows.
    Good,
    /// Only revoked keys have. It is believed where a consistency proof leads from it to a checkpoint with `Good` whose size
    /// is `covered_from` or more, for that tree holds the revocations; without one its status is unknown.
    Revoked {
        /// The keys that signed.
        keys: Vec<KeyId>,
        /// Leaves of the least tree that holds the revocation of each of them.
        covered_from: u64,
    },
    /// No key of the tree has.
    Unknown,
}

/// Why a leaf about a key is not what an honest ledger records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyBookFault {
    /// It is of another tree.
    #[error("the leaf is of tenant {0}, not of this tree")]
    AnotherTree(crate::Tenant),
    /// Leaves are to come in the order of the tree, each once.
    #[error("leaf {index} comes after leaf {after}")]
    OutOfOrder {
        /// The leaf.
        index: u64,
        /// The one before it.
        after: u64,
    },
    /// Its own fields contradict each other or the note.
    #[error("leaf {index} about key {key} contradicts its place or its note: {what}")]
    Contradiction {
        /// The leaf.
        index: u64,
        /// The key.
        key: KeyId,
        /// Which.
        what: &'static str,
    },
    /// It says that an order took effect which nobody with the right to it has signed.
    #[error("leaf {index} lets key {key} be changed against the rules: {refusal}")]
    Unlawful {
        /// The leaf.
        index: u64,
        /// The key.
        key: KeyId,
        /// What the order lacks.
        refusal: KeyRefusal,
    },
}

impl BookKey {
    /// The key of leaf 0.
    fn first(verifier: VerifierKey) -> Self {
        Self::from(verifier, 1, Vec::new())
    }

    fn from(verifier: VerifierKey, from_size: u64, enrolled_by: Vec<VerifierKey>) -> Self {
        Self { verifier, from_size, replaced_at: None, retired_from: None, revoked_at: None, enrolled_by }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> KeyState {
        match self {
            Self { revoked_at: Some(_), .. } => KeyState::Revoked,
            Self { retired_from: Some(_), .. } => KeyState::Retired,
            Self { replaced_at: Some(_), .. } => KeyState::Overlap,
            _ => KeyState::Active,
        }
    }

    /// Whether it is to sign a checkpoint of this size, by what is known now: a revoked key signs nothing.
    #[must_use]
    pub fn signs(&self, size: u64) -> bool {
        self.revoked_at.is_none()
            && self.from_size <= size
            && self.retired_from.is_none_or(|retired_from| size < retired_from)
    }
}

impl KeyBook {
    /// The book that leaf 0 begins.
    #[must_use]
    pub fn begin(genesis: &Genesis) -> Self {
        let first = BookKey::first(genesis.verifier_key.clone());
        Self::restore(genesis.origin.clone(), genesis.root_key.clone(), vec![first])
    }

    /// A book as it was kept: keys in the order in which they were enrolled.
    #[must_use]
    pub fn restore(origin: Origin, root: VerifierKey, keys: Vec<BookKey>) -> Self {
        Self { origin, root, keys, orders: BTreeSet::new(), last_index: 0 }
    }

    /// Whose tree.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The key that authorises what no other may.
    #[must_use]
    pub fn root(&self) -> &VerifierKey {
        &self.root
    }

    /// Every key that was ever enrolled, in that order.
    #[must_use]
    pub fn keys(&self) -> &[BookKey] {
        &self.keys
    }

    /// Every key that was ever enrolled: what a checkpoint of the tree is checked with, before [`KeyBook::status`].
    #[must_use]
    pub fn verifiers(&self) -> Vec<VerifierKey> {
        self.keys.iter().map(|key| key.verifier.clone()).collect()
    }

    /// The keys that are to sign a checkpoint of this size: those that were active at it and are not revoked; where all of
    /// those are revoked, whichever keys sign now.
    #[must_use]
    pub fn signers(&self, size: u64) -> Vec<&BookKey> {
        let then: Vec<_> = self.keys.iter().filter(|key| key.signs(size)).collect();
        if then.is_empty() { self.keys.iter().filter(|key| key.signs_now()).collect() } else { then }
    }

    /// The key of this id.
    #[must_use]
    pub fn key(&self, id: KeyId) -> Option<&BookKey> {
        self.keys.iter().find(|key| key.verifier.id() == id)
    }

    /// Whether the key of this id was revoked.
    #[must_use]
    pub fn is_revoked(&self, id: KeyId) -> bool {
        self.key(id).is_some_and(|key| key.revoked_at.is_some())
    }

    /// What a checkpoint is worth that these keys have signed; the signatures themselves were checked before.
    #[must_use]
    pub fn status(&self, signed_by: &[VerifierKey]) -> KeyStatus {
        let signers: Vec<_> = self.keys.iter().filter(|key| signed_by.contains(&key.verifier)).collect();
        match signers.iter().map(|key| key.revoked_at).collect::<Option<Vec<_>>>() {
            _ if signers.is_empty() => KeyStatus::Unknown,
            None => KeyStatus::Good,
            Some(revoked_at) => KeyStatus::Revoked {
                keys: signers.iter().map(|key| key.verifier.id()).collect(),
                covered_from: revoked_at.iter().max().map_or(0, |index| index + 1),
            },
        }
    }

    /// The keys of this tree that somebody who trusts these may trust, too: each was enrolled by a note, shown to
    /// [`KeyBook::apply`], that a trusted key has signed. What leaf 0 says counts for nothing here: whoever holds a key that
    /// was never trusted can write a tree of that name.
    #[must_use]
    pub fn followed(&self, trusted: &[VerifierKey]) -> Vec<VerifierKey> {
        let mut known = trusted.to_vec();
        for key in &self.keys {
            if !known.contains(&key.verifier) && key.enrolled_by.iter().any(|by| known.contains(by)) {
                known.push(key.verifier.clone());
            }
        }
        known.retain(|key| *key != self.root);
        known
    }

    /// Takes in the next leaf of the tree; one that is not about a key changes nothing. `shown` are the opening and the note
    /// behind it: with them it is checked who authorised it; without, it is believed as the tree's root has it.
    ///
    /// # Errors
    /// [`KeyBookFault`]: no honest ledger has this leaf here, and the book stays as it was.
    pub fn apply(&mut self, index: u64, leaf: &Leaf, shown: Option<(&Opening, &[u8])>) -> Result<(), KeyBookFault> {
        if leaf.tenant != *self.origin.tenant() {
            return Err(KeyBookFault::AnotherTree(leaf.tenant.clone()));
        }
        let Detail::KeyOperation(operation) = &leaf.detail else { return Ok(()) };
        if index <= self.last_index {
            return Err(KeyBookFault::OutOfOrder { index, after: self.last_index });
        }
        if operation.purpose == KeyPurpose::Checkpoint && operation.outcome == Outcome::Applied {
            self.take_in(index, operation, shown)?;
        }
        self.last_index = index;
        Ok(())
    }

    fn take_in(
        &mut self,
        index: u64,
        operation: &KeyOperation,
        shown: Option<(&Opening, &[u8])>,
    ) -> Result<(), KeyBookFault> {
        let contradiction = |what| KeyBookFault::Contradiction { index, key: operation.key_id, what };
        let unlawful = |refusal| KeyBookFault::Unlawful { index, key: operation.key_id, refusal };
        if operation.effective_size != index + 1 {
            return Err(contradiction("it counts from another size"));
        }
        if self.orders.contains(&operation.idempotency_key) {
            return Err(unlawful(KeyRefusal::Replayed));
        }
        let key = key_of(operation).ok_or_else(|| contradiction("its name, id and public key are of no one key"))?;
        match shown {
            None => self.change(operation.action, key, operation.replaces, index, Vec::new()),
            Some((opening, note)) => {
                if !opening.opens(&operation.commitment, note) {
                    return Err(contradiction("it does not commit to the note shown"));
                }
                let note = Note::from_bytes(note).map_err(|_| contradiction("the note shown is none"))?;
                let order = KeyOrder::from_note(&note).map_err(|_| contradiction("the note shown is no order"))?;
                let said = (order.action, &order.key, order.replaces);
                if said != (operation.action, &key, operation.replaces) {
                    return Err(contradiction("the note shown says another thing"));
                }
                self.judge(&order, &note, &operation.idempotency_key).verdict.map_err(unlawful)?;
                self.carry_out(&order, &note, index);
            }
        }
        self.orders.insert(operation.idempotency_key);
        Ok(())
    }

    /// Carries out an order that [`KeyBook::judge`] let pass; its leaf has this index.
    pub fn carry_out(&mut self, order: &KeyOrder, note: &Note, index: u64) {
        let by = self.authorised_by(order, note);
        self.change(order.action, order.key.clone(), order.replaces, index, by);
    }

    /// A key lays itself down when its overlap is over: it signs no checkpoint of this size or a larger one.
    pub fn retire(&mut self, id: KeyId, from_size: u64) {
        if let Some(key) = self.known(id) {
            key.retired_from.get_or_insert(from_size);
        }
    }

    fn change(
        &mut self,
        action: KeyAction,
        key: VerifierKey,
        replaces: Option<KeyId>,
        index: u64,
        by: Vec<VerifierKey>,
    ) {
        let (id, size) = (key.id(), index + 1);
        match action {
            KeyAction::Enrol | KeyAction::Rotate => {
                if let Some(replaced) = replaces.and_then(|id| self.known(id)) {
                    replaced.replaced_at.get_or_insert(index);
                }
                if self.key(id).is_none() {
                    self.keys.push(BookKey::from(key, size, by));
                }
            }
            KeyAction::Retire => self.retire(id, size),
            KeyAction::Revoke => {
                if let Some(key) = self.known(id) {
                    key.revoked_at.get_or_insert(index);
                }
            }
            KeyAction::Recover | KeyAction::Destroy => {}
        }
    }

    fn known(&mut self, id: KeyId) -> Option<&mut BookKey> {
        self.keys.iter_mut().find(|key| key.verifier.id() == id)
    }
}

impl BookKey {
    fn signs_now(&self) -> bool {
        matches!(self.state(), KeyState::Active | KeyState::Overlap)
    }
}

/// The key that a leaf names, where its parts are of one key.
fn key_of(operation: &KeyOperation) -> Option<VerifierKey> {
    let (name, public) = (operation.key_name.clone()?, operation.public_key?);
    VerifierKey::from_ed25519(name, &public.0).ok().filter(|key| key.id() == operation.key_id)
}
