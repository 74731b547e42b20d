//! What the publisher has yet to send. A row holds only bytes derived from the log; it is signed and traced when sent.

use serde::{Deserialize, Serialize};

use super::Row;
use crate::table::Table;

/// Where in the input an outgoing record comes from; its order is the order of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxKey {
    /// Offset of the record that caused it.
    pub offset: u64,
    /// Which of that record's outgoing records it is, from 0.
    pub ordinal: u32,
}

impl OutboxKey {
    /// Its bytes: both big-endian.
    pub fn bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&self.offset.to_be_bytes());
        bytes[8..].copy_from_slice(&self.ordinal.to_be_bytes());
        bytes
    }

    /// Reads its bytes.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (offset, rest) = bytes.split_first_chunk::<8>()?;
        let ordinal = rest.try_into().ok()?;
        Some(OutboxKey { offset: u64::from_be_bytes(*offset), ordinal: u32::from_be_bytes(ordinal) })
    }
}

/// An outgoing record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outgoing {
    /// An alert, for `lineage.alerts`.
    Alert {
        /// Key: the alert's id, hex.
        key: String,
        /// CloudEvents attributes: header names with their values.
        attributes: Vec<(String, String)>,
        /// JSON body; `None` deletes the key from the compacted topic.
        body: Option<Vec<u8>>,
        /// When intake received what caused it, ns UTC; 0 where nothing of intake's did.
        received_at_ns: i64,
    },
    /// A checkpoint to sign and publish to `lineage.checkpoints`.
    Checkpoint {
        /// The tenant.
        tenant: String,
        /// Leaves.
        size: u64,
        /// Root of the tree at that size.
        root: [u8; 32],
    },
}

impl Row for Outgoing {
    const TABLE: Table = Table::Outbox;
}
