//! Who may do what to a key. Each refusal has a name, and the first one that applies is given: authority before all else
//! that an order may lack, so that whoever has none learns nothing by asking.

use super::{BookKey, KEYS_MAX, KeyBook, KeyState};
use crate::key::{KeyOrder, VerifierKey};
use crate::leaf::{Hex, KeyAction, SignatureCheck, Verdict};
use crate::note::Note;

/// Why an order about a key is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum KeyRefusal {
    /// It is of another tree, or its key is named for another one.
    #[error("the order is for another tree")]
    WrongTree,
    /// Another record carried it before.
    #[error("the order was made for another record, and is replayed")]
    Replayed,
    /// A known key's line does not verify.
    #[error("a signature is not over this order")]
    Forged,
    /// One key has signed more than once, be it under two names.
    #[error("one key has signed twice")]
    SignedTwice,
    /// Nobody has signed whose right it is.
    #[error("no key has signed that may order this")]
    NotAuthorised,
    /// The new key has not signed: nobody is known to hold it.
    #[error("the new key has not signed, so nobody is known to hold it")]
    NotHeld,
    /// The tree has no such key.
    #[error("the tree has no such key")]
    UnknownKey,
    /// The tree has it already, or one of its id, or it is the root key.
    #[error("the key, or one with its id, is known in this tree already")]
    KnownKey,
    /// It has been revoked.
    #[error("the key is revoked")]
    Revoked,
    /// It has retired.
    #[error("the key has retired")]
    Retired,
    /// Another has taken its place already.
    #[error("another key has taken its place already")]
    Replaced,
    /// No key would be left to sign.
    #[error("no key would be left to sign: rotate first")]
    LastKey,
    /// The tree has had as many keys as it may.
    #[error("the tree has had as many keys as it may have")]
    TooMany,
}

impl KeyRefusal {
    /// Its code in a leaf.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongTree => "wrong-tree",
            Self::Replayed => "replayed",
            Self::Forged => "forged-signature",
            Self::SignedTwice => "signed-twice-by-one-key",
            Self::NotAuthorised => "not-authorised",
            Self::NotHeld => "new-key-not-held",
            Self::UnknownKey => "unknown-key",
            Self::KnownKey => "known-key",
            Self::Revoked => "key-revoked",
            Self::Retired => "key-retired",
            Self::Replaced => "key-replaced",
            Self::LastKey => "last-key",
            Self::TooMany => "too-many-keys",
        }
    }

    /// Whether it looks like somebody reaching for a right that is not theirs, and not like a slip.
    #[must_use]
    pub const fn is_for_authority(self) -> bool {
        matches!(self, Self::WrongTree | Self::Replayed | Self::Forged | Self::SignedTwice | Self::NotAuthorised)
    }
}

/// What was made of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Each signature line, in the order of the note.
    pub checks: Vec<SignatureCheck>,
    /// Whether it may be carried out.
    pub verdict: Result<(), KeyRefusal>,
}

/// Who has signed.
struct Signed<'k> {
    root: bool,
    keys: Vec<&'k VerifierKey>,
}

impl KeyBook {
    /// Says what each signature is, and whether the order may be carried out. `idempotency_key` is that of the record which
    /// carries the note.
    #[must_use]
    pub fn judge(&self, order: &KeyOrder, note: &Note, idempotency_key: &Hex<16>) -> Judged {
        let candidates = self.candidates(order);
        let line = |line: &crate::note::NoteSignature| {
            let known = candidates.iter().find(|key| (key.name(), key.id()) == (line.name(), line.id()));
            let good = |key: &&VerifierKey| key.verify(note.text().as_bytes(), line.bytes()).is_ok();
            (known.copied(), known.copied().filter(good))
        };
        let lines: Vec<_> = note.signatures().iter().map(line).collect();
        let check = |line: &(Option<&VerifierKey>, Option<&VerifierKey>)| match line {
            (None, _) => SignatureCheck { key_id: None, verdict: Verdict::UnknownKey },
            (Some(key), None) => SignatureCheck { key_id: Some(key.id()), verdict: Verdict::Invalid },
            (Some(key), Some(_)) => SignatureCheck { key_id: Some(key.id()), verdict: Verdict::Valid },
        };
        let checks = lines.iter().map(check).collect();
        let good: Vec<&VerifierKey> = lines.iter().filter_map(|(_, good)| *good).collect();
        let twice =
            (1..good.len()).any(|at| good[..at].iter().any(|key| key.public_bytes() == good[at].public_bytes()));
        let forged = lines.iter().any(|(known, good)| known.is_some() && good.is_none());
        let signed = Signed { root: good.contains(&&self.root), keys: good };
        let verdict = match () {
            () if order.origin != self.origin || !order.is_named_for_its_tree() => Err(KeyRefusal::WrongTree),
            () if order.order != *idempotency_key => Err(KeyRefusal::Replayed),
            () if forged => Err(KeyRefusal::Forged),
            () if twice => Err(KeyRefusal::SignedTwice),
            () => self.allows(order, &signed),
        };
        Judged { checks, verdict }
    }

