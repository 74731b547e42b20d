//! From what rules say to messages on the alert topic. Owns an alert's life (firing, updated, resolved, each message with its
//! number) and its body. Never reads a clock: times come from events and from the log.

mod affected;
mod message;

pub use affected::owners;
pub use message::{
    AlertMessage, MessageAffected, MessageAffectedNode, MessageAffectedOwner, MessageAncestor, MessageEvidence,
    MessageLeaf, MessageOccurrence, MessageOccurrenceKind, MessageOwner, MessageSubject, MessageSubjectKind,
};

use crate::envelope::Mode;
use crate::fold::Accepted;
use crate::id::{AlertId, NodeId};
use crate::query::{Known, View};
use crate::row::key::{AlertKey, OpenAlertKey, prefix};
use crate::row::{self, AlertRow, AlertState, NodeKind, OpenAlertRow, Read, State};
use crate::rule::{Fire, Severity, Signal, SubjectKind, What};

/// Open alerts of one subject that are looked at.
const OPEN_MAX: usize = 256;
/// Leaves that a message lists.
const LEAVES_MAX: usize = 32;
/// Datasets downstream from which on an alert is critical.
const CRITICAL_AFFECTED: u64 = 10;

/// What messages need that no event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// To whom an alert goes when nobody is known to own its subject.
    pub fallback_owner: String,
    /// Where the runbook pages are; the rule's id follows.
    pub runbook_base: String,
    /// Generation of the rule code.
    pub generation: u32,
    /// Ids of the rules that are asked.
    pub rules: &'static [&'static str],
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            fallback_owner: "on-call".to_owned(),
            runbook_base: "docs/alerts.md#".to_owned(),
            generation: 1,
            rules: &crate::rule::IDS,
        }
    }
}

/// Moves alerts on and makes their messages, in the order of the signals.
///
/// # Errors
/// The store's own.
pub fn advance<S: State>(
    state: &mut S,
    known: &Known,
    accepted: &Accepted<'_>,
    signals: Vec<Signal>,
    log_time_ns: i64,
    settings: &Settings,
) -> Result<Vec<AlertMessage>, S::Error> {
    let mut messages = Vec::new();
    for signal in signals {
        let alert = signal.alert_id(accepted.tenant);
        let key = AlertKey { alert };
        let open = OpenAlertKey { subject: signal.subject.job, alert };
        let before = row::get::<AlertRow, S>(state, &key)?;
        let is_open = before.as_ref().is_some_and(|row| row.state != AlertState::Resolved);
        let sequence = before.as_ref().map_or(0, |row| row.sequence.saturating_add(1));
        let message = match (&signal.what, before) {
            (What::Fire(fire), before) => {
                let opened_ns = before.as_ref().filter(|_| is_open).map_or(log_time_ns, |row| row.opened_ns);
                let now = if is_open { AlertState::Updated } else { AlertState::Firing };
                let message =
                    compose(View::new(state, known), accepted, &signal, fire, (now, sequence, log_time_ns), settings)?;
                let row = AlertRow {
                    rule: signal.rule.to_owned(),
                    subject: signal.subject.job,
                    state: now,
                    sequence,
                    opened_ns,
                    changed_ns: log_time_ns,
                    memory: fire.memory.clone(),
                    body: message.to_json(),
                };
                row::put(state, &key, &row)?;
                row::put(state, &open, &OpenAlertRow { rule: signal.rule.to_owned() })?;
                message
            }
            (What::Resolve(why), Some(mut row)) if is_open => {
                let Ok(mut message) = serde_json::from_slice::<AlertMessage>(&row.body) else {
                    return Err(row::Corrupt { table: row::Table::Alert }.into());
                };
                message.resolve(why, sequence, log_time_ns);
                row = AlertRow {
                    state: AlertState::Resolved,
                    sequence,
                    changed_ns: log_time_ns,
                    body: message.to_json(),
                    ..row
                };
                row::put(state, &key, &row)?;
                row::delete::<OpenAlertRow, S>(state, &open)?;
                message
            }
            (What::Resolve(_), _) => continue,
        };
        messages.push(message);
    }
    Ok(messages)
}

/// Open alerts of one rule about a job and its runs.
///
/// # Errors
/// The store's own.
pub fn open_alerts<S: Read>(state: &S, job: NodeId, rule: &str) -> Result<Vec<(AlertId, OpenAlertRow)>, S::Error> {
    let rows = row::scan::<OpenAlertRow, S>(state, &prefix(&[&job.0]), OPEN_MAX)?;
    Ok(rows.into_iter().filter(|(_, row)| row.rule == rule).map(|(key, row)| (key.alert, row)).collect())
}

