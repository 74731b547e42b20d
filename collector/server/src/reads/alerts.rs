//! `alerts list|watch`: messages as they were published, in the order of the log.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use lineage::alert::{AlertMessage, MessageSubjectKind};
use lineage::id::AlertId;
use lineage::row;
use lineage::row::key::AlertKey;
use lineage::rule::Severity as RuleSeverity;

use super::scope::{Scope, broken};
use super::tail::{Rows, Tail, TailRow};
use crate::http::model::query::AlertsQuery;
use crate::http::model::{Alert, AlertState, AlertSummary, Node, NodeKind, Position, Severity, Time};
use crate::http::{After, Listed, ReadError, Span};
use crate::log::Record;

/// Messages kept for each tenant; older ones are in the topic.
pub(super) const MESSAGES_MAX: usize = 10_000;

/// Characters of an alert's id that may stand for it.
const ID_CHARS_MIN: usize = 8;

/// A published message. Rows are ordered by the offset and ordinal that they come from: a tenant has one partition.
#[derive(Clone)]
pub(super) struct Message {
    /// `None` for one that was read from the store.
    position: Option<Position>,
    message: Arc<AlertMessage>,
}

impl TailRow for Message {
    type Place = (u64, u32);

    fn read(record: &Record) -> Option<(String, Self::Place, Self)> {
        let position = std::str::from_utf8(record.header("ledgerline-position")?).ok()?.parse::<Position>().ok()?;
        let message: AlertMessage = serde_json::from_slice(record.value.as_deref()?).ok()?;
        let place = (position.offset, position.ordinal.unwrap_or(0));
        Some((message.tenant.clone(), place, Self { position: Some(position), message: Arc::new(message) }))
    }
}

/// Messages in the order of the log; or, asked for the newest, alerts in their newest state, the newest first.
pub(super) fn list(
    tail: &Tail<Message>,
    tenant: &str,
    query: &AlertsQuery,
    span: &Span,
) -> Result<Listed<AlertSummary>, ReadError> {
    tail.with(
        tenant,
        |rows| if query.newest == Some(true) { newest(rows, query, span) } else { messages(rows, query, span) },
    )?
}

fn messages(rows: &Rows<Message>, query: &AlertsQuery, span: &Span) -> Result<Listed<AlertSummary>, ReadError> {
    let first = rows.rows.first_key_value().map(|(place, _)| *place);
    let (from, is_cut) = match &span.after {
        After::Start => (Bound::Unbounded, rows.is_cut),
        After::End => {
            let next = rows.rows.last_key_value().map(|(place, _)| cursor(*place));
            return Ok(Listed::new(Vec::new(), next));
        }
        After::Key(key) => {
            let after = place(key)?;
            (Bound::Excluded(after), rows.is_cut && first.is_some_and(|first| after < first))
        }
    };
    let mut items = Vec::new();
    let mut last = None;
    for (place, row) in rows.rows.range((from, Bound::Unbounded)) {
        if items.len() >= span.rows_max as usize {
            break;
        }
        last = Some(*place);
        items.extend(Some(summary(row)).filter(|summary| wanted(summary, query)));
    }
    Ok(Listed { is_cut, ..Listed::new(items, last.map(cursor)) })
}

fn newest(rows: &Rows<Message>, query: &AlertsQuery, span: &Span) -> Result<Listed<AlertSummary>, ReadError> {
    let before = match &span.after {
        After::Start => None,
        After::End => return Ok(Listed::new(Vec::new(), None)),
        After::Key(key) => Some(place(key)?),
    };
    let (mut items, mut seen, mut next) = (Vec::new(), HashSet::new(), None);
    let mut last = None;
    for (place, row) in rows.rows.iter().rev() {
        // The first that is met of an alert is its newest.
        if !seen.insert(row.message.id.as_str()) || before.is_some_and(|before| *place >= before) {
            continue;
        }
        let summary = summary(row);
        if wanted(&summary, query) {
            if items.len() >= span.rows_max as usize {
                next = last;
                break;
            }
            items.push(summary);
            last = Some(*place);
        }
    }
    let is_cut = rows.is_cut && next.is_none();
    Ok(Listed { is_cut, ..Listed::new(items, next.map(cursor)) })
}

fn wanted(summary: &AlertSummary, query: &AlertsQuery) -> bool {
    query.state.is_none_or(|state| state == summary.state)
        && query.severity.is_none_or(|least| summary.severity >= least)
        && query.rule.as_ref().is_none_or(|rule| *rule == summary.rule)
        && query.since.is_none_or(|since| summary.at >= since)
}

