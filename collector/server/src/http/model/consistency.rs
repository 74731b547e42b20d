//! That one tree is the beginning of another.

use super::Example;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A tree at one of its sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TreeHead {
    /// Leaves.
    pub size: u64,
    /// Root hash, base64.
    pub root: String,
}

/// A consistency proof (RFC 6962, section 2.1.2) between two sizes of one tree, neither beyond what is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Consistency {
    /// `<ledger.name>/<tenant>`
    pub origin: String,
    /// The smaller tree.
    pub old: TreeHead,
    /// The larger one.
    pub new: TreeHead,
    /// The proof, base64; empty where both are one.
    pub hashes: Vec<String>,
    /// The signed checkpoint of the larger tree, where that is the newest published one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Example for Consistency {
    fn example() -> Self {
        let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned();
        Self {
            origin: "ledgerline/default".to_owned(),
            old: TreeHead { size: 5, root: root.clone() },
            new: TreeHead { size: 8, root: root.clone() },
            hashes: vec![root],
            note: None,
        }
    }
}
