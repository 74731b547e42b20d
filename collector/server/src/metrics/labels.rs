//! The label sets. Each label's values are few and known beforehand, or bounded by configuration (a topic, a table).

use prometheus_client::encoding::EncodeLabelSet;

/// Where records came from and what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabel {
    /// `http`, `kafka` or `file`; for the recorder `log`.
    pub source: &'static str,
    /// A named outcome: `accepted`, `rejected`, `busy`, `recorded`, `duplicate`, `foreign`, `refused`, …
    pub outcome: &'static str,
}

impl OutcomeLabel {
    /// Shorthand.
    pub fn of(source: &'static str, outcome: &'static str) -> Self {
        Self { source, outcome }
    }
}

/// A finding's stable code; the validator's list bounds them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CodeLabel {
    /// For instance `run-id-invalid`.
    pub code: String,
}

impl CodeLabel {
    /// Shorthand.
    pub fn of(code: &str) -> Self {
        Self { code: code.to_owned() }
    }
}

/// A partition of a source topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SourceLabel {
    /// The topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
}

/// A partition of `lineage.events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PartitionLabel {
    /// Its number.
    pub partition: u32,
}

/// A witness, by its name in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WitnessLabel {
    /// Its name there.
    pub witness: String,
}

/// A witness and what came of asking it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WitnessOutcomeLabel {
    /// Its name in the configuration.
    pub witness: String,
    /// `cosigned`, `silent`, `refused` or `wrong`.
    pub outcome: &'static str,
}

/// One of our topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TopicLabel {
    /// Its name, without the deployment's prefix.
    pub topic: &'static str,
}

/// One of the store's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TableLabel {
    /// Its name.
    pub table: &'static str,
}

/// An alert's rule and how bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AlertLabel {
    /// The rule.
    pub rule: &'static str,
    /// `info`, `warning` or `critical`.
    pub severity: &'static str,
    /// `firing`, `updated` or `resolved`.
    pub state: &'static str,
}

/// Names of the stages whose time is measured.
pub mod stage {
    /// Payload to envelope.
    pub const DECODE: &str = "decode";
    /// Envelope to acknowledgement.
    pub const PRODUCE: &str = "produce";
    /// Records to one batch of the store.
    pub const DECIDE: &str = "decide";
    /// The batch's commit.
    pub const COMMIT: &str = "commit";
    /// Outbox to committed transaction.
    pub const PUBLISH: &str = "publish";
}

/// A stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StageLabel {
    /// One of [`stage`].
    pub stage: &'static str,
}

/// A route as the router knows it, with its parameters unnamed; an unknown path is `other`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabel {
    /// For instance `/v1/runs/{run_id}`.
    pub route: String,
    /// `GET` or `POST`; any other is `other`.
    pub method: &'static str,
    /// The status.
    pub status: u16,
}
