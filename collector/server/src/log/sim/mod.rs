//! The simulated log: in memory, seeded, on virtual time, with faults. For deterministic simulation.
//!
//! Nothing happens by itself and nothing waits: a test's scheduler decides when the next thing on its way lands
//! ([`Sim::settle_one`]), when a crash strikes and when time passes. One seed and one order of calls give one run.

mod faults;
mod group;
mod handles;
mod membership;
mod partition;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use parking_lot::Mutex;

pub use self::faults::{Fault, Faults};
use self::group::SimGroupReader;
use self::handles::{SimAppender, SimReader, SimTransactor};
use self::state::{State, Topic};
use super::{
    Appender, Created, GroupOffset, GroupReader, Join, Log, LogError, Membership, Range, Reader, Record,
    TopicPartition, TopicSpec, TopicState, Transactor,
};
use crate::clock::{Clock, ManualClock};
use crate::random::Random;

/// A log for simulations. Clones are the same log.
#[derive(Clone)]
pub struct Sim {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    clock: Arc<ManualClock>,
}

impl Shared {
    /// The state, its time brought up to the clock's.
    fn state(&self) -> parking_lot::MutexGuard<'_, State> {
        let mut state = self.state.lock();
        state.now_ms = self.clock.now_ms();
        state
    }
}

impl Sim {
    /// An empty log without faults.
    pub fn new(seed: u64, clock: Arc<ManualClock>) -> Self {
        let state = Mutex::new(State::new(seed, clock.now_ms()));
        Self { shared: Arc::new(Shared { state, clock }) }
    }

    /// How often faults strike from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.state().fate.faults = faults;
    }

    /// The next call that can meet this fault meets it.
    pub fn order(&self, fault: Fault) {
        self.shared.state().fate.order(fault);
    }

    /// Lets one thing land that is on its way: an append that was held back or late, a transaction whose end was. False
    /// where there is nothing.
    pub fn settle_one(&self) -> bool {
        self.shared.state().settle_one()
    }

    /// From now on appends are answered as durable before they are: the log is broken, and a crash loses what it answered.
    pub fn lie(&self) {
        self.shared.state().lies = true;
    }

    /// The log loses its power: what was not synced is gone. What was answered stays.
    pub fn crash(&self) {
        self.shared.state().lose_unsynced();
    }

    /// An appender whose appends wait for [`Sim::settle_one`], as those in flight to a slow disk or broker do. Not for
    /// [`Appender::append`], which would never be answered.
    pub fn held_appender(&self) -> Arc<dyn Appender> {
        Arc::new(SimAppender { shared: Arc::clone(&self.shared), held: true })
    }

    /// Cuts a partition's end off, as a log restored from an old copy.
    pub fn cut(&self, topic: &str, partition: u32, end: u64) -> Result<(), LogError> {
        self.shared.state().partition(topic, partition)?.cut(end);
        Ok(())
    }

    /// Deletes a topic and makes it anew, empty, with that many partitions.
    pub fn recreate(&self, topic: &str, partitions: u32) -> Result<(), LogError> {
        let mut state = self.shared.state();
        let found = state.topics.get(topic).ok_or_else(|| LogError::NoTopic { topic: topic.to_owned() })?;
        let spec = TopicSpec { partitions, ..found.spec.clone() };
        state.topics.insert(Arc::clone(&spec.name), Topic::new(&spec));
        Ok(())
    }

    /// Forgets a group's offsets, as Kafka does with an idle group's after a week.
    pub fn expire_offsets(&self, group: &str) {
        if let Some(group) = self.shared.state().groups.get_mut(group) {
            group.offsets.clear();
        }
    }

    /// Shares a group's partitions out anew; members learn of it when they poll.
    pub fn rebalance(&self, group: &str) {
        let mut state = self.shared.state();
        let state = &mut *state;
        if let Some(group) = state.groups.get_mut(group) {
            let partitions: Vec<TopicPartition> = group.subscribed(&state.topics);
            group.share_out(&partitions, &state.fate.random);
        }
    }

    /// Ends the session of one member drawn at random, as of a stopped process: others may take what it holds at once,
    /// and it learns of it only when it polls.
    pub fn expel_one(&self, group: &str) {
        let mut state = self.shared.state();
        let state = &mut *state;
        let Some(found) = state.groups.get_mut(group) else { return };
        found.expel_one(&state.fate.random);
        let partitions = found.subscribed(&state.topics);
        found.share_out(&partitions, &state.fate.random);
    }

    /// Every committed record of a topic that is left, partition after partition: what an oracle compares with.
    pub fn records(&self, topic: &str) -> Vec<Record> {
        let state = self.shared.state();
        state.topics.get(topic).into_iter().flat_map(|topic| &topic.partitions).flat_map(|one| one.visible()).collect()
    }

    /// A number from the log's own stream, for the scheduler.
    pub fn draw_below(&self, bound: u64) -> u64 {
        self.shared.state().fate.random.below(bound)
    }
}

impl Log for Sim {
    fn reader(&self, topic: &str) -> Result<Box<dyn Reader>, LogError> {
        self.partitions(topic)?;
        Ok(Box::new(SimReader::new(Arc::clone(&self.shared), topic)))
    }

    fn group_reader(&self, join: Join, membership: Arc<dyn Membership>) -> Result<Box<dyn GroupReader>, LogError> {
        Ok(Box::new(SimGroupReader::join(Arc::clone(&self.shared), join, membership)?))
    }

    fn appender(&self) -> Result<Arc<dyn Appender>, LogError> {
        Ok(Arc::new(SimAppender { shared: Arc::clone(&self.shared), held: false }))
    }

    fn transactor(&self, transactional_id: &str) -> Result<Box<dyn Transactor>, LogError> {
        Ok(Box::new(SimTransactor::new(Arc::clone(&self.shared), transactional_id)))
    }

    fn create(&self, spec: &TopicSpec) -> Result<Created, LogError> {
        Ok(self.shared.state().create(spec))
    }

    fn describe(&self, topic: &str) -> Result<Option<TopicState>, LogError> {
        Ok(self.shared.state().topics.get(topic).map(Topic::state))
    }

    fn range(&self, topic: &str, partition: u32) -> Result<Range, LogError> {
        Ok(self.shared.state().partition(topic, partition)?.range())
    }

    fn trim(&self, topic: &str, partition: u32, below: u64) -> Result<(), LogError> {
        self.shared.state().partition(topic, partition)?.trim(below)
    }

    fn group_offset(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>, LogError> {
        let state = self.shared.state();
        Ok(state.groups.get(group).and_then(|group| group.offsets.get(&(Arc::from(topic), partition)).copied()))
    }

    fn store_group_offsets(&self, group: &str, offsets: &[GroupOffset]) -> Result<(), LogError> {
        self.shared.state().store(group, offsets);
        Ok(())
    }
}
