//! What is done to a key, as the text that is signed: the content of a control record `key-operation`.
//! Owns its one spelling. Never says who may do it: that is [`KeyBook`](super::KeyBook)'s to judge.

use std::fmt::Write as _;

use super::{KeyId, KeyName, VerifierKey};
use crate::leaf::{Hex, KeyAction};
use crate::note::Note;
use crate::origin::Origin;

const HEADING: &str = "ledgerline key operation v1";
/// The one purpose there is: other keys are not the trees' to know.
const PURPOSE: &str = "checkpoint";
const NONE: &str = "-";

/// An order about a key of one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOrder {
    /// Whose tree.
    pub origin: Origin,
    /// What is done; never [`KeyAction::Destroy`].
    pub action: KeyAction,
    /// The key that it is done to, or that is taken up.
    pub key: VerifierKey,
    /// The key whose place it takes: with a rotation, and with nothing else.
    pub replaces: Option<KeyId>,
    /// How long both keys sign, seconds of the log's time: with a rotation, and with nothing else.
    pub overlap_seconds: Option<u32>,
    /// Why.
    pub reason: Option<Reason>,
    /// Made once per command; the idempotency key of the record that carries it, so that no other record can carry it again.
    pub order: Hex<16>,
}

/// Why something is done to a key: 1 to 256 printable characters of ASCII, neither first nor last a space, and not `-` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(Box<str>);

/// The text or note is no order about a key in its one spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a key operation in the one form that it has")]
pub struct KeyOrderFault;

/// The text is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason has 1 to 256 printable ASCII characters, and is not '-'")]
pub struct ReasonFault;

impl Reason {
    /// Bytes in the longest.
    pub const BYTES_MAX: usize = 256;

    /// Reads a reason.
    ///
    /// # Errors
    /// [`ReasonFault`].
    pub fn parse(text: &str) -> Result<Self, ReasonFault> {
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let formed = (1..=Self::BYTES_MAX).contains(&text.len()) && printable && text.trim() == text && text != NONE;
        if formed { Ok(Self(text.into())) } else { Err(ReasonFault) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl KeyOrder {
    /// Longest overlap, seconds: ten years.
    pub const OVERLAP_SECONDS_MAX: u32 = 315_360_000;

    /// What is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
        let mut text = format!("{HEADING}\norigin {}\naction {}\npurpose {PURPOSE}\n", self.origin, word(self.action));
        let replaces = or_none(self.replaces.map(|id| id.to_string()));
        let overlap = or_none(self.overlap_seconds.map(|seconds| seconds.to_string()));
        let reason = or_none(self.reason.as_ref().map(|reason| reason.0.to_string()));
        let written = write!(
            text,
            "key {}\nreplaces {replaces}\noverlap-seconds {overlap}\nreason {reason}\norder {}\n",
            self.key, self.order
        );
        written.expect("a string takes all it is given");
        text
    }

    /// The note that is to be signed.
    #[must_use]
    pub fn note(&self) -> Note {
        Note::new(self.text()).expect("names, keys and reasons hold no control character")
    }

    /// Reads the text, in the one spelling that [`KeyOrder::text`] gives.
    ///
    /// # Errors
    /// [`KeyOrderFault`].
    pub fn from_text(text: &str) -> Result<Self, KeyOrderFault> {
        let read = || {
            let mut lines = text.strip_suffix('\n')?.split('\n');
            let heading = lines.next()? == HEADING;
            let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
            let origin = Origin::parse(field("origin")?).ok()?;
            let action = action_of(field("action")?)?;
            let purpose = field("purpose")? == PURPOSE;
            let key = VerifierKey::from_text(field("key")?).ok()?;
            let replaces = some(field("replaces")?).map(Hex::parse).transpose().ok()?;
            let overlap_seconds = some(field("overlap-seconds")?).map(str::parse).transpose().ok()?;
            let reason = some(field("reason")?).map(Reason::parse).transpose().ok()?;
            let order = Hex::parse(field("order")?).ok()?;
            let read = Self { origin, action, key, replaces, overlap_seconds, reason, order };
            (heading && purpose && read.is_whole()).then_some(read)
        };
        read().filter(|read: &Self| read.text() == text).ok_or(KeyOrderFault)
    }

    /// Reads the order in a note, whoever signed that.
    ///
    /// # Errors
    /// [`KeyOrderFault`].
    pub fn from_note(note: &Note) -> Result<Self, KeyOrderFault> {
        Self::from_text(note.text())
    }

    /// Reads a note that may have no signature yet: what one machine writes and another one signs.
    ///
    /// # Errors
    /// [`KeyOrderFault`].
    pub fn read_draft(bytes: &[u8]) -> Result<(Self, Note), KeyOrderFault> {
        let unsigned = || {
            let text = std::str::from_utf8(bytes).ok()?.strip_suffix("\n\n")?;
            Note::new(format!("{text}\n")).ok()
        };
        let note = Note::from_bytes(bytes).ok().or_else(unsigned).ok_or(KeyOrderFault)?;
        Ok((Self::from_note(&note)?, note))
    }

    /// The name that the tree's checkpoint keys have.
    pub(super) fn is_named_for_its_tree(&self) -> bool {
        *self.key.name() == KeyName::of_checkpoints(&self.origin)
    }

    /// A rotation says what it replaces and for how long both sign; nothing else does.
    fn is_whole(&self) -> bool {
        let rotates = self.action == KeyAction::Rotate;
        self.replaces.is_some() == rotates
            && self.overlap_seconds.is_some() == rotates
            && self.overlap_seconds.is_none_or(|seconds| seconds <= Self::OVERLAP_SECONDS_MAX)
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| *text != NONE)
}

/// The actions that an order may name. A checkpoint key seals nothing that its end could erase: it is never `destroy`.
const ACTIONS: [(KeyAction, &str); 5] = [
    (KeyAction::Enrol, "enrol"),
    (KeyAction::Rotate, "rotate"),
    (KeyAction::Retire, "retire"),
    (KeyAction::Revoke, "revoke"),
    (KeyAction::Recover, "recover"),
];

fn word(action: KeyAction) -> &'static str {
    ACTIONS.iter().find(|(known, _)| *known == action).map_or("destroy", |(_, word)| word)
}

fn action_of(word: &str) -> Option<KeyAction> {
    ACTIONS.iter().find(|(_, known)| *known == word).map(|(action, _)| *action)
}