fn compose<S: Read>(
    view: View<'_, S>,
    accepted: &Accepted<'_>,
    signal: &Signal,
    fire: &Fire,
    (now, sequence, log_time_ns): (AlertState, u32, i64),
    settings: &Settings,
) -> Result<AlertMessage, S::Error> {
    let job = name(view, signal.subject.job)?;
    let affected = affected::affected(view, signal.subject.job, log_time_ns)?;
    let critical = fire.severity == Severity::Warning && affected.datasets >= CRITICAL_AFFECTED;
    let mut owners = affected::owners(view, signal.subject.job)?;
    for node in affected::written(view, signal.subject.job, log_time_ns)? {
        for owner in affected::owners(view, node)? {
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
    }
    owners.push(MessageOwner {
        name: settings.fallback_owner.clone(),
        kind: None,
        source: "fallback".to_owned(),
        contact: None,
    });
    let mut ancestors = Vec::with_capacity(fire.ancestors.len());
    for ancestor in &fire.ancestors {
        ancestors.push(MessageAncestor {
            node: name(view, ancestor.job)?.text,
            run: Some(ancestor.run.to_string()),
            state: Some("FAIL".to_owned()),
        });
    }
    let mut leaves: Vec<MessageLeaf> = Vec::with_capacity(fire.evidence.len());
    for (at, evidence) in fire.evidence.iter().take(LEAVES_MAX).enumerate() {
        let position = crate::fold::Position { offset: evidence.place.offset, ..accepted.position };
        leaves.push(MessageLeaf {
            index: evidence.place.leaf,
            position: position.to_string(),
            event_id: evidence.event.map(|event| event.to_string()),
            run: Some(evidence.run.to_string()),
            role: Some(if at == 0 { "first" } else { "further" }.to_owned()),
        });
    }
    let run = signal.subject.run.to_string();
    let first_leaf = leaves.first().map_or(0, |leaf| leaf.index);
    Ok(AlertMessage {
        id: signal.alert_id(accepted.tenant).to_string(),
        rule: signal.rule.to_owned(),
        rule_version: signal.version,
        state: now,
        sequence,
        severity: if critical { Severity::Critical } else { fire.severity },
        tenant: accepted.tenant.to_owned(),
        subject: MessageSubject {
            kind: signal.subject.kind.into(),
            node: match signal.subject.kind {
                SubjectKind::Job => job.text.clone(),
                SubjectKind::Run => format!("run:{run}"),
            },
            namespace: Some(job.namespace).filter(|_| signal.subject.kind == SubjectKind::Job),
            name: Some(job.name).filter(|_| signal.subject.kind == SubjectKind::Job),
            field: None,
            run: Some(run),
            job: (signal.subject.kind == SubjectKind::Run).then_some(job.text),
        },
        occurrence: signal.occurrence.clone().into(),
        summary: fire.summary.clone(),
        evidence: MessageEvidence {
            leaves_total: (fire.evidence.len() > LEAVES_MAX).then_some(fire.evidence.len() as u64),
            leaves,
            proof: format!("ledgerline ledger prove {first_leaf}"),
        },
        ancestors: Some(ancestors).filter(|list| !list.is_empty()),
        owners,
        affected: Some(affected),
        remedy: fire.remedy.clone(),
        runbook: format!("{}{}", settings.runbook_base, signal.rule),
        group_key: fire.group_key.clone(),
        opened_at: rfc3339(fire.opened_ns),
        changed_at: rfc3339(log_time_ns),
        resolved_at: None,
        resolution: None,
        mode: match accepted.mode {
            Mode::Live => "live",
            Mode::Backfill => "backfill",
            Mode::Drill => "drill",
        }
        .to_owned(),
        generation: Some(settings.generation),
    })
}

struct Named {
    text: String,
    namespace: String,
    name: String,
}

fn name<S: Read>(view: View<'_, S>, node: NodeId) -> Result<Named, S::Error> {
    let Some(row) = view.node(node)? else {
        return Ok(Named { text: format!("job::{node}"), namespace: String::new(), name: node.to_string() });
    };
    let kind = if row.kind == NodeKind::Job { "job" } else { "dataset" };
    let (namespace, name) = (row.namespace.clone(), row.name.clone());
    Ok(Named { text: format!("{kind}:{namespace}:{name}"), namespace, name })
}

/// A time as alerts write it: RFC 3339, UTC.
pub fn rfc3339(time_ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time_ns)).map(|time| time.to_string()).unwrap_or_default()
}
