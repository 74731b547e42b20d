//! Plain appends to the embedded log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::catalog::Topic;
use super::format;
use super::queue::{Refusal, Request, Row};
use super::shared::Shared;
use crate::log::appender::{Untaken, Why};
use crate::log::{AppendAction, AppendError, Appender, LogError, NewRecord, Outcome, Pending, partition_of_key};

pub(super) struct EmbeddedAppender {
    shared: Arc<Shared>,
}

impl EmbeddedAppender {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl Appender for EmbeddedAppender {
    fn begin(&self, records: Vec<NewRecord>) -> Pending {
        let (rows, untaken) = rows_of(&self.shared, &records);
        if rows.is_empty() {
            let answer =
                if untaken.is_empty() { Ok(Vec::new()) } else { Err(AppendError::untaken(Vec::new(), &untaken)) };
            return Pending::ready(records.len(), answer);
        }
        let (answer, pending) = Pending::new(records.len());
        match self.shared.queue.push(Request::Append { rows, untaken, answer }) {
            Ok(()) => pending,
            Err((refusal, _)) => {
                let (action, what) = match refusal {
                    Refusal::Full => (AppendAction::Retry, "the log's queue is full".to_owned()),
                    Refusal::Closed => (AppendAction::Halt, self.shared.closed().to_string()),
                };
                let error = AppendError::all(action, what, Outcome::NotSent, records.len());
                Pending::ready(records.len(), Err(error))
            }
        }
    }
}

/// Encodes records for the partitions they go to; also those that the log does not take.
pub(super) fn rows_of(shared: &Shared, records: &[NewRecord]) -> (Vec<Row>, Vec<Untaken>) {
    let mut untaken = Vec::new();
    let mut rows = Vec::with_capacity(records.len());
    let mut topic: Option<Arc<Topic>> = None;
    for (place, record) in records.iter().enumerate() {
        if topic.as_ref().is_none_or(|topic| topic.name != record.topic) {
            topic = shared.catalog.find(&record.topic);
        }
        let row = match &topic {
            Some(topic) => row_of(shared, topic, record),
            None => Err(Why::Missing(LogError::NoTopic { topic: record.topic.to_string() })),
        };
        match row {
            Ok(row) => rows.push(row),
            Err(why) => untaken.push(Untaken { place, why }),
        }
    }
    (rows, untaken)
}

fn row_of(shared: &Shared, topic: &Arc<Topic>, record: &NewRecord) -> Result<Row, Why> {
    let too_large = record.size_bytes() > topic.row.message_bytes_max as usize || !format::fits(record);
    let unkeyed = topic.is_compacted() && record.key.is_none();
    let partition = record.partition.unwrap_or_else(|| spread(record, topic.row.partitions));
    if partition >= topic.row.partitions {
        return Err(Why::Missing(LogError::no_partition(&topic.name, partition)));
    }
    if too_large || unkeyed {
        return Err(Why::Unacceptable);
    }
    let timestamp_ms = record.timestamp_ms.unwrap_or_else(|| shared.clock.now_ms());
    Ok(Row { topic: Arc::clone(topic), partition, bytes: format::encode_record(record, timestamp_ms) })
}

fn spread(record: &NewRecord, partitions: u32) -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    match &record.key {
        Some(key) => partition_of_key(key, partitions),
        None => NEXT.fetch_add(1, Ordering::Relaxed).checked_rem(partitions).unwrap_or(0),
    }
}
