//! Gives up what a topic's cleanup allows: old records, and superseded ones of compacted topics.
//!
//! Runs on the writer's thread each time a partition has grown by as many records as it holds, and at least by
//! `UPKEEP_RECORDS_MIN`: the cost stays in proportion to what is appended. What is given up is a function of the records
//! and the clock alone. The newest record of a partition is never given up, so that its end stays known.

use std::collections::HashMap;

use rocksdb::WriteBatch;

use super::catalog::Topic;
use super::database::Database;
use super::format;
use super::group_commit::{Grown, put_trim, show_trim};
use super::writer::WriteSynced;
use crate::clock::Clock;
use crate::log::{Cleanup, LogError};

const UPKEEP_RECORDS_MIN: u64 = 65_536;

/// Records that one deletion batch drops at most.
const DROPPED_MAX: usize = 16_384;

#[derive(Default)]
pub(super) struct Upkeep {
    partitions: HashMap<(u32, u32), Growth>,
}

/// How far a partition has grown since its last upkeep, and what was left then.
#[derive(Clone, Copy, Default)]
struct Growth {
    appended: u64,
    kept: u64,
}

impl Upkeep {
    /// Notes what grew, and keeps up those partitions whose turn it is.
    pub(super) fn after(
        &mut self,
        database: &Database,
        clock: &dyn Clock,
        write_synced: &WriteSynced,
        grown: Vec<Grown>,
    ) -> Result<(), String> {
        for Grown { topic, partition, records } in grown {
            if topic.row.cleanup == Cleanup::Keep {
                continue;
            }
            let growth = self.partitions.entry((topic.row.id, partition)).or_default();
            growth.appended = growth.appended.saturating_add(records);
            if growth.appended < growth.kept.max(UPKEEP_RECORDS_MIN) {
                continue;
            }
            let kept = keep_up(database, clock.now_ms(), write_synced, &topic, partition)?;
            *growth = Growth { appended: 0, kept };
        }
        Ok(())
    }
}

/// Gives up what may go of one partition; gives how many records are left.
pub(super) fn keep_up(
    database: &Database,
    now_ms: i64,
    write_synced: &WriteSynced,
    topic: &Topic,
    partition: u32,
) -> Result<u64, String> {
    let before = |ms: u64| now_ms.saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX));
    let kept = match topic.row.cleanup {
        Cleanup::Keep => return Ok(0),
        Cleanup::After(ms) => retain(database, before(ms), write_synced, topic, partition),
        Cleanup::Compact { lag_ms } => compact(database, before(lag_ms), write_synced, topic, partition),
    };
    kept.map_err(|error| error.to_string())
}

/// Trims the records at the start that are older than `cutoff_ms`.
fn retain(
    database: &Database,
    cutoff_ms: i64,
    write_synced: &WriteSynced,
    topic: &Topic,
    partition: u32,
) -> Result<u64, LogError> {
    let found = topic.partition(partition)?;
    let range = found.range();
    let newest = range.end.saturating_sub(1).max(range.start);
    let below = database.scan(&found.column, range.start, newest, |offset, row| {
        let record = format::decode_record(&found.place, offset, row)
            .ok_or_else(|| database.damaged(&format!("{} offset {offset}", found.place)))?;
        Ok(record.timestamp_ms < cutoff_ms)
    })?;
    if below > range.start {
        let mut batch = WriteBatch::default();
        put_trim(database, &mut batch, topic, partition, below)?;
        write_synced(database, batch).map_err(LogError::halt)?;
        show_trim(database, topic, partition, below);
    }
    Ok(range.end.saturating_sub(below))
}

/// Drops records older than `cutoff_ms` whose key has a newer one.
fn compact(
    database: &Database,
    cutoff_ms: i64,
    write_synced: &WriteSynced,
    topic: &Topic,
    partition: u32,
) -> Result<u64, LogError> {
    let found = topic.partition(partition)?;
    let range = found.range();
    let mut newest: HashMap<[u8; 32], (u64, i64)> = HashMap::new();
    let mut superseded = Vec::new();
    let mut records = 0_u64;
    database.scan(&found.column, range.start, range.end, |offset, row| {
        let record = format::decode_record(&found.place, offset, row)
            .ok_or_else(|| database.damaged(&format!("{} offset {offset}", found.place)))?;
        records = records.saturating_add(1);
        let key = blake3::hash(record.key.as_deref().unwrap_or_default());
        let older = newest.insert(*key.as_bytes(), (offset, record.timestamp_ms));
        superseded.extend(older.filter(|(_, timestamp_ms)| *timestamp_ms < cutoff_ms).map(|(offset, _)| offset));
        Ok(true)
    })?;
    let column = database.column(&found.column)?;
    for offsets in superseded.chunks(DROPPED_MAX) {
        let mut batch = WriteBatch::default();
        offsets.iter().for_each(|offset| batch.delete_cf(&column, format::record_key(*offset)));
        write_synced(database, batch).map_err(LogError::halt)?;
    }
    Ok(records.saturating_sub(superseded.len() as u64))
}
