//! Leaves about the care of the record: copies, checks, reading, and the passing of idle days.

use serde::{Deserialize, Serialize};

use super::hex::Hex;
use super::text::Label;

/// A signed copy of a partition's store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// What happened to it.
    pub action: SnapshotAction,
    /// Its name.
    pub snapshot: Label,
    /// Offset of `lineage.events` after the last that it holds.
    pub next_offset: u64,
    /// SHA-256 of its manifest, which lists its files and is signed.
    pub manifest_sha256: Hex<32>,
    /// Bytes of its files together.
    pub size_bytes: u64,
    /// When the record of it was received, ns UTC.
    pub received_at_ns: i64,
    /// Pseudonym of who ordered it, where someone did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Hex<16>>,
}

/// What happened to a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotAction {
    /// It was made.
    Created,
    /// It was read back and found sound; the log may be trimmed below it.
    Verified,
    /// A store was made from it.
    Restored,
    /// The log was trimmed below it.
    Trimmed,
    /// It was deleted.
    Deleted,
}

/// A check of the record against itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrityCheck {
    /// What was checked.
    pub scope: CheckScope,
    /// First leaf that it covers.
    pub first_leaf: u64,
    /// Leaf after the last that it covers.
    pub end_leaf: u64,
    /// Leaves re-hashed; in a sample fewer than it covers.
    pub checked: u64,
    /// Mismatches found.
    pub faults: u64,
    /// The first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_fault: Option<CheckFault>,
    /// When it began, ns UTC.
    pub began_at_ns: i64,
    /// When it ended, ns UTC.
    pub ended_at_ns: i64,
}

/// What an integrity check reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckScope {
    /// Some of the store.
    Sample,
    /// All of the store.
    Store,
    /// The archive.
    Archive,
    /// A snapshot.
    Snapshot,
    /// Exported files.
    Export,
}

/// A mismatch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckFault {
    /// The leaf that it concerns.
    pub leaf: u64,
    /// What did not match.
    pub code: Label,
}

/// Someone read, or was kept from reading, what reading rules cover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditedRead {
    /// What was asked for, such as `body` or `export`.
    pub action: Label,
    /// Pseudonym of who asked.
    pub principal: Hex<16>,
    /// Whether it was given.
    pub decision: Decision,
    /// Records given.
    pub records: u64,
    /// Keyed digest of the question, which the store keeps.
    pub query_digest: Hex<32>,
    /// The grant that it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Label>,
    /// When it was asked, ns UTC.
    pub received_at_ns: i64,
}

/// Whether a read was allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It was.
    Allowed,
    /// It was not, for this reason.
    Denied(Label),
}

/// The tree was idle for a day, and is alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// The tick, ns UTC.
    pub tick_at_ns: i64,
}
