//! What is recorded, lagging or halted.

use super::{Example, Position, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The state of one tenant and of the partitions behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Of the server.
    pub version: String,
    /// `embedded` or `kafka`.
    pub log: String,
    /// Whose counts these are.
    pub tenant: String,
    /// Leaves in its tree.
    pub leaves: u64,
    /// Distinct events recorded.
    pub recorded: u64,
    /// Redeliveries absorbed.
    pub duplicates: u64,
    /// Events rejected.
    pub rejected: u64,
    /// Datasets known.
    pub datasets: u64,
    /// Jobs known.
    pub jobs: u64,
    /// Runs known.
    pub runs: u64,
    /// Alerts firing.
    pub alerts_firing: u64,
    /// Names of the counts above that stopped at their bound: there are at least so many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at_least: Vec<String>,
    /// Size of the newest published checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint_size: Option<u64>,
    /// Every partition, wherever it lives; those that could not be asked are `unknown`.
    pub partitions: Vec<PartitionStatus>,
}

/// How a partition is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartitionState {
    /// Opening or catching up.
    Starting,
    /// Keeping up.
    Running,
    /// Further behind than readiness allows.
    Lagging,
    /// Stopped until somebody acts.
    Halted,
    /// Kept current for another process, which owns it.
    Following,
    /// Its owner could not be asked, or none has it now.
    Unknown,
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartitionStatus {
    /// Which.
    pub partition: u32,
    /// Where its process answers; absent where there is one process alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How it does.
    pub state: PartitionState,
    /// Records not yet applied.
    pub lag: u64,
    /// The last record applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Time of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_time: Option<Time>,
    /// Why it halted or lags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The command to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Bytes on disk.
    pub store_bytes: u64,
    /// Offsets at which a fact could not be derived.
    pub underived: u64,
    /// When its newest snapshot was written, where this process knows of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_at: Option<Time>,
    /// Witnesses that do not answer, or do not cosign a tree of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub witnesses: Vec<WitnessTrouble>,
}

/// A witness that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WitnessTrouble {
    /// Its name in the configuration.
    pub witness: String,
    /// Since when.
    pub since: Time,
    /// What it answers, or that it does not.
    pub reason: String,
}

impl PartitionStatus {
    /// One that nobody could be asked about.
    pub fn unknown(partition: u32, reason: String, owner: Option<String>) -> Self {
        Self {
            partition,
            owner,
            state: PartitionState::Unknown,
            lag: 0,
            position: None,
            log_time: None,
            reason: Some(reason),
            remedy: Some("It comes back by itself; if it does not, look at `/readyz` of each process.".to_owned()),
            store_bytes: 0,
            underived: 0,
            snapshot_at: None,
            witnesses: Vec::new(),
        }
    }
}

impl Example for PartitionStatus {
    fn example() -> Self {
        Self {
            partition: 0,
            owner: None,
            state: PartitionState::Running,
            lag: 0,
            position: Some(Position::example()),
            log_time: Some(Time(1_777_798_800_000_000_000)),
            reason: None,
            remedy: None,
            store_bytes: 81_920,
            underived: 0,
            snapshot_at: None,
            witnesses: Vec::new(),
        }
    }
}

impl Example for Status {
    fn example() -> Self {
        Self {
            version: "0.1.0".to_owned(),
            log: "embedded".to_owned(),
            tenant: "default".to_owned(),
            leaves: 6,
            recorded: 5,
            duplicates: 1,
            rejected: 1,
            datasets: 4,
            jobs: 2,
            runs: 2,
            alerts_firing: 1,
            at_least: Vec::new(),
            checkpoint_size: Some(6),
            partitions: vec![PartitionStatus::example()],
        }
    }
}
