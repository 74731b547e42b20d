//! Snapshots of stores.

use super::{Example, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/snapshots`: one of each partition that this process owns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotOrder {}

/// What became of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SnapshotOrdered {
    /// Whether it is done; otherwise ask again with the same key.
    pub done: bool,
    /// Snapshots that are there now.
    pub made: Vec<SnapshotMade>,
    /// Partitions of which none was made.
    pub failed: Vec<SnapshotFailed>,
}

/// A snapshot that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SnapshotMade {
    /// Its name: `incarnation/partition/offset`.
    pub snapshot: String,
    /// Bytes of all its files.
    pub size_bytes: u64,
    /// Its files.
    pub files: u64,
    /// Bytes of those that were not there before.
    pub uploaded_bytes: u64,
    /// How many those were.
    pub uploaded_files: u64,
}

/// A partition of which no snapshot was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SnapshotFailed {
    /// Which.
    pub partition: u32,
    /// Why, and what to do.
    pub reason: String,
}

/// A snapshot that is there. Its manifest's signature was checked; its objects were not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SnapshotSummary {
    /// Its name: `incarnation/partition/offset`.
    pub snapshot: String,
    /// The partition.
    pub partition: u32,
    /// Offset of the record after the last that it holds.
    pub next_offset: u64,
    /// When its manifest was written.
    pub written_at: Time,
    /// Bytes of all its files; 0 where the manifest can't be read.
    pub size_bytes: u64,
    /// Its files.
    pub files: u64,
    /// Leaves of all its trees.
    pub leaves: u64,
    /// What is wrong with its manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl Example for SnapshotOrder {
    fn example() -> Self {
        Self {}
    }
}

impl Example for SnapshotOrdered {
    fn example() -> Self {
        let made = SnapshotMade {
            snapshot: SnapshotSummary::example().snapshot,
            size_bytes: 81_920,
            files: 9,
            uploaded_bytes: 20_480,
            uploaded_files: 3,
        };
        Self { done: true, made: vec![made], failed: Vec::new() }
    }
}

impl Example for SnapshotSummary {
    fn example() -> Self {
        Self {
            snapshot: "6f1d2c3b4a5968778695a4b3c2d1e0f0/0/1042".to_owned(),
            partition: 0,
            next_offset: 1_042,
            written_at: Time(1_777_798_800_000_000_000),
            size_bytes: 81_920,
            files: 9,
            leaves: 840,
            fault: None,
        }
    }
}