/// The newest message of an alert; of one that the list no longer holds, what the store keeps of it.
pub(super) fn show(tail: &Tail<Message>, scope: &Scope, tenant: &str, alert_id: &str) -> Result<Alert, ReadError> {
    let row = match tail.with(tenant, |rows| named(rows, alert_id))?? {
        Some(row) => row,
        None => stored(scope, alert_id)?.ok_or_else(|| ReadError::NotFound { what: format!("alert {alert_id}") })?,
    };
    let body = serde_json::to_value(&*row.message).map_err(|error| ReadError::Internal(error.to_string()))?;
    Ok(Alert {
        summary: summary(&row),
        body,
        evidence: row.message.evidence.leaves.iter().map(|leaf| leaf.index).collect(),
        remedy: row.message.remedy.clone(),
    })
}

/// The newest message of the alert whose id is, or begins with, this text.
fn named(rows: &Rows<Message>, text: &str) -> Result<Option<Message>, ReadError> {
    if text.len() < ID_CHARS_MIN {
        return Ok(None);
    }
    let mut found: BTreeMap<&str, &Message> = BTreeMap::new();
    for row in rows.rows.values().filter(|row| row.message.id.starts_with(text)) {
        found.insert(&row.message.id, row);
    }
    match found.len() {
        0 | 1 => Ok(found.into_values().next().cloned()),
        _ => Err(ReadError::Ambiguous { candidates: found.into_keys().map(str::to_owned).collect() }),
    }
}

/// The fold's own row, once everything up to it is published: nothing is shown before.
fn stored(scope: &Scope, alert_id: &str) -> Result<Option<Message>, ReadError> {
    let Ok(alert) = alert_id.parse::<AlertId>() else { return Ok(None) };
    if scope.has_unpublished()? {
        return Err(ReadError::Unavailable { reason: "messages are being published; try again".to_owned() });
    }
    let row = row::get::<row::AlertRow, _>(&scope.graph(), &AlertKey { alert }).map_err(broken)?;
    let Some(row) = row else { return Ok(None) };
    let message = serde_json::from_slice(&row.body).map_err(|error| ReadError::Internal(error.to_string()))?;
    Ok(Some(Message { position: None, message: Arc::new(message) }))
}

fn cursor((offset, ordinal): (u64, u32)) -> Vec<u8> {
    [offset.to_be_bytes().as_slice(), &ordinal.to_be_bytes()].concat()
}

fn place(key: &[u8]) -> Result<(u64, u32), ReadError> {
    let invalid = || ReadError::Invalid { parameter: "cursor", reason: "is not one of this list".to_owned() };
    let (offset, ordinal) = key.split_first_chunk::<8>().ok_or_else(invalid)?;
    Ok((u64::from_be_bytes(*offset), ordinal.try_into().map(u32::from_be_bytes).map_err(|_| invalid())?))
}

fn summary(row: &Message) -> AlertSummary {
    let message = &row.message;
    AlertSummary {
        alert_id: message.id.clone(),
        rule: message.rule.clone(),
        severity: match message.severity {
            RuleSeverity::Info => Severity::Info,
            RuleSeverity::Warning => Severity::Warning,
            RuleSeverity::Critical => Severity::Critical,
        },
        state: match message.state {
            row::AlertState::Firing => AlertState::Firing,
            row::AlertState::Updated => AlertState::Updated,
            row::AlertState::Resolved => AlertState::Resolved,
        },
        sequence: u64::from(message.sequence),
        subject: subject(message),
        summary: message.summary.clone(),
        at: message.opened_at.parse().unwrap_or(Time(0)),
        position: row.position.clone(),
    }
}

fn subject(message: &AlertMessage) -> Node {
    let about = &message.subject;
    if matches!(about.kind, MessageSubjectKind::Ledger | MessageSubjectKind::Partition) {
        let is_ledger = about.kind == MessageSubjectKind::Ledger;
        return Node::own(if is_ledger { NodeKind::Ledger } else { NodeKind::Partition }, &about.node);
    }
    match (&about.namespace, &about.name, &about.field, &about.run) {
        (_, _, _, Some(run)) => Node::run(run),
        (Some(namespace), Some(name), Some(field), None) => Node::column(namespace, name, field),
        (Some(namespace), Some(name), None, None) if about.node.starts_with("dataset:") => {
            Node::dataset(namespace, name)
        }
        (Some(namespace), Some(name), ..) => Node::job(namespace, name),
        _ => Node::own(NodeKind::Ledger, &about.node),
    }
}
