//! The log on Kafka, through librdkafka.
//!
//! Never lets a client move, commit or retry by itself in a way that could skip or double a record: readers are assigned
//! and fail where their offset is gone, offsets are stored when the caller says so, and a producer whose transaction did
//! not end clearly is replaced.

mod admin;
mod appender;
mod context;
mod convert;
mod delivery;
mod fault;
mod group;
mod reader;
mod settings;
mod taken;
mod transactor;

use std::sync::Arc;

use self::admin::Admin;
use self::appender::KafkaAppender;
use self::group::KafkaGroupReader;
use self::reader::KafkaReader;
pub use self::settings::{Settings, TRANSACTION_TIMEOUT_MAX, forbidden};
use self::transactor::KafkaTransactor;
use super::{
    Appender, Created, GroupOffset, GroupReader, Join, Log, LogError, Membership, Range, Reader, TopicSpec, TopicState,
    Transactor,
};
use crate::clock::Clock;

/// The log of a Kafka cluster.
pub struct Kafka {
    settings: Settings,
    clock: Arc<dyn Clock>,
    admin: Arc<Admin>,
    appender: Arc<KafkaAppender>,
}

impl Kafka {
    /// Clients for a cluster. Says nothing yet about whether it can be reached. `Halt` with every fault of the settings.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, LogError> {
        settings.check()?;
        let admin = Arc::new(Admin::new(&settings, Arc::clone(&clock))?);
        let appender = Arc::new(KafkaAppender::new(&settings)?);
        Ok(Self { settings, clock, admin, appender })
    }
}

impl Log for Kafka {
    fn reader(&self, topic: &str) -> Result<Box<dyn Reader>, LogError> {
        self.partitions(topic)?;
        let reader = KafkaReader::new(&self.settings, Arc::clone(&self.admin), Arc::clone(&self.clock), topic)?;
        Ok(Box::new(reader))
    }

    fn group_reader(&self, join: Join, membership: Arc<dyn Membership>) -> Result<Box<dyn GroupReader>, LogError> {
        Ok(Box::new(KafkaGroupReader::join(&self.settings, Arc::clone(&self.clock), &join, membership)?))
    }

    fn appender(&self) -> Result<Arc<dyn Appender>, LogError> {
        Ok(Arc::<KafkaAppender>::clone(&self.appender))
    }

    fn transactor(&self, transactional_id: &str) -> Result<Box<dyn Transactor>, LogError> {
        Ok(Box::new(KafkaTransactor::new(&self.settings, Arc::clone(&self.clock), transactional_id)))
    }

    fn create(&self, spec: &TopicSpec) -> Result<Created, LogError> {
        self.admin.create(spec)
    }

    fn describe(&self, topic: &str) -> Result<Option<TopicState>, LogError> {
        self.admin.describe(topic)
    }

    fn partitions(&self, topic: &str) -> Result<u32, LogError> {
        self.admin.partitions(topic)?.ok_or_else(|| LogError::NoTopic { topic: topic.to_owned() })
    }

    fn range(&self, topic: &str, partition: u32) -> Result<Range, LogError> {
        self.admin.range(topic, partition)
    }

    fn trim(&self, topic: &str, partition: u32, below: u64) -> Result<(), LogError> {
        self.admin.trim(topic, partition, below)
    }

    fn group_offset(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>, LogError> {
        self.admin.group_offset(group, topic, partition)
    }

    fn has_member(&self, group: &str, instance_id: &str) -> Result<bool, LogError> {
        self.admin.has_member(group, instance_id)
    }

    fn store_group_offsets(&self, group: &str, offsets: &[GroupOffset]) -> Result<(), LogError> {
        self.admin.store_group_offsets(group, offsets)
    }
}
