//! The partition itself: who it is, how far it has come, what time it is there.

use serde::{Deserialize, Serialize};

use super::Row;
use crate::table::Table;

/// The one row of `meta`, under the empty key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Format of the store; another one is refused.
    pub format: u32,
    /// Generation of the rule code that derived it.
    pub generation: u32,
    /// This partition.
    pub partition: u32,
    /// Incarnation, from the genesis record; `None` before it.
    pub incarnation: Option<[u8; 16]>,
    /// Name of the ledger, from the genesis record.
    pub ledger_name: String,
    /// Partitions of `lineage.events`, from the genesis record.
    pub partition_count: u32,
    /// Offset of the next record to apply.
    pub next_offset: u64,
    /// BLAKE3 of the last record applied, compared on assignment.
    pub last_record: [u8; 32],
    /// Greatest tick so far, ns UTC; 0 before the first.
    pub time_ns: i64,
    /// Ticks that jumped further than is believed.
    pub jumped_ticks: u64,
    /// Records that stood before the genesis record and were passed over.
    pub before_genesis: u64,
    /// Verifier key that signs this partition's checkpoints, as text.
    pub verifier_key: String,
    /// Root key, as text.
    pub root_key: String,
}

impl Meta {
    /// The format that this build reads and writes.
    pub const FORMAT: u32 = 1;

    /// A store that has applied nothing.
    pub fn new(partition: u32, generation: u32) -> Self {
        Meta {
            format: Self::FORMAT,
            generation,
            partition,
            incarnation: None,
            ledger_name: String::new(),
            partition_count: 0,
            next_offset: 0,
            last_record: [0; 32],
            time_ns: 0,
            jumped_ticks: 0,
            before_genesis: 0,
            verifier_key: String::new(),
            root_key: String::new(),
        }
    }
}

impl Row for Meta {
    const TABLE: Table = Table::Meta;
}
