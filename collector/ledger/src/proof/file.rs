//! A proof file: leaves with their proofs, what opens them where it may be shown, and the key operations of the tree.
//! Owns the form. Never believed before `check` has been through it.

use serde::{Deserialize, Serialize};

use super::verdict::{Fault, Verdict};
use crate::commitment::Opening;
use crate::leaf::Hex;
use crate::origin::Origin;

const FORMAT: &str = "ledgerline-proof-1";

/// Leaves in the largest file.
pub const ENTRIES_MAX: usize = 1_000;

/// Leaves and what proves them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofFile {
    /// `ledgerline-proof-1`.
    format: String,
    /// Whose tree.
    pub origin: Origin,
    /// What was asked for.
    pub subject: Subject,
    /// What is proved.
    pub leaves: Vec<Entry>,
    /// Whether these are all leaves of the subject.
    pub complete: bool,
    /// Leaf 0 and the key operations below the checkpoint's size.
    pub keys: Vec<Entry>,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// Which: an event id, a leaf's index, a run id, a node, an edge as `SOURCE -> TARGET`, an alert id, a key id.
    pub key: String,
}

/// What can be proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// An event, by its id.
    Event,
    /// A leaf, by its index.
    Leaf,
    /// A run: the leaves of its events.
    Run,
    /// A dataset: leaves that it follows from.
    Dataset,
    /// An edge of the graph: the first and the last leaf behind it.
    Edge,
    /// An alert: the leaves of its evidence.
    Alert,
    /// The keys of the tree.
    Key,
}

/// One leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its bytes.
    pub leaf: String,
    /// Its proof, as text.
    pub proof: String,
    /// The opening of its commitment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Hex<32>>,
    /// What it commits to, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Why the body is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
}

/// Why a body is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Withheld {
    /// This kind of leaf has none.
    None,
    /// It was erased, and its opening with it.
    Erased,
    /// The caller may not read bodies.
    NotPermitted,
    /// Nobody asked for it.
    LeftOut,
}

impl ProofFile {
    /// A file about a subject.
    #[must_use]
    pub fn new(origin: Origin, subject: Subject, leaves: Vec<Entry>, complete: bool, keys: Vec<Entry>) -> Self {
        Self { format: FORMAT.to_owned(), origin, subject, leaves, complete, keys }
    }

    /// Its bytes: JSON for people to look at, too.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("its members are texts and numbers");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a file; says nothing of what it proves.
    ///
    /// # Errors
    /// [`Verdict::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        let malformed = |what: String| Fault::new(Verdict::Malformed, what);
        let file: Self =
            serde_json::from_slice(bytes).map_err(|error| malformed(format!("not a proof file: {error}")))?;
        match () {
            () if file.format != FORMAT => {
                Err(malformed(format!("the format is {:?}, and {FORMAT} is read", file.format)))
            }
            () if file.leaves.len() > ENTRIES_MAX || file.keys.len() > ENTRIES_MAX => {
                Err(malformed(format!("it has more than {ENTRIES_MAX} leaves")))
            }
            () if file.leaves.is_empty() => Err(malformed("it has no leaf".to_owned())),
            () => Ok(file),
        }
    }
}

impl Entry {
    /// A leaf with what opens it.
    #[must_use]
    pub fn open(leaf: String, proof: String, opening: &[u8; 32], body: &[u8]) -> Self {
        use base64::Engine as _;
        let body = base64::prelude::BASE64_STANDARD.encode(body);
        Self { leaf, proof, opening: Some(Hex(*opening)), body: Some(body), withheld: None }
    }

    /// A leaf alone.
    #[must_use]
    pub fn closed(leaf: String, proof: String, withheld: Withheld) -> Self {
        Self { leaf, proof, opening: None, body: None, withheld: Some(withheld) }
    }

    /// Opening and body, where they are shown.
    ///
    /// # Errors
    /// [`Verdict::Malformed`] where there is one without the other, a body beside the reason for its absence, or base64 in a
    /// second spelling.
    pub fn opened(&self) -> Result<Option<(Opening, Vec<u8>)>, Fault> {
        let malformed = |what: &str| Fault::new(Verdict::Malformed, what);
        match (&self.opening, &self.body, self.withheld) {
            (Some(opening), Some(body), None) => {
                let body = super::exact(body).ok_or_else(|| malformed("a body is no base64"))?;
                Ok(Some((Opening::from_random(opening.0), body)))
            }
            (None, None, Some(_)) => Ok(None),
            _ => Err(malformed("an entry has either opening and body, or the reason why not")),
        }
    }
}
