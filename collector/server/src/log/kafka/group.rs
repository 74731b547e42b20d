//! Reading Kafka topics as a member of a group.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::{ClientContext, Message};

use super::settings::Settings;
use super::taken::Taken;
use super::{context, convert, fault};
use crate::clock::Clock;
use crate::log::{GroupOffset, GroupReader, Inputs, Join, LogError, Membership, ReadBound, Record, TopicPartition};

type MemberConsumer = BaseConsumer<Member>;

/// Hears of the group's business, on the thread that polls.
struct Member {
    membership: Arc<dyn Membership>,
    assignment_only: bool,
    held: Mutex<Held>,
}

/// What the member has, and what it has lost since the last poll.
#[derive(Default)]
struct Held {
    partitions: BTreeSet<TopicPartition>,
    given_up: Vec<TopicPartition>,
}

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        context::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        context::log_error(&error, reason);
    }
}

impl ConsumerContext for Member {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(list) = rebalance else { return };
        let partitions = convert::partitions(list);
        let mut held = self.held.lock();
        partitions.iter().for_each(|place| {
            held.partitions.remove(place);
        });
        held.given_up.extend(partitions.iter().cloned());
        drop(held);
        if partitions.is_empty() {
            return;
        }
        if consumer.assignment_lost() {
            self.membership.lost(&partitions);
        } else {
            self.membership.revoked(&partitions);
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Assign(list) = rebalance else { return };
        let partitions = convert::partitions(list);
        if !partitions.is_empty() {
            if self.assignment_only
                && let Err(error) = consumer.pause(list)
            {
                tracing::warn!(%error, "an assignment could not be paused");
            }
            self.held.lock().partitions.extend(partitions.iter().cloned());
            self.membership.assigned(&partitions);
        }
        self.membership.settled();
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            // Stored again with the next batch; a crash before that only means a second delivery.
            tracing::warn!(%error, "offsets were not stored");
        }
    }
}

pub(super) struct KafkaGroupReader {
    clock: Arc<dyn Clock>,
    request_timeout: Duration,
    group: String,
    consumer: MemberConsumer,
    topics: BTreeMap<String, Arc<str>>,
    paused: BTreeSet<TopicPartition>,
    /// Fetched and not yet given.
    waiting: VecDeque<Record>,
    /// Stored last, of each partition that is ours.
    stored: BTreeMap<TopicPartition, u64>,
}

impl KafkaGroupReader {
    pub(super) fn join(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        join: &Join,
        membership: Arc<dyn Membership>,
    ) -> Result<Self, LogError> {
        let doing = format!("joining {}", join.group);
        let held = Mutex::default();
        let member = Member { membership, assignment_only: join.assignment_only, held };
        let consumer: MemberConsumer = settings
            .member(join)
            .create_with_context(member)
            .map_err(|error| fault::log_error("cannot make a consumer", &error))?;
        let inputs: Vec<&str> = match &join.inputs {
            Inputs::Topics(topics) => topics.iter().map(String::as_str).collect(),
            Inputs::Pattern(pattern) if pattern.starts_with('^') => vec![pattern],
            Inputs::Pattern(pattern) => {
                return Err(LogError::halt(format!("the input pattern {pattern} must begin with ^")));
            }
        };
        consumer.subscribe(&inputs).map_err(|error| fault::log_error(&doing, &error))?;
        Ok(Self {
            clock,
            request_timeout: settings.request_timeout,
            group: join.group.clone(),
            consumer,
            topics: BTreeMap::new(),
            paused: BTreeSet::new(),
            waiting: VecDeque::new(),
            stored: BTreeMap::new(),
        })
    }

    /// The next record, or none after `wait` or after some business of the group.
    fn next(&mut self, wait: Duration) -> Result<Option<Record>, LogError> {
        let paused = &self.paused;
        if let Some(found) = self.waiting.iter().position(|record| !paused.contains(&place(record))) {
            return Ok(self.waiting.remove(found));
        }
        let record = match self.consumer.poll(wait) {
            None => return Ok(None),
            Some(Ok(message)) => {
                let topic = match self.topics.get(message.topic()) {
                    Some(topic) => Arc::clone(topic),
                    None => {
                        let topic: Arc<str> = Arc::from(message.topic());
                        self.topics.insert(message.topic().to_owned(), Arc::clone(&topic));
                        topic
                    }
                };
                convert::record(&topic, &message)
            }
            Some(Err(error)) => return self.failure(&error).map(|()| None),
        };
        if self.paused.contains(&place(&record)) {
            self.waiting.push_back(record);
            return Ok(None);
        }
        Ok(Some(record))
    }

