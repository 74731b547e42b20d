//! Leaves of control records: what a command put into the log, by whose authority, and whether it took effect.

use serde::{Deserialize, Deserializer, Serialize};

use super::event::Verdict;
use super::hex::Hex;
use super::text::Label;
use crate::commitment::Commitment;
use crate::key::{KeyId, KeyName};

/// Signatures that a leaf lists at most.
pub const SIGNATURES_LISTED_MAX: usize = 16;

/// A control record other than one about keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// What it asks for: `settings`, `tenant`, `approval`, `annotation`, `hold`, …
    pub name: Label,
    /// Made once per command.
    pub idempotency_key: Hex<16>,
    /// HMAC-SHA-256 of its content, under the opening derived for it.
    pub commitment: Commitment,
    /// When it was received, ns UTC.
    pub received_at_ns: i64,
    /// Pseudonym of who gave the command, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Hex<16>>,
    /// Its signatures and what the recorder made of each.
    pub signatures: Signatures,
    /// Leaves that the command expected the tree to have, where it asked for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_size: Option<u64>,
    /// Whether it took effect.
    pub outcome: Outcome,
}

/// A control record about a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyOperation {
    /// What is done.
    pub action: KeyAction,
    /// What the key is for.
    pub purpose: KeyPurpose,
    /// The key's name, for a key that signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_name: Option<KeyName>,
    /// The key's id.
    pub key_id: KeyId,
    /// The public key, for a key that signs (Ed25519).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<Hex<32>>,
    /// The key that it takes the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<KeyId>,
    /// Leaves of the tree from which it counts. Never a time: clocks differ, sizes do not.
    pub effective_size: u64,
    /// What the key had made until then, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artefacts: Option<Artefacts>,
    /// Made once per command.
    pub idempotency_key: Hex<16>,
    /// HMAC-SHA-256 of its content, under the opening derived for it.
    pub commitment: Commitment,
    /// When it was received, ns UTC.
    pub received_at_ns: i64,
    /// Pseudonym of who gave the command, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Hex<16>>,
    /// Its signatures, by the old key or the root key, and what the recorder made of each.
    pub signatures: Signatures,
    /// Whether it took effect.
    pub outcome: Outcome,
}

/// What is done to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyAction {
    /// It is taken up.
    Enrol,
    /// It takes the place of another; both sign during the overlap.
    Rotate,
    /// It is laid down in good order.
    Retire,
    /// It is no longer believed.
    Revoke,
    /// It was brought back from its copies, in earnest or as a drill.
    Recover,
    /// It was destroyed, and what it sealed is erased.
    Destroy,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Signs checkpoints.
    Checkpoint,
    /// Authorises key operations.
    Root,
    /// Seals envelopes.
    Intake,
    /// Makes event ids and pseudonyms.
    Identity,
    /// Signs control records.
    Control,
    /// Signs events.
    Producer,
    /// Seals bodies.
    Data,
    /// Cosigns checkpoints.
    Witness,
}

/// What a key had made: checkpoints signed, bodies sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artefacts {
    /// How many.
    pub count: u64,
    /// Leaves of the tree at the first of them.
    pub first_size: u64,
    /// Leaves of the tree at the last of them.
    pub last_size: u64,
    /// Keyed digest of their list, which the store keeps.
    pub digest: Hex<32>,
}

/// Whether a control record took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did.
    Applied,
    /// It did not, for this reason.
    Refused(Label),
}

/// One signature of a control record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureCheck {
    /// The key; absent where the record names one that is not enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// What the recorder made of it.
    pub verdict: Verdict,
}

/// The signatures of a control record: the first 16, and how many there were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Signatures {
    count: u64,
    listed: Vec<SignatureCheck>,
}

impl Signatures {
    /// Takes checks in the order of the record.
    #[must_use]
    pub fn collect(checks: impl IntoIterator<Item = SignatureCheck>) -> Self {
        let mut collected = Self::default();
        for check in checks {
            collected.count += 1;
            if collected.listed.len() < SIGNATURES_LISTED_MAX {
                collected.listed.push(check);
            }
        }
        collected
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first of them.
    #[must_use]
    pub fn listed(&self) -> &[SignatureCheck] {
        &self.listed
    }
}

impl<'de> Deserialize<'de> for Signatures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            count: u64,
            listed: Vec<SignatureCheck>,
        }
        let Fields { count, listed } = Fields::deserialize(deserializer)?;
        if listed.len() as u64 == count.min(SIGNATURES_LISTED_MAX as u64) {
            Ok(Self { count, listed })
        } else {
            Err(serde::de::Error::custom("other signatures than a leaf lists"))
        }
    }
}
