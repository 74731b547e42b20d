//! Reads partitions of a Kafka topic: assigned, never subscribed, committed records only.
//!
//! A reader of committed records ends at the first open transaction, which may be another owner's and lie before records
//! of our own that are committed. So nothing is read until each partition's stable end has passed what the partition held
//! at the assignment; a transaction's timeout bounds the wait.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::TopicPartitionList;

use super::admin::Admin;
use super::context::Quiet;
use super::convert::{self, offset_number, partition_number};
use super::fault;
use super::settings::Settings;
use super::taken::Taken;
use crate::clock::Clock;
use crate::log::{Batch, LogError, ReadBound, Reader, Record, Start, TopicPartition};

/// How long to wait before looking again whether open transactions have ended.
const SETTLE_LOOK: Duration = Duration::from_millis(20);

pub(super) struct KafkaReader {
    admin: Arc<Admin>,
    clock: Arc<dyn Clock>,
    topic: Arc<str>,
    consumer: BaseConsumer<Quiet>,
    places: BTreeMap<u32, Place>,
    /// Fetched and not yet given: beyond a read's bytes, or of a partition that was paused.
    held: VecDeque<Record>,
    stage: Stage,
    /// The end has been announced, and nothing has come since.
    announced: bool,
}

struct Place {
    next: u64,
    /// What the partition held at the assignment, open transactions included.
    end_at_assignment: u64,
    /// All of that has come. The broker says so only when it has nothing more at hand, which under steady writing is never;
    /// and where the last of it are a transaction's markers, nothing but the broker or a later record shows it.
    at_end: bool,
    paused: bool,
}

/// How far an assignment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Waits for transactions to end that were open at the assignment.
    Settling,
    /// The consumer fetches.
    Reading,
}

impl KafkaReader {
    pub(super) fn new(
        settings: &Settings,
        admin: Arc<Admin>,
        clock: Arc<dyn Clock>,
        topic: &str,
    ) -> Result<Self, LogError> {
        let made = settings.reader().create_with_context(Quiet);
        let consumer = made.map_err(|error| fault::log_error("cannot make a consumer", &error))?;
        let topic = Arc::from(topic);
        let (places, held) = (BTreeMap::new(), VecDeque::new());
        Ok(Self { admin, clock, topic, consumer, places, held, stage: Stage::Reading, announced: false })
    }

    /// Starts to fetch once nothing is open any more that was so at the assignment.
    fn settle(&mut self) -> Result<(), LogError> {
        for (partition, place) in &self.places {
            let stable = self.admin.range_seen_by(&self.consumer, &self.topic, *partition)?;
            if stable.end < place.end_at_assignment {
                return Ok(());
            }
        }
        let doing = format!("reading {}", self.topic);
        let mut list = TopicPartitionList::with_capacity(self.places.len());
        for (partition, place) in &self.places {
            list.add_partition_offset(&self.topic, partition_number(*partition), offset_number(place.next))
                .map_err(|error| fault::log_error(&doing, &error))?;
        }
        self.consumer.assign(&list).map_err(|error| fault::log_error(&doing, &error))?;
        let paused: Vec<TopicPartition> =
            self.places.iter().filter(|(_, place)| place.paused).map(|(partition, _)| self.place(*partition)).collect();
        self.consumer.pause(&convert::list(&paused)).map_err(|error| fault::log_error(&doing, &error))?;
        self.stage = Stage::Reading;
        Ok(())
    }

    fn place(&self, partition: u32) -> TopicPartition {
        TopicPartition { topic: Arc::clone(&self.topic), partition }
    }

