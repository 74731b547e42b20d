//! The log seam: ordered, durable topics that the stages read, append to and commit transactions into.
//!
//! Owns what a stage may assume about a log, and its implementations: `embedded` (a local database), `kafka`
//! (a real broker) and `sim` (in memory, with faults). Never knows what a record means.
//!
//! What every implementation holds, and one conformance suite checks:
//! - Records of a partition have rising offsets; a gap is possible wherever a transaction ended or was aborted.
//! - A reader shows committed records only, in offset order, each at most once per assignment.
//! - What an append or a commit has answered with a position survives every crash.
//! - A transaction is visible whole or never. Taking over a transactional id fences its former owner.

mod appender;
pub mod embedded;
mod error;
mod group;
pub mod kafka;
mod partitioner;
mod reader;
mod record;
pub(crate) mod seat;
pub mod sim;
mod topics;
mod torn;
mod transactor;
mod whole;

pub use appender::{AppendAction, AppendError, Appender, Outcome, Pending};
pub use error::LogError;
pub use group::{GroupOffset, GroupReader, Inputs, Join, Membership, NoMembership};
pub use partitioner::partition_of_key;
pub use reader::{Batch, Range, ReadBound, Reader, Start};
pub use record::{Header, NewRecord, Position, Record, TopicPartition};
pub use topics::{Cleanup, Created, Mismatch, Names, Sizing, TopicSpec, TopicState};
pub use transactor::{CommitError, Transactor};
pub(crate) use whole::Whole;

use std::sync::Arc;

/// One log with its topics. Handles made from it are independent; each belongs to one thread unless it says more.
pub trait Log: Send + Sync {
    /// A reader of one topic, with nothing assigned yet.
    fn reader(&self, topic: &str) -> Result<Box<dyn Reader>, LogError>;

    /// Joins a group that shares out the partitions of its topics.
    fn group_reader(&self, join: Join, membership: Arc<dyn Membership>) -> Result<Box<dyn GroupReader>, LogError>;

    /// Plain appends, to any topic.
    fn appender(&self) -> Result<Arc<dyn Appender>, LogError>;

    /// Transactions under one id. Fences nobody until [`Transactor::init`].
    fn transactor(&self, transactional_id: &str) -> Result<Box<dyn Transactor>, LogError>;

    /// Makes a topic, or says that it is there. An existing one is left as it is.
    fn create(&self, spec: &TopicSpec) -> Result<Created, LogError>;

    /// A topic as it stands; `None` where there is none.
    fn describe(&self, topic: &str) -> Result<Option<TopicState>, LogError>;

    /// Why nothing can be appended or read at the moment, where the log knows it of itself.
    fn trouble(&self) -> Option<LogError> {
        None
    }

    /// The partition count of a topic, which never changes. [`LogError::NoTopic`] where there is none.
    fn partitions(&self, topic: &str) -> Result<u32, LogError> {
        match self.describe(topic)? {
            Some(state) => Ok(state.partitions),
            None => Err(LogError::NoTopic { topic: topic.to_owned() }),
        }
    }

    /// The offsets a partition holds now.
    fn range(&self, topic: &str, partition: u32) -> Result<Range, LogError>;

    /// Gives up what lies below an offset: only what a verified snapshot covers. Not undone by anything.
    fn trim(&self, topic: &str, partition: u32, below: u64) -> Result<(), LogError>;

    /// The next offset a group has stored for a partition; `None` where it has stored none or it has expired.
    fn group_offset(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>, LogError>;

    /// Whether a group has a member of this instance id whose session lasts. `Halt` where nobody can tell.
    fn has_member(&self, group: &str, instance_id: &str) -> Result<bool, LogError> {
        Err(LogError::halt(format!("this log does not tell whether {instance_id} sits in {group}")))
    }

    /// Stores next offsets of a group that has no live member.
    fn store_group_offsets(&self, group: &str, offsets: &[GroupOffset]) -> Result<(), LogError>;
}
