//! Leaf 0 of a tree: what an auditor must know to trust the rest.

use serde::{Deserialize, Serialize};

use super::hex::Hex;
use crate::key::VerifierKey;
use crate::origin::Origin;

/// The tree's genesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// Name of the tree; every checkpoint opens with it.
    pub origin: Origin,
    /// The first key that signs checkpoints.
    pub verifier_key: VerifierKey,
    /// The key that authorises key operations when no other may. It can stay offline.
    pub root_key: VerifierKey,
    /// Partitions of `lineage.events`; never changes.
    pub partition_count: u32,
    /// When intake received the record that began the tree, ns UTC.
    pub received_at_ns: i64,
    /// The tree that this one goes on from after a real loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
}

/// Last checkpoint of an earlier tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Previous {
    /// Its name.
    pub origin: Origin,
    /// Its leaves.
    pub size: u64,
    /// Its root.
    pub root: Hex<32>,
}