    /// A topic that is not there yet is waited for; librdkafka goes on by itself.
    fn failure(&self, error: &KafkaError) -> Result<(), LogError> {
        let missing = error.rdkafka_error_code().is_some_and(fault::is_missing);
        if missing && !matches!(error, KafkaError::MessageConsumptionFatal(_)) {
            tracing::debug!(%error, "an input topic is not there yet");
            return Ok(());
        }
        Err(match (fault::log_error(&format!("reading as {}", self.group), error), error) {
            (LogError::Retry { what }, KafkaError::MessageConsumptionFatal(_)) => LogError::halt(what),
            (named, _) => named,
        })
    }

    /// Forgets what belongs to partitions that were given up while polling.
    fn forget_given_up(&mut self, taken: &mut Vec<Record>) {
        let given_up = std::mem::take(&mut self.consumer.context().held.lock().given_up);
        if given_up.is_empty() {
            return;
        }
        let ours = |record: &Record| !given_up.contains(&place(record));
        taken.retain(ours);
        self.waiting.retain(ours);
        for place in &given_up {
            self.paused.remove(place);
            self.stored.remove(place);
        }
    }
}

fn place(record: &Record) -> TopicPartition {
    TopicPartition { topic: Arc::clone(&record.topic), partition: record.partition }
}

impl GroupReader for KafkaGroupReader {
    fn poll(&mut self, bound: ReadBound) -> Result<Vec<Record>, LogError> {
        let started = self.clock.monotonic();
        let mut taken = Taken::new(bound);
        while taken.has_room() {
            let waited = self.clock.monotonic().saturating_sub(started);
            let left = if taken.records.is_empty() { bound.wait.saturating_sub(waited) } else { Duration::ZERO };
            match self.next(left)? {
                Some(record) => {
                    if let Some(too_much) = taken.take(record) {
                        self.waiting.push_front(too_much);
                        break;
                    }
                }
                None if left.is_zero() => break,
                None => {}
            }
        }
        let mut records = taken.records;
        self.forget_given_up(&mut records);
        Ok(records)
    }

    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.paused.extend(partitions.iter().cloned());
        self.consumer
            .pause(&convert::list(partitions))
            .map_err(|error| fault::log_error(&format!("pausing {}", self.group), &error))
    }

    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        partitions.iter().for_each(|place| {
            self.paused.remove(place);
        });
        self.consumer
            .resume(&convert::list(partitions))
            .map_err(|error| fault::log_error(&format!("resuming {}", self.group), &error))
    }

    fn store(&mut self, offsets: &[GroupOffset]) -> Result<(), LogError> {
        let mut ours = Vec::with_capacity(offsets.len());
        let held = self.consumer.context().held.lock();
        for offset in offsets {
            let place = TopicPartition { topic: Arc::clone(&offset.topic), partition: offset.partition };
            if held.partitions.contains(&place) {
                self.stored.insert(place, offset.next);
                ours.push(offset.clone());
            }
        }
        drop(held);
        if ours.is_empty() {
            return Ok(());
        }
        self.consumer
            .commit(&convert::offsets(&ours)?, CommitMode::Async)
            .map_err(|error| fault::log_error(&format!("storing offsets of {}", self.group), &error))
    }

    fn close(self: Box<Self>) -> Result<(), LogError> {
        let offset = |(place, next): (&TopicPartition, &u64)| GroupOffset {
            topic: Arc::clone(&place.topic),
            partition: place.partition,
            next: *next,
        };
        let offsets: Vec<GroupOffset> = self.stored.iter().map(offset).collect();
        tracing::debug!(group = self.group, timeout = ?self.request_timeout, "leaving");
        if offsets.is_empty() {
            return Ok(());
        }
        match self.consumer.commit(&convert::offsets(&offsets)?, CommitMode::Sync) {
            Ok(()) => Ok(()),
            Err(error) if error.rdkafka_error_code() == Some(Code::NoOffset) => Ok(()),
            Err(error) => Err(fault::log_error(&format!("storing offsets of {}", self.group), &error)),
        }
        // Dropping the consumer leaves the group, and tells the membership.
    }
}
