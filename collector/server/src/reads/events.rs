//! `events tail|show`: leaves in the order of the tree.

use ledger::leaf::{self, Detail, Leaf, Subject};
use lineage::decode::{self, decode};
use store::tables::{self, LeafKey};

use super::body::Body;
use super::scope::{Scope, broken};
use crate::http::model::query::EventsQuery;
use crate::http::model::{Event, EventSummary, Finding, Node, Outcome, Position, Time};
use crate::http::{After, Listed, Payload, ReadError, Span};
use crate::intake::Desk;

/// Leaves looked at for one page.
const LEAVES_MAX: u64 = 100_000;

/// Leaves upwards; or, asked for the newest, downwards. Upwards a cursor is the next leaf to look at, downwards the last one
/// that was.
pub(super) fn list(scope: &Scope, query: &EventsQuery, span: &Span) -> Result<Listed<EventSummary>, ReadError> {
    let down = query.newest == Some(true);
    let start = match &span.after {
        After::Start if down => scope.size,
        After::Start => 0,
        After::End => scope.size,
        After::Key(key) => key
            .as_slice()
            .try_into()
            .map(u64::from_be_bytes)
            .map_err(|_| ReadError::Invalid { parameter: "cursor", reason: "is not one of this list".to_owned() })?,
    };
    let mut items = Vec::new();
    let mut place = start;
    while items.len() < span.rows_max as usize && place.abs_diff(start) < LEAVES_MAX {
        let leaf = if down { place.checked_sub(1) } else { Some(place).filter(|place| *place < scope.size) };
        let Some(index) = leaf else { break };
        let leaf = read(scope, index)?;
        if wanted(&leaf, query) {
            items.push(summary(scope, index, &leaf)?);
        }
        place = if down { index } else { index + 1 };
    }
    let next = (!down || place > 0).then(|| place.to_be_bytes().to_vec());
    Ok(Listed::new(items, next))
}

fn wanted(leaf: &Leaf, query: &EventsQuery) -> bool {
    let (job, run) = about(leaf);
    let run_is = query.run.as_deref().is_none_or(|wanted| {
        let wanted = wanted.strip_prefix("run:").unwrap_or(wanted);
        run.as_deref().is_some_and(|run| run.eq_ignore_ascii_case(wanted))
    });
    let job_is = query.job.as_deref().is_none_or(|wanted| {
        let wanted = wanted.strip_prefix("job:").unwrap_or(wanted);
        job.is_some_and(|job| job.id.strip_prefix("job:") == Some(wanted))
    });
    let kind_is = query.kind.as_deref().is_none_or(|wanted| leaf.detail.kind().as_str() == wanted);
    run_is && job_is && kind_is
}

pub(super) fn read(scope: &Scope, index: u64) -> Result<Leaf, ReadError> {
    let bytes = tables::leaf_at(scope.store(), LeafKey { tenant: scope.number, index }).map_err(broken)?;
    let bytes = bytes.ok_or_else(|| ReadError::NotFound { what: format!("leaf {index}") })?;
    leaf::decode(&bytes).map_err(|fault| ReadError::Internal(format!("leaf {index} does not decode: {fault}")))
}

/// Job and run of an event's leaf.
fn about(leaf: &Leaf) -> (Option<Node>, Option<String>) {
    let Detail::Event(event) = &leaf.detail else { return (None, None) };
    match &event.subject {
        Subject::Run { id, job } => (Some(Node::job(job.namespace.shown(), job.name.shown())), Some(id.to_string())),
        Subject::Job(job) => (Some(Node::job(job.namespace.shown(), job.name.shown())), None),
        Subject::Dataset(_) => (None, None),
    }
}

