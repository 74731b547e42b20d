//! Moving a ledger from the embedded log to Kafka: the same records at the same offsets, so the same leaves and the same root.
//! Owns what is copied and in which order. Never changes the log it copies from; never writes over another ledger; goes on where
//! an earlier attempt stopped.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;

use crate::log::{AppendError, Appender, Log, LogError, Names, NewRecord, Record, Start, Whole};

/// What became of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The topic.
    pub topic: String,
    /// The partition, of the log that was copied from.
    pub partition: u32,
    /// Records that were copied now.
    pub copied: u64,
    /// Records that an earlier attempt had copied.
    pub there: u64,
}

/// Why a ledger was not moved. What was copied stays; another attempt goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A log can't be read.
    #[error("{0}")]
    Log(#[from] LogError),
    /// Kafka did not take the records.
    #[error("Kafka did not take records of {topic}: {error}; run the command again, it goes on where it stopped")]
    Append {
        /// The topic.
        topic: String,
        /// Why.
        error: AppendError,
    },
    /// The oldest records are gone.
    #[error(
        "{topic}/{partition} was trimmed below offset {start}: its records can't come to the same offsets elsewhere"
    )]
    Trimmed {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The oldest offset that is left.
        start: u64,
    },
    /// Partition counts differ.
    #[error(
        "{topic} has {found} partitions on Kafka and {wanted} here; its count never changes, make the topic with {wanted}"
    )]
    Partitions {
        /// The topic.
        topic: String,
        /// On Kafka.
        found: u32,
        /// On the embedded log.
        wanted: u32,
    },
    /// The target is no copy of the source.
    #[error(
        "{topic}/{partition} on Kafka holds another record at offset {offset}: it is another ledger's, or something else writes there"
    )]
    Differs {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The first offset that differs.
        offset: u64,
    },
}

/// Copies a ledger's topics. Nothing may be at work on either log. What the publisher has said of itself
/// (`lineage.recorders`) stays behind, for offsets on Kafka are others: it finds again what is published by reading the alerts.
///
/// # Errors
/// See [`MigrateError`].
pub fn migrate(from: &dyn Log, to: &dyn Log, names: &Names, inputs: &[String]) -> Result<Vec<Moved>, MigrateError> {
    let appender = to.appender()?;
    let (wanted, found) = (from.partitions(&names.events)?, to.partitions(&names.events)?);
    if wanted != found {
        return Err(MigrateError::Partitions { topic: names.events.to_string(), found, wanted });
    }
    let mut moved = Vec::new();
    for partition in 0..wanted {
        moved.push(move_events(from, to, appender.as_ref(), &names.events, partition)?);
    }
    for topic in [&names.alerts, &names.checkpoints, &names.rejected] {
        moved.extend(move_others(from, to, appender.as_ref(), topic, None)?);
    }
    let group = names.group("intake");
    for topic in inputs {
        if from.describe(topic)?.is_some() && to.describe(topic)?.is_some() {
            moved.extend(move_others(from, to, appender.as_ref(), &Arc::from(topic.as_str()), Some(&group))?);
        }
    }
    Ok(moved)
}

/// The event log, record by record at its own offset; in the end both are read and compared.
fn move_events(
    from: &dyn Log,
    to: &dyn Log,
    appender: &dyn Appender,
    topic: &Arc<str>,
    partition: u32,
) -> Result<Moved, MigrateError> {
    let range = from.range(topic, partition)?;
    if range.start > 0 {
        return Err(MigrateError::Trimmed { topic: topic.to_string(), partition, start: range.start });
    }
    let there = to.range(topic, partition)?.end;
    compare(from, to, topic, partition, 0, there)?;
    Whole::batches((from, topic, partition), Start::At(there), |records| {
        let (first, sent) = (records[0].offset, records.len() as u64);
        let positions = appender
            .append(
                records.into_iter().map(|record| NewRecord { partition: Some(partition), ..again(record) }).collect(),
            )
            .map_err(|error| MigrateError::Append { topic: topic.to_string(), error })?;
        // The leaf of a record names its offset: one further on would be another ledger.
        match positions.iter().zip(first..first + sent).find(|(position, offset)| position.offset != *offset) {
            Some((_, offset)) => Err(MigrateError::Differs { topic: topic.to_string(), partition, offset }),
            None => Ok(()),
        }
    })?;
    compare(from, to, topic, partition, there, range.end)?;
    Ok(Moved { topic: topic.to_string(), partition, copied: range.end - there, there })
}

/// A topic whose offsets mean nothing: what is not there yet, in its order. Of an input only what `group` has not read.
fn move_others(
    from: &dyn Log,
    to: &dyn Log,
    appender: &dyn Appender,
    topic: &Arc<str>,
    group: Option<&str>,
) -> Result<Vec<Moved>, MigrateError> {
    let mut known: HashSet<[u8; 32]> = HashSet::new();
    for partition in 0..to.partitions(topic)? {
        let start = to.range(topic, partition)?.start;
        Whole::each((to, topic, partition), Start::At(start), |record| {
            known.insert(digest(record));
            Ok::<_, MigrateError>(())
        })?;
    }
    let mut moved = Vec::new();
    for partition in 0..from.partitions(topic)? {
        let range = from.range(topic, partition)?;
        let read_already = match group {
            Some(group) => from.group_offset(group, topic, partition)?.unwrap_or(0),
            None => 0,
        };
        let mut one = Moved { topic: topic.to_string(), partition, copied: 0, there: 0 };
        let start = Start::At(read_already.clamp(range.start, range.end));
        Whole::batches((from, topic, partition), start, |records| {
            let all = records.len() as u64;
            let missing: Vec<NewRecord> =
                records.into_iter().filter(|record| !known.contains(&digest(record))).map(again).collect();
            one.copied += missing.len() as u64;
            one.there += all - missing.len() as u64;
            match missing.is_empty() {
                true => Ok(()),
                false => appender
                    .append(missing)
                    .map(drop)
                    .map_err(|error| MigrateError::Append { topic: topic.to_string(), error }),
            }
        })?;
        moved.push(one);
    }
    Ok(moved)
}

