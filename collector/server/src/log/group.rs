//! Reading as a member of a group, which shares partitions out among processes.

use std::sync::Arc;
use std::time::Duration;

use super::{LogError, ReadBound, Record, TopicPartition};

/// The next offset of a partition, as a group stores it: one past the last record that is done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOffset {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: u32,
    /// The next offset to read.
    pub next: u64,
}

/// Which topics a group reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// These.
    Topics(Vec<String>),
    /// Those whose name the regular expression matches, now and as they come up. Begins with `^`.
    Pattern(String),
}

/// How to join a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The group's name.
    pub group: String,
    /// A name that outlives the process: the member comes back to its seat without waiting for its session to end.
    pub instance_id: Option<String>,
    /// What to read.
    pub inputs: Inputs,
    /// How long a silent member keeps its partitions.
    pub session_timeout: Duration,
    /// True for a member that wants the assignment only: nothing is fetched for it.
    pub assignment_only: bool,
}

/// Told of partitions given and taken, from within [`GroupReader::poll`] and [`GroupReader::close`]. The whole group
/// waits while one is called: send a message, and on revocation wait within a bound well below the session timeout.
pub trait Membership: Send + Sync {
    /// These are ours from now on.
    fn assigned(&self, partitions: &[TopicPartition]);

    /// These are another's as soon as this returns.
    fn revoked(&self, partitions: &[TopicPartition]);

    /// These are another's already: the session was lost.
    fn lost(&self, partitions: &[TopicPartition]) {
        self.revoked(partitions);
    }

    /// The group has shared its partitions out: what is ours was told by [`Membership::assigned`], be it nothing.
    fn settled(&self) {}
}

/// For readers that do not care.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMembership;

impl Membership for NoMembership {
    fn assigned(&self, _: &[TopicPartition]) {}
    fn revoked(&self, _: &[TopicPartition]) {}
}

/// Reads the partitions a group has given this member, from the offset the group stored last, or from the earliest record
/// where it stored none or that one is gone. A record may come again after a rebalance or a crash.
pub trait GroupReader: Send {
    /// The next records of partitions that are ours, and the group's business. To be called at least every few seconds,
    /// with everything paused where there is no room: a silent member loses its partitions.
    fn poll(&mut self, bound: ReadBound) -> Result<Vec<Record>, LogError>;

    /// Stops giving records of these; the place in them is kept.
    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError>;

    /// Gives records of these again, from where they stopped.
    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError>;

    /// Stores next offsets, of records that are durably dealt with, soon after. Those of partitions no longer ours are
    /// dropped: their new owner starts from what was stored before.
    fn store(&mut self, offsets: &[GroupOffset]) -> Result<(), LogError>;

    /// Stores what is still to be stored and waits for it, then leaves; one with an instance id keeps its seat.
    fn close(self: Box<Self>) -> Result<(), LogError>;
}
