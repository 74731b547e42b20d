//! A log whose transactions tear where a test says: before they are committed, or after, so that nobody learns.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::log::{
    Appender, CommitError, Created, GroupOffset, GroupReader, Join, Log, LogError, Membership, NewRecord, Position,
    Range, Reader, TopicSpec, TopicState, Transactor,
};

/// Where a commit ends without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// Nothing of it is there.
    Before,
    /// All of it is there.
    After,
}

/// A sound log; the next commits tear as ordered.
pub struct Torn {
    log: Arc<dyn Log>,
    tears: Arc<Mutex<VecDeque<Tear>>>,
}

impl Torn {
    pub fn new(log: Arc<dyn Log>) -> Self {
        Self { log, tears: Arc::default() }
    }

    /// The next commit tears so.
    pub fn order(&self, tear: Tear) {
        self.tears.lock().push_back(tear);
    }
}

impl Log for Torn {
    fn reader(&self, topic: &str) -> Result<Box<dyn Reader>, LogError> {
        self.log.reader(topic)
    }

    fn group_reader(&self, join: Join, membership: Arc<dyn Membership>) -> Result<Box<dyn GroupReader>, LogError> {
        self.log.group_reader(join, membership)
    }

    fn appender(&self) -> Result<Arc<dyn Appender>, LogError> {
        self.log.appender()
    }

    fn transactor(&self, transactional_id: &str) -> Result<Box<dyn Transactor>, LogError> {
        let (transactor, tears) = (self.log.transactor(transactional_id)?, Arc::clone(&self.tears));
        Ok(Box::new(TornTransactor { transactor, tears }))
    }

    fn create(&self, spec: &TopicSpec) -> Result<Created, LogError> {
        self.log.create(spec)
    }

    fn describe(&self, topic: &str) -> Result<Option<TopicState>, LogError> {
        self.log.describe(topic)
    }

    fn range(&self, topic: &str, partition: u32) -> Result<Range, LogError> {
        self.log.range(topic, partition)
    }

    fn trim(&self, topic: &str, partition: u32, below: u64) -> Result<(), LogError> {
        self.log.trim(topic, partition, below)
    }

    fn group_offset(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>, LogError> {
        self.log.group_offset(group, topic, partition)
    }

    fn store_group_offsets(&self, group: &str, offsets: &[GroupOffset]) -> Result<(), LogError> {
        self.log.store_group_offsets(group, offsets)
    }
}

struct TornTransactor {
    transactor: Box<dyn Transactor>,
    tears: Arc<Mutex<VecDeque<Tear>>>,
}

impl Transactor for TornTransactor {
    fn init(&mut self) -> Result<(), CommitError> {
        self.transactor.init()
    }

    fn commit(
        &mut self,
        records: &[NewRecord],
        group: Option<(&str, &[GroupOffset])>,
    ) -> Result<Vec<Position>, CommitError> {
        let tear = self.tears.lock().pop_front();
        if tear != Some(Tear::Before) {
            let positions = self.transactor.commit(records, group)?;
            if tear.is_none() {
                return Ok(positions);
            }
        }
        Err(CommitError::Uncertain { what: "no answer to the commit".to_owned() })
    }
}
