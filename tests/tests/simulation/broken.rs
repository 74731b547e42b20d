//! Builds that are wrong on purpose: what an oracle must object to. The stages are as shipped; what lies under them lies.

use std::sync::Arc;

use server::log::sim::Sim;
use server::log::{
    Appender, CommitError, Created, GroupOffset, GroupReader, Join, Log, LogError, Membership, NewRecord, Position,
    Range, Reader, TopicSpec, TopicState, Transactor,
};

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Nothing.
    Nothing,
    /// The log answers "durable" before it is, as a broker with one acknowledgement and no sync does.
    AcknowledgesBeforeItIsDurable,
    /// A commit whose outcome is not known is simply tried again, instead of looking at what is there.
    PublishesAgainAfterDoubt,
    /// The store loses event ids: what came before is recorded again.
    ForgetsDuplicates,
}

/// A log whose transactors try again after doubt.
pub struct Retelling(pub Sim);

struct Again {
    id: String,
    sim: Sim,
    inner: Box<dyn Transactor>,
}

impl Transactor for Again {
    fn init(&mut self) -> Result<(), CommitError> {
        self.inner.init()
    }

    fn commit(
        &mut self,
        records: &[NewRecord],
        group: Option<(&str, &[GroupOffset])>,
    ) -> Result<Vec<Position>, CommitError> {
        match self.inner.commit(records, group) {
            Err(CommitError::Uncertain { .. }) => {
                self.inner = self.sim.transactor(&self.id).expect("the simulated log gives transactors");
                self.inner.init()?;
                self.inner.commit(records, group)
            }
            done => done,
        }
    }
}

impl Log for Retelling {
    fn reader(&self, topic: &str) -> Result<Box<dyn Reader>, LogError> {
        self.0.reader(topic)
    }

    fn group_reader(&self, join: Join, membership: Arc<dyn Membership>) -> Result<Box<dyn GroupReader>, LogError> {
        self.0.group_reader(join, membership)
    }

    fn appender(&self) -> Result<Arc<dyn Appender>, LogError> {
        self.0.appender()
    }

    fn transactor(&self, transactional_id: &str) -> Result<Box<dyn Transactor>, LogError> {
        let inner = self.0.transactor(transactional_id)?;
        Ok(Box::new(Again { id: transactional_id.to_owned(), sim: self.0.clone(), inner }))
    }

    fn create(&self, spec: &TopicSpec) -> Result<Created, LogError> {
        self.0.create(spec)
    }

    fn describe(&self, topic: &str) -> Result<Option<TopicState>, LogError> {
        self.0.describe(topic)
    }

    fn range(&self, topic: &str, partition: u32) -> Result<Range, LogError> {
        self.0.range(topic, partition)
    }

    fn trim(&self, topic: &str, partition: u32, below: u64) -> Result<(), LogError> {
        self.0.trim(topic, partition, below)
    }

    fn group_offset(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>, LogError> {
        self.0.group_offset(group, topic, partition)
    }

    fn store_group_offsets(&self, group: &str, offsets: &[GroupOffset]) -> Result<(), LogError> {
        self.0.store_group_offsets(group, offsets)
    }
}