    /// The next record of a partition that is not paused, or none after `wait`.
    fn next(&mut self, wait: Duration) -> Result<Option<Record>, LogError> {
        let places = &self.places;
        let ready = |record: &Record| places.get(&record.partition).is_some_and(|place| !place.paused);
        if let Some(found) = self.held.iter().position(ready) {
            return Ok(self.held.remove(found));
        }
        let Some(polled) = self.consumer.poll(wait) else { return Ok(None) };
        match polled {
            Ok(message) => {
                let record = convert::record(&self.topic, &message);
                drop(message);
                let Some(place) = self.places.get_mut(&record.partition) else { return Ok(None) };
                place.next = record.offset.saturating_add(1);
                place.at_end |= place.next >= place.end_at_assignment;
                if place.paused {
                    self.held.push_back(record);
                    return Ok(None);
                }
                Ok(Some(record))
            }
            Err(KafkaError::PartitionEOF(partition)) => {
                let partition = u32::try_from(partition).ok();
                if let Some(place) = partition.and_then(|partition| self.places.get_mut(&partition)) {
                    place.at_end = true;
                }
                Ok(None)
            }
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// Names a failure; a position that is no longer in the log is looked for in each partition.
    fn failure(&self, error: &KafkaError) -> LogError {
        let doing = format!("reading {}", self.topic);
        match error.rdkafka_error_code() {
            Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => {}
            Some(code) if fault::is_missing(code) => return LogError::NoTopic { topic: self.topic.to_string() },
            _ => return fault::log_error(&doing, error),
        }
        for (partition, place) in &self.places {
            match self.admin.range(&self.topic, *partition) {
                Ok(range) if range.admits(place.next) => {}
                Ok(range) => {
                    let topic = self.topic.to_string();
                    return LogError::OutOfRange { topic, partition: *partition, offset: place.next, range };
                }
                Err(error) => return error,
            }
        }
        LogError::retry(format!("{doing}: {error}"))
    }

    fn set_paused(&mut self, partition: u32, paused: bool) -> Result<(), LogError> {
        let Some(place) = self.places.get_mut(&partition) else {
            return Err(LogError::no_partition(&self.topic, partition));
        };
        place.paused = paused;
        if self.stage == Stage::Settling {
            return Ok(());
        }
        let list = convert::list(&[self.place(partition)]);
        let done = if paused { self.consumer.pause(&list) } else { self.consumer.resume(&list) };
        done.map_err(|error| fault::log_error(&format!("pausing {}", self.topic), &error))
    }

    fn at_end(&self) -> bool {
        let held = |partition: u32| self.held.iter().any(|record| record.partition == partition);
        self.stage == Stage::Reading
            && self.places.iter().all(|(partition, place)| place.paused || (place.at_end && !held(*partition)))
    }
}

impl Reader for KafkaReader {
    fn assign(&mut self, partitions: &[(u32, Start)]) -> Result<(), LogError> {
        let mut places = BTreeMap::new();
        for &(partition, start) in partitions {
            let range = self.admin.range(&self.topic, partition)?;
            let next = match start {
                Start::Earliest => range.start,
                Start::End => range.end,
                Start::At(offset) if range.admits(offset) => offset,
                Start::At(offset) => {
                    let topic = self.topic.to_string();
                    return Err(LogError::OutOfRange { topic, partition, offset, range });
                }
            };
            places.insert(partition, Place { next, end_at_assignment: range.end, at_end: false, paused: false });
        }
        let doing = format!("reading {}", self.topic);
        self.consumer.unassign().map_err(|error| fault::log_error(&doing, &error))?;
        self.held.clear();
        self.places = places;
        self.stage = Stage::Settling;
        self.announced = false;
        Ok(())
    }

    fn read(&mut self, bound: ReadBound) -> Result<Batch, LogError> {
        let started = self.clock.monotonic();
        let mut taken = Taken::new(bound);
        while taken.has_room() {
            let waited = self.clock.monotonic().saturating_sub(started);
            let left = if taken.records.is_empty() { bound.wait.saturating_sub(waited) } else { Duration::ZERO };
            if self.stage == Stage::Settling {
                self.settle()?;
            }
            let look = if self.stage == Stage::Settling { left.min(SETTLE_LOOK) } else { left };
            match self.next(look)? {
                Some(record) => {
                    if let Some(too_much) = taken.take(record) {
                        self.held.push_front(too_much);
                        break;
                    }
                }
                None if left.is_zero() || (self.at_end() && !self.announced) => break,
                // An end of one partition, a wait for a transaction, or a record of a paused one.
                None => {}
            }
        }
        let at_end = self.at_end();
        self.announced = at_end;
        Ok(Batch { records: taken.records, at_end })
    }

    fn pause(&mut self, partition: u32) -> Result<(), LogError> {
        self.set_paused(partition, true)
    }

    fn resume(&mut self, partition: u32) -> Result<(), LogError> {
        self.set_paused(partition, false)
    }
}
