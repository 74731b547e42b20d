//! What witnesses have said of a tree's published checkpoints. Written beside the record, as the publisher's rows are: a replay
//! does not make it, and losing it costs another question to the witnesses.

use serde::{Deserialize, Serialize};

use super::{CheckpointRow, Row};
use crate::table::Table;

/// Cosignatures of one tree, under its tenant's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CosignedRow {
    /// The checkpoint that witnesses were last asked about, with the cosignatures that have come.
    pub newest: CheckpointRow,
    /// The newest that had as many cosignatures as were wanted.
    pub quorate: Option<CheckpointRow>,
    /// Leaves of the newest tree that a witness is known to have cosigned, by the text of its key.
    pub known: Vec<(String, u64)>,
}

impl Row for CosignedRow {
    const TABLE: Table = Table::Cosigned;
}