    /// Every key whose line in a note counts: the tree's, the root key, and the one that is to be taken up.
    fn candidates<'k>(&'k self, order: &'k KeyOrder) -> Vec<&'k VerifierKey> {
        let enrolled = self.keys.iter().map(|key| &key.verifier);
        let mut candidates: Vec<_> = enrolled.chain([&self.root]).collect();
        if !candidates.contains(&&order.key) {
            candidates.push(&order.key);
        }
        candidates
    }

    /// The keys that let a new key in: all that signed but that key itself.
    pub(super) fn authorised_by(&self, order: &KeyOrder, note: &Note) -> Vec<VerifierKey> {
        let signed = |key: &&VerifierKey| {
            let mut lines = note.signatures().iter().filter(|line| (line.name(), line.id()) == (key.name(), key.id()));
            lines.any(|line| key.verify(note.text().as_bytes(), line.bytes()).is_ok())
        };
        let may = |key: &&VerifierKey| **key == self.root || order.replaces == Some(key.id());
        self.candidates(order).into_iter().filter(may).filter(signed).cloned().collect()
    }

    fn allows(&self, order: &KeyOrder, signed: &Signed<'_>) -> Result<(), KeyRefusal> {
        let require = |holds: bool, refusal: KeyRefusal| if holds { Ok(()) } else { Err(refusal) };
        let itself = self.keys.iter().find(|key| key.verifier == order.key);
        match order.action {
            KeyAction::Enrol => {
                require(signed.root, KeyRefusal::NotAuthorised)?;
                self.can_take_up(order, signed)
            }
            KeyAction::Rotate => {
                let replaced = order.replaces.and_then(|id| self.key(id));
                require(signed.root || replaced.is_some_and(|key| signed.by_active(key)), KeyRefusal::NotAuthorised)?;
                match replaced.ok_or(KeyRefusal::UnknownKey)?.state() {
                    KeyState::Active => self.can_take_up(order, signed),
                    KeyState::Overlap => Err(KeyRefusal::Replaced),
                    KeyState::Retired => Err(KeyRefusal::Retired),
                    KeyState::Revoked => Err(KeyRefusal::Revoked),
                }
            }
            KeyAction::Retire => {
                require(signed.root || itself.is_some_and(|key| signed.by_signing(key)), KeyRefusal::NotAuthorised)?;
                let key = itself.ok_or(KeyRefusal::UnknownKey)?;
                match key.state() {
                    KeyState::Revoked => Err(KeyRefusal::Revoked),
                    KeyState::Retired => Err(KeyRefusal::Retired),
                    KeyState::Active | KeyState::Overlap => {
                        let others = self.keys.iter().filter(|other| other.verifier != key.verifier);
                        require(
                            others.filter(|other| other.state() == KeyState::Active).count() > 0,
                            KeyRefusal::LastKey,
                        )
                    }
                }
            }
            KeyAction::Revoke | KeyAction::Recover => {
                require(signed.root, KeyRefusal::NotAuthorised)?;
                let key = itself.ok_or(KeyRefusal::UnknownKey)?;
                require(key.revoked_at.is_none(), KeyRefusal::Revoked)
            }
            KeyAction::Destroy => Err(KeyRefusal::NotAuthorised),
        }
    }

    fn can_take_up(&self, order: &KeyOrder, signed: &Signed<'_>) -> Result<(), KeyRefusal> {
        let (id, public) = (order.key.id(), order.key.public_bytes());
        let clashes = |key: &VerifierKey| key.id() == id || key.public_bytes() == public;
        match () {
            () if self.keys.iter().any(|key| clashes(&key.verifier)) || clashes(&self.root) => {
                Err(KeyRefusal::KnownKey)
            }
            () if !signed.keys.contains(&&order.key) => Err(KeyRefusal::NotHeld),
            () if self.keys.len() >= KEYS_MAX => Err(KeyRefusal::TooMany),
            () => Ok(()),
        }
    }
}

impl Signed<'_> {
    fn by_active(&self, key: &BookKey) -> bool {
        key.state() == KeyState::Active && self.keys.contains(&&key.verifier)
    }

    fn by_signing(&self, key: &BookKey) -> bool {
        key.signs_now() && self.keys.contains(&&key.verifier)
    }
}
