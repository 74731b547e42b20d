//! How one run used one dataset, and what becomes of a dataset as such. Owns statistics, quality, subsets, digests, records and
//! versions as runs tell them; never what holds of the dataset whoever uses it.

use serde::{Deserialize, Serialize};

use super::key::{ChangeKey, UseKey};
use super::{Register, Row, Table};
use crate::id::{NodeId, RunId};

/// A dataset on one side of a run. Every output has a row, an input when there is something to say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseRow {
    /// What the run said of it, in the order of `FacetKey`.
    #[serde(with = "super::packed")]
    pub registers: Vec<Register>,
}

impl Row for UseRow {
    const TABLE: Table = Table::Use;
    type Key = UseKey;
}

/// A change of a dataset's life that happened: told by a COMPLETE, an event without a type, or a declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRow {
    /// What it was called before, for a rename.
    pub previous: Option<NodeId>,
    /// The job that did it.
    pub job: Option<NodeId>,
    /// The run that did it.
    pub run: Option<RunId>,
    /// Ledger position.
    pub leaf: u64,
}

impl Row for ChangeRow {
    const TABLE: Table = Table::Change;
    type Key = ChangeKey;
}
