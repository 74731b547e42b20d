//! The body of a message on the alert topic: JSON per `schemas/ledgerline/Alert.avsc`, members in its order.

use serde::{Deserialize, Serialize};

use crate::row::AlertState;
use crate::rule::{Occurrence, OccurrenceKind, Severity, SubjectKind};

/// One alert as it now stands. Members that are absent are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema says what each member is")]
pub struct AlertMessage {
    pub id: String,
    pub rule: String,
    pub rule_version: u32,
    pub state: AlertState,
    pub sequence: u32,
    pub severity: Severity,
    pub tenant: String,
    pub subject: MessageSubject,
    pub occurrence: MessageOccurrence,
    pub summary: String,
    pub evidence: MessageEvidence,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ancestors: Option<Vec<MessageAncestor>>,
    pub owners: Vec<MessageOwner>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affected: Option<MessageAffected>,
    pub remedy: Vec<String>,
    pub runbook: String,
    pub group_key: String,
    pub opened_at: String,
    pub changed_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    pub mode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
}

impl AlertMessage {
    /// The bytes on the topic.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a message has string keys only and no value that JSON lacks")
    }

    /// CloudEvents' `id`: different for every message of one alert.
    pub fn ce_id(&self) -> String {
        let state = match self.state {
            AlertState::Firing => "firing",
            AlertState::Updated => "updated",
            AlertState::Resolved => "resolved",
        };
        format!("{}-{state}-{}", self.id, self.sequence)
    }

    /// Ends it for a reason that no record of the log has, at the time of its newest message.
    pub fn resolve_at(&mut self, why: &str, sequence: u32) {
        self.state = AlertState::Resolved;
        self.sequence = sequence;
        self.resolved_at = Some(self.changed_at.clone());
        self.resolution = Some(why.to_owned());
    }

    /// Turns the newest message into the one that ends it.
    pub fn resolve(&mut self, why: &str, sequence: u32, log_time_ns: i64) {
        self.state = AlertState::Resolved;
        self.sequence = sequence;
        self.changed_at = super::rfc3339(log_time_ns);
        self.resolved_at = Some(self.changed_at.clone());
        self.resolution = Some(why.to_owned());
    }
}

/// What sort of thing it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageSubjectKind {
    /// A job.
    Job,
    /// A run.
    Run,
    /// A partition of the event log.
    Partition,
    /// A tenant's ledger.
    Ledger,
}

impl From<SubjectKind> for MessageSubjectKind {
    fn from(kind: SubjectKind) -> Self {
        match kind {
            SubjectKind::Job => Self::Job,
            SubjectKind::Run => Self::Run,
        }
    }
}

/// What it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema says what each member is")]
pub struct MessageSubject {
    pub kind: MessageSubjectKind,
    pub node: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

/// Which time it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema says what each member is")]
pub struct MessageOccurrence {
    pub kind: MessageOccurrenceKind,
    pub key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// What tells one time from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageOccurrenceKind {
    /// An execution group.
    Group,
    /// A run transition.
    Transition,
    /// A stretch of the log's time.
    Window,
    /// It has none: the key is of this one time.
    Standing,
}

impl From<Occurrence> for MessageOccurrence {
    fn from(Occurrence { kind, key }: Occurrence) -> Self {
        let kind = match kind {
            OccurrenceKind::Group => MessageOccurrenceKind::Group,
            OccurrenceKind::Transition => MessageOccurrenceKind::Transition,
        };
        MessageOccurrence { kind, key, from: None, until: None }
    }
}

/// What it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema says what each member is")]
pub struct MessageEvidence {
    pub leaves: Vec<MessageLeaf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves_total: Option<u64>,
    pub proof: String,
}

/// A ledger entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema says what each member is")]
pub struct MessageLeaf {
    pub index: u64,
    pub position: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// Something above the subject that the same trouble reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema says what each member is")]
pub struct MessageAncestor {
    pub node: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// Someone to turn to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema says what each member is")]
pub struct MessageOwner {
    pub name: String,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

/// What lies downstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema says what each member is")]
pub struct MessageAffected {
    pub datasets: u64,
    pub jobs: u64,
    pub complete: bool,
    pub most_important: Vec<MessageAffectedNode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_owner: Option<Vec<MessageAffectedOwner>>,
}

/// One thing downstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema says what each member is")]
pub struct MessageAffectedNode {
    pub node: String,
    pub hops: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owners: Option<Vec<MessageOwner>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

/// How much downstream one owner answers for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema says what each member is")]
pub struct MessageAffectedOwner {
    pub owner: String,
    pub count: u64,
}