/// The same record, for another log. The partition is the other log's business.
fn again(record: Record) -> NewRecord {
    let Record { topic, timestamp_ms, key, value, headers, .. } = record;
    NewRecord { topic, partition: None, key, value, headers, timestamp_ms: Some(timestamp_ms) }
}

/// What tells two records apart wherever they lie.
fn digest(record: &Record) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let mut field = |bytes: Option<&[u8]>| {
        let bytes = bytes.unwrap_or_default();
        hasher.update(&(bytes.len() as u64).to_be_bytes()).update(bytes);
    };
    field(record.key.as_deref());
    field(record.value.as_deref());
    for header in &record.headers {
        field(Some(header.name.as_bytes()));
        field(Some(&header.value));
    }
    *hasher.finalize().as_bytes()
}

/// Compares both logs between two offsets.
fn compare(
    from: &dyn Log,
    to: &dyn Log,
    topic: &Arc<str>,
    partition: u32,
    first: u64,
    end: u64,
) -> Result<(), MigrateError> {
    let differs = |offset| MigrateError::Differs { topic: topic.to_string(), partition, offset };
    if first == end {
        return Ok(());
    }
    if from.range(topic, partition)?.end < end {
        return Err(differs(from.range(topic, partition)?.end));
    }
    let mut theirs = Vec::new();
    let mut copies = Whole::new((to, topic, partition), Start::At(first))?;
    Whole::batches((from, topic, partition), Start::At(first), |records| {
        for record in records.into_iter().filter(|record| record.offset < end) {
            if theirs.is_empty() {
                theirs = copies.next()?;
                theirs.reverse();
            }
            let same = |copy: &Record| copy.offset == record.offset && digest(copy) == digest(&record);
            if !theirs.pop().as_ref().is_some_and(same) {
                return Err(differs(record.offset));
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::log::sim::Sim;
    use crate::log::{GroupOffset, Sizing};

    fn log(partitions: u32) -> Sim {
        let log = Sim::new(1, Arc::new(ManualClock::at(0)));
        let sizing = Sizing { partitions, input_partitions: 1, brokers: 1, payload_bytes_max: 1 << 20 };
        for spec in sizing.topics(&Names::new("")) {
            log.create(&spec).unwrap();
        }
        log
    }

    fn write(log: &Sim, topic: &Arc<str>, values: &[&str]) {
        let record = |value: &&str| NewRecord::new(topic, (*value).to_owned()).partition(0).key("key");
        log.appender().unwrap().append(values.iter().map(record).collect()).unwrap();
    }

    fn values(log: &Sim, topic: &str) -> Vec<String> {
        let text = |record: Record| String::from_utf8(record.value.unwrap().to_vec()).unwrap();
        log.records(topic).into_iter().map(text).collect()
    }

    #[test]
    fn what_was_copied_before_is_not_copied_again() {
        let (from, to, names) = (log(2), log(2), Names::new(""));
        write(&from, &names.events, &["a", "b", "c"]);
        write(&from, &names.alerts, &["x", "y"]);
        write(&from, &names.input, &["read", "unread"]);
        let group = names.group("intake");
        let offset = GroupOffset { topic: Arc::clone(&names.input), partition: 0, next: 1 };
        from.store_group_offsets(&group, &[offset]).unwrap();
        // An earlier attempt came as far as this.
        write(&to, &names.events, &["a"]);
        write(&to, &names.alerts, &["x"]);
        for round in 0..2 {
            let moved = migrate(&from, &to, &names, &[names.input.to_string()]).unwrap();
            let counts = |topic: &str| {
                let of = moved.iter().filter(|one| one.topic == topic);
                of.fold((0, 0), |(copied, there), one| (copied + one.copied, there + one.there))
            };
            let expected = if round == 0 { [(2, 1), (1, 1), (1, 0)] } else { [(0, 3), (0, 2), (0, 1)] };
            assert_eq!([counts(&names.events), counts(&names.alerts), counts(&names.input)], expected);
        }
        assert_eq!(values(&to, &names.events), ["a", "b", "c"]);
        assert_eq!(values(&to, &names.alerts), ["x", "y"]);
        assert_eq!(values(&to, &names.input), ["unread"]);
    }

    #[test]
    fn another_ledger_is_never_written_over() {
        let (from, names) = (log(1), Names::new(""));
        write(&from, &names.events, &["a", "b"]);
        for (there, offset) in [(vec!["z"], 0), (vec!["a", "z"], 1), (vec!["a", "b", "c"], 2)] {
            let to = log(1);
            write(&to, &names.events, &there);
            match migrate(&from, &to, &names, &[]) {
                Err(MigrateError::Differs { offset: found, .. }) => assert_eq!(found, offset, "{there:?}"),
                other => panic!("{other:?}"),
            }
            assert_eq!(values(&to, &names.events), there);
        }
        assert!(matches!(
            migrate(&from, &log(2), &names, &[]),
            Err(MigrateError::Partitions { found: 2, wanted: 1, .. })
        ));
        from.trim(&names.events, 0, 1).unwrap();
        assert!(matches!(migrate(&from, &log(1), &names, &[]), Err(MigrateError::Trimmed { start: 1, .. })));
    }
}