fn summary(scope: &Scope, index: u64, leaf: &Leaf) -> Result<EventSummary, ReadError> {
    let (job, run_id) = about(leaf);
    let event = match &leaf.detail {
        Detail::Event(event) => Some(event),
        _ => None,
    };
    let body = if event.is_some() { Body::read(scope, index)? } else { None };
    Ok(EventSummary {
        leaf: index,
        kind: leaf.detail.kind().as_str().to_owned(),
        event_id: event.map(|event| event.event_id.to_string()),
        outcome: match &leaf.detail {
            Detail::Foreign(_) => Outcome::Foreign,
            Detail::Refused(_) => Outcome::Refused,
            Detail::Unappliable(_) => Outcome::Unappliable,
            _ => Outcome::Recorded,
        },
        position: Position {
            incarnation: leaf.position.incarnation.to_string(),
            partition: leaf.position.partition,
            offset: leaf.position.offset,
            ordinal: None,
        },
        received_at: Time(received_at_ns(leaf)),
        event_time: event.map(|event| Time(event.event_time_ns)),
        event_type: body.and_then(|body| body.event_type()),
        job,
        run_id,
    })
}

/// When intake received it; of leaves that follow from a tick, the tick's time.
fn received_at_ns(leaf: &Leaf) -> i64 {
    match &leaf.detail {
        Detail::Event(event) => event.received_at_ns,
        Detail::Genesis(genesis) => genesis.received_at_ns,
        Detail::Control(control) => control.received_at_ns,
        Detail::Rejections(rejections) => rejections.tick_at_ns,
        Detail::Coverage(coverage) => coverage.tick_at_ns,
        Detail::Heartbeat(heartbeat) => heartbeat.tick_at_ns,
        _ => 0,
    }
}

/// A leaf's index by event id or place.
pub(super) fn index(scope: &Scope, key: &str) -> Result<u64, ReadError> {
    let missing = || ReadError::NotFound { what: format!("event {key}") };
    let id = (key.len() == 64).then(|| hex::decode(key).ok()).flatten().and_then(|id| <[u8; 32]>::try_from(id).ok());
    let index = match id {
        Some(id) => tables::leaf_of(scope.store(), scope.number, &id).map_err(broken)?,
        None => key.parse().ok(),
    };
    index.filter(|index| *index < scope.size).ok_or_else(missing)
}

pub(super) fn show(scope: &Scope, desk: &Desk, key: &str) -> Result<Event, ReadError> {
    let index = index(scope, key)?;
    let leaf = read(scope, index)?;
    let bytes = leaf::encode(&leaf);
    let body = tables::body(scope.store(), LeafKey { tenant: scope.number, index }).map_err(broken)?;
    let shown = serde_json::from_slice(&bytes).map_err(|error| ReadError::Internal(error.to_string()))?;
    Ok(Event {
        summary: summary(scope, index, &leaf)?,
        leaf: shown,
        // The content of a control record is no event, and nothing is found in it.
        findings: body
            .as_deref()
            .filter(|_| matches!(leaf.detail, Detail::Event(_)))
            .map(|body| findings(desk, body))
            .unwrap_or_default(),
        body_bytes: body.map(|body| body.len() as u64),
        duplicates: tables::repeats(scope.store(), LeafKey { tenant: scope.number, index }).map_err(broken)?,
    })
}

/// What this version finds in a body: sentences are not in the leaf, only codes and paths.
pub(super) fn findings(desk: &Desk, body: &[u8]) -> Vec<Finding> {
    let mut scratch = decode::Scratch::default();
    match decode(body, &mut scratch, &desk.schemas, &desk.limits) {
        Ok(decoded) => decoded.findings.iter().map(Finding::from).collect(),
        Err(rejection) => rejection.findings.iter().map(Finding::from).collect(),
    }
}

pub(super) fn body(scope: &Scope, key: &str) -> Result<Payload, ReadError> {
    let index = index(scope, key)?;
    let leaf = LeafKey { tenant: scope.number, index };
    match tables::body(scope.store(), leaf).map_err(broken)? {
        Some(bytes) => Ok(Payload { bytes: bytes.into(), is_whole: true }),
        None if matches!(read(scope, index)?.detail, Detail::Event(_)) => {
            Err(ReadError::Gone { reason: "the body was erased; its leaf stays".to_owned() })
        }
        None => Err(ReadError::NotFound { what: format!("a body behind leaf {index}") }),
    }
}
