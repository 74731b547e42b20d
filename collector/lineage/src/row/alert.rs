//! Alerts as they stand. Owns their life: firing, updated, resolved, each with a sequence number.
//! Never the rule's reasons: those are in the body.

use serde::{Deserialize, Serialize};

use super::key::{AlertKey, OpenAlertKey};
use super::{Row, Table};
use crate::id::NodeId;

/// Where an alert is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// It began.
    Firing,
    /// It goes on, with news.
    Updated,
    /// It is over.
    Resolved,
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRow {
    /// Rule's id.
    pub rule: String,
    /// What it is about.
    pub subject: NodeId,
    /// State of the newest message.
    pub state: AlertState,
    /// Number of the newest message, from 0.
    pub sequence: u32,
    /// When it first fired, ns UTC, by the log's time.
    pub opened_ns: i64,
    /// Time of the newest message, ns UTC, by the log's time.
    pub changed_ns: i64,
    /// What the rule remembers between messages.
    pub memory: Vec<u8>,
    /// Body of the newest message: JSON.
    pub body: Vec<u8>,
}

impl Row for AlertRow {
    const TABLE: Table = Table::Alert;
    type Key = AlertKey;
}

/// An alert that is not resolved, by subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAlertRow {
    /// Rule's id.
    pub rule: String,
}

impl Row for OpenAlertRow {
    const TABLE: Table = Table::OpenAlert;
    type Key = OpenAlertKey;
}
