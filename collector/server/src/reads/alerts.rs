//! `alerts list|watch`: messages as they were published, in the order of the log.

use std::ops::Bound;
use std::sync::Arc;

use lineage::alert::AlertMessage;
use lineage::row;
use lineage::rule::Severity as RuleSeverity;

use super::tail::{Tail, TailRow};
use crate::http::model::query::AlertsQuery;
use crate::http::model::{Alert, AlertState, AlertSummary, Node, Position, Severity, Time};
use crate::http::{After, Listed, ReadError, Span};
use crate::log::Record;

/// Messages kept for each tenant; older ones are in the topic.
pub(super) const MESSAGES_MAX: usize = 10_000;

/// A published message. Rows are ordered by the offset and ordinal that they come from: a tenant has one partition.
#[derive(Clone)]
pub(super) struct Message {
    position: Position,
    message: Arc<AlertMessage>,
}

impl TailRow for Message {
    type Place = (u64, u32);

    fn read(record: &Record) -> Option<(String, Self::Place, Self)> {
        let position = std::str::from_utf8(record.header("ledgerline-position")?).ok()?.parse::<Position>().ok()?;
        let message: AlertMessage = serde_json::from_slice(record.value.as_deref()?).ok()?;
        let place = (position.offset, position.ordinal.unwrap_or(0));
        Some((message.tenant.clone(), place, Self { position, message: Arc::new(message) }))
    }
}

pub(super) fn list(
    tail: &Tail<Message>,
    tenant: &str,
    query: &AlertsQuery,
    span: &Span,
) -> Result<Listed<AlertSummary>, ReadError> {
    tail.with(tenant, |rows| {
        let from = match &span.after {
            After::Start => Bound::Unbounded,
            After::End => {
                let next = rows.last_key_value().map(|(place, _)| cursor(*place));
                return Ok(Listed { items: Vec::new(), next });
            }
            After::Key(key) => Bound::Excluded(place(key)?),
        };
        let mut items = Vec::new();
        let mut last = None;
        for (place, row) in rows.range((from, Bound::Unbounded)) {
            if items.len() >= span.rows_max as usize {
                break;
            }
            last = Some(*place);
            let summary = summary(row);
            let wanted = query.state.is_none_or(|state| state == summary.state)
                && query.severity.is_none_or(|least| summary.severity >= least)
                && query.rule.as_ref().is_none_or(|rule| *rule == summary.rule);
            if wanted {
                items.push(summary);
            }
        }
        Ok(Listed { items, next: last.map(cursor) })
    })
}

/// The newest message of an alert.
pub(super) fn show(tail: &Tail<Message>, tenant: &str, alert_id: &str) -> Result<Alert, ReadError> {
    let newest = tail.with(tenant, |rows| rows.values().rev().find(|row| row.message.id == alert_id).cloned());
    let row = newest.ok_or_else(|| ReadError::NotFound { what: format!("alert {alert_id}") })?;
    let body = serde_json::to_value(&*row.message).map_err(|error| ReadError::Internal(error.to_string()))?;
    Ok(Alert {
        summary: summary(&row),
        body,
        evidence: row.message.evidence.leaves.iter().map(|leaf| leaf.index).collect(),
        remedy: row.message.remedy.clone(),
    })
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
    match (&about.namespace, &about.name, &about.field, &about.run) {
        (_, _, _, Some(run)) => Node::run(run),
        (Some(namespace), Some(name), Some(field), None) => Node::column(namespace, name, field),
        (Some(namespace), Some(name), None, None) if about.node.starts_with("dataset:") => {
            Node::dataset(namespace, name)
        }
        (Some(namespace), Some(name), ..) => Node::job(namespace, name),
        _ => Node::job("", &about.node),
    }
}
