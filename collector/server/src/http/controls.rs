//! The seam for orders to the log.

use super::intake::{Answering, Refused};
use super::model::Position;

/// An order, with who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// For which tenant.
    pub tenant: String,
    /// By whom.
    pub principal: String,
    /// Made once per command by the caller: a repeated order is carried out once.
    pub idempotency_key: String,
    /// What to do.
    pub order: ControlOrder,
}

/// What can be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlOrder {
    /// Send a test alert the whole way.
    AlertTest {
        /// Said in its sentence.
        message: String,
    },
    /// Carry out an order about a key.
    Key {
        /// The order's own key, which its note holds.
        order: [u8; 16],
        /// The signed note.
        note: Vec<u8>,
    },
    /// Write the passing of time now.
    Tick,
}

/// Writes orders into the log.
pub trait Controls: Send + Sync {
    /// Answers with the order's position once it is durable.
    fn order(&self, control: Control) -> Answering<Result<Position, Refused>>;
}
