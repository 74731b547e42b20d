//! Questions and orders to a Kafka cluster: topics, offsets, trimming.

use std::collections::HashMap;
use std::sync::Arc;

use futures_executor::block_on;
use parking_lot::Mutex;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::metadata::MetadataTopic;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;

use super::context::Quiet;
use super::convert::{self, offset_number, partition_number};
use super::fault;
use super::settings::Settings;
use crate::clock::Clock;
use crate::log::{Created, GroupOffset, LogError, Range, TopicSpec, TopicState};

pub(super) struct Admin {
    settings: Settings,
    clock: Arc<dyn Clock>,
    client: AdminClient<DefaultClientContext>,
    watermarks: BaseConsumer<Quiet>,
    groups: Mutex<HashMap<String, Arc<BaseConsumer<Quiet>>>>,
}

impl Admin {
    pub(super) fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, LogError> {
        let failed = |error| fault::log_error("cannot make a Kafka client", &error);
        Ok(Self {
            client: settings.admin().create().map_err(failed)?,
            watermarks: settings.watermarks().create_with_context(Quiet).map_err(failed)?,
            groups: Mutex::default(),
            settings: settings.clone(),
            clock,
        })
    }

    fn options(&self) -> AdminOptions {
        AdminOptions::new()
            .request_timeout(Some(self.settings.request_timeout))
            .operation_timeout(Some(self.settings.request_timeout))
    }

    /// Makes a topic and waits until every partition has a leader.
    pub(super) fn create(&self, spec: &TopicSpec) -> Result<Created, LogError> {
        let doing = format!("creating {}", spec.name);
        let settings = spec.settings();
        let replication = TopicReplication::Fixed(i32::from(spec.replication));
        let topic = NewTopic::new(&spec.name, partition_number(spec.partitions), replication);
        let topic = settings.iter().fold(topic, |topic, (name, value)| topic.set(name, value));
        let created = block_on(self.client.create_topics([&topic], &self.options()))
            .map_err(|error| fault::log_error(&doing, &error))?;
        match created.into_iter().next() {
            Some(Err((_, Code::TopicAlreadyExists))) => return Ok(Created::Existed),
            Some(Err((_, code))) => return Err(fault::log_error(&doing, &KafkaError::AdminOp(code))),
            Some(Ok(_)) | None => {}
        }
        let deadline = self.clock.monotonic().saturating_add(self.settings.request_timeout);
        while !self.has_leaders(spec)? {
            if self.clock.monotonic() > deadline {
                return Err(LogError::retry(format!("{doing}: not every partition has a leader yet")));
            }
            // Waits between two looks, and serves the client meanwhile.
            let _ = self.watermarks.poll(std::time::Duration::from_millis(20));
        }
        Ok(Created::Made)
    }

