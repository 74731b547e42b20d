//! Orders to the log.

use super::{Example, Position};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/alerts/test`: an alert marked as a test goes the whole way to the topic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertTest {
    /// Said in the alert's sentence, at most 256 characters.
    #[serde(default)]
    pub message: String,
}

/// `POST /v1/ticks`: the passing of time is written now, so that what waits for a tick (a checkpoint) comes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TickOrder {}

/// `POST /v1/takeover`: a standby takes over now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeoverOrder {}

impl Example for TakeoverOrder {
    fn example() -> Self {
        Self {}
    }
}

/// The order is durable; 201.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ControlReceipt {
    /// Where it stands; give it to `?at_least=`.
    pub position: Position,
}

impl Example for ControlReceipt {
    fn example() -> Self {
        Self { position: Position::example() }
    }
}

impl Example for AlertTest {
    fn example() -> Self {
        Self { message: "from the on-call handbook".to_owned() }
    }
}

impl Example for TickOrder {
    fn example() -> Self {
        Self {}
    }
}
