//! The topics of the embedded log as they stand in memory. Never writes: the writer changes them once it is durable.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use super::database::Database;
use super::format::{self, TopicRow, tag};
use crate::log::{Cleanup, LogError, Range, TopicPartition, TopicSpec, TopicState};

/// A topic and its partitions.
pub(super) struct Topic {
    pub name: Arc<str>,
    pub row: TopicRow,
    pub partitions: Vec<Partition>,
}

/// A partition: where it lies in the database, and what of it is durable.
pub(super) struct Partition {
    pub place: TopicPartition,
    pub column: String,
    start: AtomicU64,
    end: AtomicU64,
}

impl Topic {
    /// The topic of a row, its partitions read from the database.
    pub(super) fn load(database: &Database, name: &str, row: TopicRow) -> Result<Self, LogError> {
        let name: Arc<str> = Arc::from(name);
        let partition = |partition: u32| {
            let column = format::column(row.id, partition);
            let start = match database.get(&format::start_key(row.id, partition))? {
                None => 0,
                Some(value) => format::read_number(&value).ok_or_else(|| database.damaged("a trimmed start"))?,
            };
            let end = database.newest(&column)?.map_or(start, |newest| newest.saturating_add(1).max(start));
            let place = TopicPartition { topic: Arc::clone(&name), partition };
            Ok(Partition { place, column, start: AtomicU64::new(start), end: AtomicU64::new(end) })
        };
        let partitions = (0..row.partitions).map(partition).collect::<Result<_, LogError>>()?;
        Ok(Self { name, row, partitions })
    }

    pub(super) fn partition(&self, partition: u32) -> Result<&Partition, LogError> {
        self.partitions.get(partition as usize).ok_or_else(|| LogError::no_partition(&self.name, partition))
    }

    pub(super) fn is_compacted(&self) -> bool {
        matches!(self.row.cleanup, Cleanup::Compact { .. })
    }

    /// The topic in the terms of `topics check`: one copy, everything else as it was asked for.
    pub(super) fn state(&self) -> TopicState {
        let spec = TopicSpec {
            name: Arc::clone(&self.name),
            partitions: self.row.partitions,
            replication: 1,
            min_insync_replicas: 1,
            cleanup: self.row.cleanup,
            message_bytes_max: self.row.message_bytes_max,
        };
        let settings = spec.settings().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        TopicState { partitions: self.row.partitions, replication: 1, settings }
    }
}

impl Partition {
    pub(super) fn range(&self) -> Range {
        // The start never passes the end: read it first.
        let start = self.start.load(Ordering::Acquire);
        Range { start, end: self.end.load(Ordering::Acquire) }
    }

    /// Shows what an opened database holds of it: what a failed write has left may be there or not.
    fn reload(&self, database: &Database) -> Result<(), LogError> {
        let end = database.newest(&self.column)?.map_or(0, |newest| newest.saturating_add(1));
        self.end.fetch_max(end, Ordering::AcqRel);
        Ok(())
    }

    /// Lets readers see what has just become durable.
    pub(super) fn extend_to(&self, end: u64) {
        self.end.store(end, Ordering::Release);
    }

    /// Hides what has just been trimmed.
    pub(super) fn start_at(&self, start: u64) {
        self.start.fetch_max(start, Ordering::AcqRel);
    }
}

/// All topics, by name.
pub(super) struct Catalog {
    topics: RwLock<BTreeMap<Arc<str>, Arc<Topic>>>,
}

impl Catalog {
    /// Reads every topic.
    pub(super) fn load(database: &Database) -> Result<Self, LogError> {
        let mut topics = BTreeMap::new();
        for (name, row) in database.catalogue(tag::TOPIC)? {
            let name = String::from_utf8(name).map_err(|_| database.damaged("a topic's name"))?;
            let row = TopicRow::decode(&row).ok_or_else(|| database.damaged(&format!("topic {name}")))?;
            let topic = Arc::new(Topic::load(database, &name, row)?);
            topics.insert(Arc::clone(&topic.name), topic);
        }
        Ok(Self { topics: RwLock::new(topics) })
    }

    /// Reads every topic again from a database that has been opened anew. Those who hold a topic go on with it.
    pub(super) fn reload(&self, database: &Database) -> Result<(), LogError> {
        for (name, found) in Self::load(database)?.topics.into_inner() {
            match self.find(&name) {
                Some(known) => known.partitions.iter().try_for_each(|partition| partition.reload(database))?,
                None => self.add(found),
            }
        }
        Ok(())
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Topic>> {
        self.topics.read().get(name).cloned()
    }

    pub(super) fn get(&self, name: &str) -> Result<Arc<Topic>, LogError> {
        self.find(name).ok_or_else(|| LogError::NoTopic { topic: name.to_owned() })
    }

    pub(super) fn all(&self) -> Vec<Arc<Topic>> {
        self.topics.read().values().cloned().collect()
    }

    pub(super) fn add(&self, topic: Arc<Topic>) {
        self.topics.write().insert(Arc::clone(&topic.name), topic);
    }

    /// An id no topic has.
    pub(super) fn free_id(&self) -> u32 {
        self.topics.read().values().map(|topic| topic.row.id).max().map_or(0, |id| id.saturating_add(1))
    }
}