    /// True once every partition has a leader that answers: metadata names one before it has taken office.
    fn has_leaders(&self, spec: &TopicSpec) -> Result<bool, LogError> {
        let led = self.metadata(&spec.name, |topic| {
            topic.partitions().iter().filter(|partition| partition.leader() >= 0 && partition.error().is_none()).count()
        })?;
        if led != Some(spec.partitions as usize) {
            return Ok(false);
        }
        for partition in 0..spec.partitions {
            match self.range(&spec.name, partition) {
                Ok(_) => {}
                Err(LogError::Retry { .. } | LogError::NoTopic { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// What `read` makes of a topic's metadata; `None` where there is no such topic.
    fn metadata<T>(&self, topic: &str, read: impl FnOnce(&MetadataTopic) -> T) -> Result<Option<T>, LogError> {
        let doing = format!("looking for {topic}");
        let metadata = self
            .watermarks
            .fetch_metadata(Some(topic), self.settings.request_timeout)
            .map_err(|error| fault::log_error(&doing, &error))?;
        let Some(found) = metadata.topics().first() else { return Ok(None) };
        match found.error() {
            None => Ok(Some(read(found))),
            Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) => Ok(None),
            Some(error) => Err(fault::log_error(&doing, &KafkaError::MetadataFetch(error.into()))),
        }
    }

    pub(super) fn partitions(&self, topic: &str) -> Result<Option<u32>, LogError> {
        self.metadata(topic, |found| u32::try_from(found.partitions().len()).unwrap_or(u32::MAX))
    }

    pub(super) fn describe(&self, topic: &str) -> Result<Option<TopicState>, LogError> {
        let found = self.metadata(topic, |found| {
            let copies = found.partitions().iter().map(|partition| partition.replicas().len()).min().unwrap_or(0);
            (found.partitions().len(), copies)
        })?;
        let Some((partitions, copies)) = found else { return Ok(None) };
        let doing = format!("describing {topic}");
        let described = block_on(self.client.describe_configs([&ResourceSpecifier::Topic(topic)], &self.options()))
            .map_err(|error| fault::log_error(&doing, &error))?;
        let mut settings = std::collections::BTreeMap::new();
        for resource in described {
            let resource = resource.map_err(|code| fault::log_error(&doing, &KafkaError::AdminOp(code)))?;
            settings.extend(resource.entries.into_iter().map(|entry| (entry.name, entry.value.unwrap_or_default())));
        }
        let partitions = u32::try_from(partitions).unwrap_or(u32::MAX);
        Ok(Some(TopicState { partitions, replication: u16::try_from(copies).unwrap_or(u16::MAX), settings }))
    }

    /// The offsets a partition holds, those of open transactions included.
    pub(super) fn range(&self, topic: &str, partition: u32) -> Result<Range, LogError> {
        self.range_seen_by(&self.watermarks, topic, partition)
    }

    /// The offsets a partition holds as this consumer sees them: up to the first open transaction where it reads committed
    /// records only.
    pub(super) fn range_seen_by(
        &self,
        consumer: &BaseConsumer<Quiet>,
        topic: &str,
        partition: u32,
    ) -> Result<Range, LogError> {
        let number = partition_number(partition);
        match consumer.fetch_watermarks(topic, number, self.settings.request_timeout) {
            Ok((start, end)) => {
                Ok(Range { start: u64::try_from(start).unwrap_or(0), end: u64::try_from(end).unwrap_or(0) })
            }
            Err(error) if error.rdkafka_error_code().is_some_and(fault::is_missing) => {
                Err(LogError::no_partition(topic, partition))
            }
            Err(error) => Err(fault::log_error(&format!("asking for the offsets of {topic}/{partition}"), &error)),
        }
    }

    pub(super) fn trim(&self, topic: &str, partition: u32, below: u64) -> Result<(), LogError> {
        let range = self.range(topic, partition)?;
        if below > range.end {
            return Err(LogError::OutOfRange { topic: topic.to_owned(), partition, offset: below, range });
        }
        if below <= range.start {
            return Ok(());
        }
        let doing = format!("trimming {topic}/{partition}");
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition_number(partition), offset_number(below))
            .map_err(|error| fault::log_error(&doing, &error))?;
        let trimmed = block_on(self.client.delete_records(&list, &self.options()))
            .map_err(|error| fault::log_error(&doing, &error))?;
        match trimmed.elements().first().map(|element| element.error()) {
            Some(Err(error)) => Err(fault::log_error(&doing, &error)),
            _ => Ok(()),
        }
    }

    pub(super) fn group_offset(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>, LogError> {
        let mut list = TopicPartitionList::new();
        list.add_partition(topic, partition_number(partition));
        let stored = self
            .group(group)?
            .committed_offsets(list, self.settings.request_timeout)
            .map_err(|error| fault::log_error(&format!("asking for the offsets of {group}"), &error))?;
        let offset = stored.elements().first().map(|element| element.offset());
        Ok(match offset {
            Some(Offset::Offset(next)) => u64::try_from(next).ok(),
            _ => None,
        })
    }

    pub(super) fn store_group_offsets(&self, group: &str, offsets: &[GroupOffset]) -> Result<(), LogError> {
        if offsets.is_empty() {
            return Ok(());
        }
        self.group(group)?
            .commit(&convert::offsets(offsets)?, CommitMode::Sync)
            .map_err(|error| fault::log_error(&format!("storing offsets of {group}"), &error))
    }

    /// Whether a static member sits in a group. Brokers begin the id of such a member with its instance id.
    pub(super) fn has_member(&self, group: &str, instance_id: &str) -> Result<bool, LogError> {
        let listed = self
            .watermarks
            .fetch_group_list(Some(group), self.settings.request_timeout)
            .map_err(|error| fault::log_error(&format!("asking for the members of {group}"), &error))?;
        let found = listed.groups().iter().find(|found| found.name() == group);
        let found = found.ok_or_else(|| LogError::retry(format!("no broker knows the group {group} now")))?;
        let start = format!("{instance_id}-");
        Ok(found.members().iter().any(|member| member.id().strip_prefix(&start).is_some_and(|rest| rest.len() == 36)))
    }

    fn group(&self, group: &str) -> Result<Arc<BaseConsumer<Quiet>>, LogError> {
        let mut groups = self.groups.lock();
        if let Some(consumer) = groups.get(group) {
            return Ok(Arc::clone(consumer));
        }
        let made = self.settings.offsets(group).create_with_context(Quiet);
        let consumer: Arc<BaseConsumer<Quiet>> =
            Arc::new(made.map_err(|error| fault::log_error("cannot make a consumer", &error))?);
        groups.insert(group.to_owned(), Arc::clone(&consumer));
        Ok(consumer)
    }
}
