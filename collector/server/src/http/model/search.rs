//! Search results.

use super::{Example, Node};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What of a node matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SearchMatch {
    /// Its name begins so.
    Name,
    /// A part of its name, behind `.` or `/`, begins so.
    Part,
    /// Its namespace begins so.
    Namespace,
}

/// A node found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchHit {
    /// Which.
    pub node: Node,
    /// By what.
    pub matched: SearchMatch,
}

impl Example for SearchHit {
    fn example() -> Self {
        Self { node: Node::example(), matched: SearchMatch::Name }
    }
}
