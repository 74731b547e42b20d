//! What a rule says. Shapes only; `alert` makes messages of it.

use serde::{Deserialize, Serialize};

use crate::id::{EventId, NodeId, RunId};
use crate::row::Place;

/// How urgent, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For the record.
    Info,
    /// Look at it today.
    Warning,
    /// Act now.
    Critical,
}

/// What sort of thing an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectKind {
    /// A job.
    Job,
    /// A run.
    Run,
}

/// What an alert is about: always a job, perhaps one run of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubjectRef {
    /// Which of the two.
    pub kind: SubjectKind,
    /// The job.
    pub job: NodeId,
    /// The run in question.
    pub run: RunId,
}

/// What tells one time from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OccurrenceKind {
    /// An execution group.
    Group,
    /// A run transition.
    Transition,
}

/// Which time it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Occurrence {
    /// What tells one time from another.
    pub kind: OccurrenceKind,
    /// The group's root, or the transition, as text.
    pub key: String,
}

/// An event that a signal rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it is recorded.
    pub place: Place,
    /// The event, when it is known.
    pub event: Option<EventId>,
    /// Its run.
    pub run: RunId,
}

/// Something above the subject that the trouble reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ancestor {
    /// Its job.
    pub job: NodeId,
    /// Its run.
    pub run: RunId,
}

/// What a signal does to its alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The condition holds: opens the alert, or brings news of it.
    Fire(Box<Fire>),
    /// The condition is over; says why.
    Resolve(&'static str),
}

/// What there is to say while the condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fire {
    /// How urgent, before what lies downstream is considered.
    pub severity: Severity,
    /// One sentence, with its numbers.
    pub summary: String,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Whom the trouble reached, nearest first.
    pub ancestors: Vec<Ancestor>,
    /// Steps.
    pub remedy: Vec<String>,
    /// Alerts with one cause share it.
    pub group_key: String,
    /// When it began, by event time, ns UTC.
    pub opened_ns: i64,
    /// What the rule wants back when the alert comes up again.
    pub memory: Vec<u8>,
}

/// What a rule says about one alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The rule.
    pub rule: &'static str,
    /// Its version.
    pub version: u32,
    /// What it is about.
    pub subject: SubjectRef,
    /// Which time.
    pub occurrence: Occurrence,
    /// What it does.
    pub what: What,
}

impl Signal {
    /// The alert's id: tenant, rule, subject and occurrence, so that it does not depend on which event came first.
    pub fn alert_id(&self, tenant: &str) -> crate::id::AlertId {
        let subject: &[u8] = match self.subject.kind {
            SubjectKind::Job => &self.subject.job.0,
            SubjectKind::Run => &self.subject.run.0,
        };
        crate::id::AlertId::of(tenant, self.rule, subject, self.occurrence.key.as_bytes())
    }
}
