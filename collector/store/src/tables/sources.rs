//! Source partitions: what was taken in from each since its last coverage leaf, what was refused, how far intake is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Row;
use crate::table::Table;

/// A partition of a source, in a key: topic length (u16, big-endian), topic, partition (i32 with the sign bit flipped).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceKey {
    /// Topic, or `http`, `file`.
    pub topic: String,
    /// Partition; -1 for channels without.
    pub partition: i32,
}

impl SourceKey {
    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let topic = &self.topic.as_bytes()[..self.topic.len().min(usize::from(u16::MAX))];
        let length = u16::try_from(topic.len()).unwrap_or(u16::MAX);
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.extend_from_slice(topic);
        bytes.extend_from_slice(&(self.partition.cast_unsigned() ^ (1 << 31)).to_be_bytes());
        bytes
    }

    /// Reads its bytes; gives what follows them too.
    pub fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (topic, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (partition, rest) = rest.split_first_chunk::<4>()?;
        let partition = (u32::from_be_bytes(*partition) ^ (1 << 31)).cast_signed();
        Some((SourceKey { topic: String::from_utf8(topic.to_vec()).ok()?, partition }, rest))
    }
}

/// What was taken in from one source partition since its last coverage leaf. Under [`SourceKey`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRow {
    /// First offset that the next coverage leaf covers.
    pub first_offset: u64,
    /// Offset after the last one seen.
    pub next_offset: u64,
    /// Events recorded.
    pub recorded: u64,
    /// Events recorded before.
    pub duplicate: u64,
    /// Events refused.
    pub rejected: u64,
    /// Offsets named missing, as (first, last).
    pub gaps: Vec<(u64, u64)>,
}

impl Row for SourceRow {
    const TABLE: Table = Table::Sources;
}

/// A refused event: tenant number, source, offset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RejectionKey {
    /// The tenant's number.
    pub tenant: u32,
    /// Where from.
    pub source: SourceKey,
    /// Source offset.
    pub offset: u64,
}

impl RejectionKey {
    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Self::source_bytes(self.tenant, &self.source);
        bytes.extend_from_slice(&self.offset.to_be_bytes());
        bytes
    }

    /// What the keys of one tenant and source partition begin with.
    pub fn source_bytes(tenant: u32, source: &SourceKey) -> Vec<u8> {
        let mut bytes = tenant.to_be_bytes().to_vec();
        bytes.extend_from_slice(&source.bytes());
        bytes
    }

    /// Reads its bytes.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (tenant, rest) = bytes.split_first_chunk::<4>()?;
        let (source, rest) = SourceKey::parse(rest)?;
        let offset = u64::from_be_bytes(rest.try_into().ok()?);
        Some(RejectionKey { tenant: u32::from_be_bytes(*tenant), source, offset })
    }
}

/// Why an event was refused. Under [`RejectionKey`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectionRow {
    /// Code of the finding.
    pub code: String,
    /// JSON path.
    pub path: String,
    /// When intake refused it, ns UTC.
    pub at_ns: i64,
}

impl Row for RejectionRow {
    const TABLE: Table = Table::Rejections;
}

/// Refused events of one tenant and source partition that no leaf covers yet. Under [`RejectionKey::source_bytes`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRow {
    /// First offset.
    pub first_offset: u64,
    /// Last offset.
    pub last_offset: u64,
    /// How many.
    pub count: u64,
    /// How many for each code; at most [`PendingRow::CODES_MAX`].
    pub codes: BTreeMap<String, u64>,
    /// Digest of the list of offsets so far: of the digest before and the next offset.
    pub digest: [u8; 32],
}

impl PendingRow {
    /// Codes counted apart; what comes after them counts as `other`.
    pub const CODES_MAX: usize = 256;
}

impl Row for PendingRow {
    const TABLE: Table = Table::Pending;
}

/// How far intake has come in one source partition. Under [`SourceKey`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressRow {
    /// Next offset that intake reads.
    pub next_offset: u64,
    /// Everything before this time was taken in, ns UTC.
    pub caught_up_to_ns: i64,
}

impl Row for ProgressRow {
    const TABLE: Table = Table::Progress;
}
