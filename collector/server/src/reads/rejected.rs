//! `rejected list|show`: what intake refused, as `lineage.rejected` holds it.

use std::ops::Bound;
use std::time::Duration;

use super::events::findings;
use super::tail::{Tail, TailRow};
use crate::http::model::query::RejectedQuery;
use crate::http::model::{Finding, Rejected, RejectedSummary, Time};
use crate::http::{After, Listed, Payload, ReadError, Span};
use crate::intake::Desk;
use crate::intake::rejected::header;
use crate::log::{Log, ReadBound, Record, Start};

/// Rejections kept for each tenant; older ones are in the topic.
pub(super) const ROWS_MAX: usize = 50_000;
const READ: ReadBound = ReadBound { records_max: 1, bytes_max: 1, wait: Duration::from_millis(500) };
/// Reads that may come back empty while a record is fetched.
const EMPTY_READS_MAX: u32 = 10;

/// When it was received, then its key. The same original refused twice has two receipts and two rows: the topic is
/// at-least-once, and says so.
type Place = (i64, String);

/// A refused event, without its bytes.
#[derive(Clone)]
pub(super) struct Refusal {
    summary: RejectedSummary,
    is_whole: bool,
    partition: u32,
    offset: u64,
}

impl TailRow for Refusal {
    type Place = Place;

    fn read(record: &Record) -> Option<(String, Place, Self)> {
        let text = |name: &str| record.header(name).and_then(|value| std::str::from_utf8(value).ok());
        let (source, partition, offset) = (text(header::TOPIC)?, text(header::PARTITION)?, text(header::OFFSET)?);
        let received_at: Time = text(header::RECEIVED_AT)?.parse().ok()?;
        let summary = RejectedSummary {
            key: format!("{source}~{partition}~{offset}"),
            code: text(header::CODE)?.to_owned(),
            path: text(header::PATH).map(str::to_owned),
            reason: text(header::REASON).unwrap_or_default().to_owned(),
            source: source.to_owned(),
            partition: partition.parse().ok()?,
            offset: offset.parse().ok()?,
            received_at,
            payload_bytes: text(header::PAYLOAD_BYTES)?.parse().ok()?,
        };
        let row = Self {
            is_whole: text(header::KEPT_BYTES).is_none(),
            partition: record.partition,
            offset: record.offset,
            summary,
        };
        Some((text(header::TENANT)?.to_owned(), (received_at.0, row.summary.key.clone()), row))
    }
}

/// Newest first.
pub(super) fn list(
    tail: &Tail<Refusal>,
    tenant: &str,
    query: &RejectedQuery,
    span: &Span,
) -> Result<Listed<RejectedSummary>, ReadError> {
    tail.with(tenant, |held| {
        let until = match &span.after {
            After::Start => Bound::Unbounded,
            After::End => return Ok(Listed::new(Vec::new(), None)),
            After::Key(key) => Bound::Excluded(place(key)?),
        };
        let wanted = |row: &&Refusal| {
            query.code.as_ref().is_none_or(|code| *code == row.summary.code)
                && query.source.as_ref().is_none_or(|source| *source == row.summary.source)
                && query.since.is_none_or(|since| row.summary.received_at >= since)
        };
        let mut found = held.rows.range((Bound::Unbounded, until)).rev().map(|(_, row)| row).filter(wanted);
        let items: Vec<RejectedSummary> =
            found.by_ref().take(span.rows_max as usize).map(|row| row.summary.clone()).collect();
        let next = found.next().and(items.last()).map(|last| cursor(&(last.received_at.0, last.key.clone())));
        Ok(Listed { is_cut: held.is_cut && next.is_none(), ..Listed::new(items, next) })
    })?
}

fn cursor((time, key): &Place) -> Vec<u8> {
    [time.to_be_bytes().as_slice(), key.as_bytes()].concat()
}

fn place(key: &[u8]) -> Result<Place, ReadError> {
    let invalid = || ReadError::Invalid { parameter: "cursor", reason: "is not one of this list".to_owned() };
    let (time, text) = key.split_first_chunk::<8>().ok_or_else(invalid)?;
    Ok((i64::from_be_bytes(*time), String::from_utf8(text.to_vec()).map_err(|_| invalid())?))
}

fn find(tail: &Tail<Refusal>, tenant: &str, key: &str) -> Result<Refusal, ReadError> {
    let found = tail.with(tenant, |held| held.rows.values().rev().find(|row| row.summary.key == key).cloned())?;
    found.ok_or_else(|| ReadError::NotFound { what: format!("rejection {key}") })
}

pub(super) fn show(
    tail: &Tail<Refusal>,
    log: &dyn Log,
    topic: &str,
    desk: &Desk,
    tenant: &str,
    key: &str,
) -> Result<Rejected, ReadError> {
    let row = find(tail, tenant, key)?;
    let own = Finding {
        code: row.summary.code.clone(),
        path: row.summary.path.clone().unwrap_or_default(),
        message: row.summary.reason.clone(),
        ..Finding::from(&rejecting())
    };
    // The topic carries the finding that refused it; the others follow from the bytes, where they are whole.
    let mut all = vec![own];
    if row.is_whole {
        let again = findings(desk, &fetch(log, topic, &row)?.bytes);
        all.extend(
            again.into_iter().filter(|finding| (&finding.code, &finding.path) != (&row.summary.code, &all_path(&row))),
        );
    }
    Ok(Rejected { findings: all, payload_is_whole: row.is_whole, summary: row.summary })
}

fn all_path(row: &Refusal) -> String {
    row.summary.path.clone().unwrap_or_default()
}

fn rejecting() -> lineage::finding::Finding {
    let (code, path, message) = Default::default();
    lineage::finding::Finding { grade: lineage::finding::Grade::Reject, code, path, message }
}

pub(super) fn payload(
    tail: &Tail<Refusal>,
    log: &dyn Log,
    topic: &str,
    tenant: &str,
    key: &str,
) -> Result<Payload, ReadError> {
    fetch(log, topic, &find(tail, tenant, key)?)
}

/// Reads the original back from its topic.
fn fetch(log: &dyn Log, topic: &str, row: &Refusal) -> Result<Payload, ReadError> {
    let unread = |error: crate::log::LogError| match error {
        crate::log::LogError::OutOfRange { .. } => {
            ReadError::Gone { reason: "the topic has dropped it by age".to_owned() }
        }
        error => ReadError::Unavailable { reason: error.to_string() },
    };
    let mut reader = log.reader(topic).map_err(unread)?;
    reader.assign(&[(row.partition, Start::At(row.offset))]).map_err(unread)?;
    for _ in 0..EMPTY_READS_MAX {
        let batch = reader.read(READ).map_err(unread)?;
        if let Some(record) = batch.records.into_iter().next() {
            let is_it = record.offset == row.offset;
            let bytes = record.value.filter(|_| is_it);
            let gone = || ReadError::Gone { reason: "the topic has dropped it by age".to_owned() };
            return bytes.map(|bytes| Payload { bytes, is_whole: row.is_whole }).ok_or_else(gone);
        }
    }
    Err(ReadError::Unavailable { reason: "the original could not be read in time; try again".to_owned() })
}
