//! Leaves of records that were not applied. They show that something was there and how long it was, nothing it said.

use serde::{Deserialize, Serialize};

use super::hex::Hex;
use super::text::Label;
use crate::digest;
use crate::key::{IdentityKey, KeyId};

/// A record without our magic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foreign {
    /// Bytes of its key, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_bytes: Option<u64>,
    /// Bytes of its value, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_bytes: Option<u64>,
    /// Keyed digest of key and value.
    pub digest: Hex<32>,
}

/// A record with our magic that is not to be trusted: MAC, tenant, key or partition are at odds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// Why.
    pub reason: Label,
    /// The envelope version that it claims, where it is long enough to claim one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envelope_version: Option<u32>,
    /// The intake key that it claims, where it is long enough to claim one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intake_key: Option<KeyId>,
    /// Bytes of its value.
    pub value_bytes: u64,
    /// Keyed digest of key and value.
    pub digest: Hex<32>,
}

/// A record that one of our intakes wrote and that can't be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unappliable {
    /// Why.
    pub reason: Label,
    /// Its envelope version.
    pub envelope_version: u32,
    /// The intake key that sealed it.
    pub intake_key: KeyId,
    /// The event that it carries, where that much could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<Hex<32>>,
    /// Bytes of its value.
    pub value_bytes: u64,
    /// Keyed digest of key and value.
    pub digest: Hex<32>,
}

impl Foreign {
    /// Describes a record by its lengths and its digest under the identity key of the partition's tree.
    #[must_use]
    pub fn of(key: Option<&[u8]>, value: Option<&[u8]>, identity: &IdentityKey) -> Self {
        Self {
            key_bytes: key.map(|bytes| bytes.len() as u64),
            value_bytes: value.map(|bytes| bytes.len() as u64),
            digest: record_digest(key, value, identity),
        }
    }
}

/// Keyed digest of a record. What is absent counts as empty: the lengths beside the digest tell them apart.
#[must_use]
pub fn record_digest(key: Option<&[u8]>, value: Option<&[u8]>, identity: &IdentityKey) -> Hex<32> {
    Hex(identity.digest(digest::RECORD, &[key.unwrap_or_default(), value.unwrap_or_default()]))
}
