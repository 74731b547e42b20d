//! The seam to the keys that sign, as this process holds them. What is known of them is [`Reads`](super::Reads)', and writing an
//! order into the log is [`Controls`](super::Controls)'.

use super::intake::Answering;
use super::model::NextKey;

/// Why nothing was done with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoKey {
    /// What was sent is no order about a key, or for another tree.
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// Not now, or not here.
    Unavailable {
        /// Why, and what to do.
        reason: String,
    },
}

/// Uses the keys that sign.
pub trait Keys: Send + Sync {
    /// The newest key that is here for a tenant's tree; makes one first where that is ordered.
    fn next(&self, tenant: String, make: bool, own: bool) -> Answering<Result<NextKey, NoKey>>;

    /// Signs an order with the keys that it is about and that are here.
    fn sign(&self, tenant: String, note: String) -> Answering<Result<String, NoKey>>;
}
