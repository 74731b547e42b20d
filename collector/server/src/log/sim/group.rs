//! Reading the simulated log as a member of a group.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Shared;
use super::handles::{shuffle, stalled, take};
use super::membership::{MemberId, Standing};
use crate::log::{GroupOffset, GroupReader, Inputs, Join, LogError, Membership, ReadBound, Record, TopicPartition};

pub(super) struct SimGroupReader {
    shared: Arc<Shared>,
    join: Join,
    member: MemberId,
    membership: Arc<dyn Membership>,
    cursors: BTreeMap<TopicPartition, Place>,
}

#[derive(Clone, Copy)]
struct Place {
    next: u64,
    paused: bool,
}

impl SimGroupReader {
    pub(super) fn join(shared: Arc<Shared>, join: Join, membership: Arc<dyn Membership>) -> Result<Self, LogError> {
        let matcher = match &join.inputs {
            Inputs::Topics(topics) => topics.iter().map(|topic| regex::escape(topic)).collect::<Vec<_>>().join("|"),
            Inputs::Pattern(pattern) => pattern.clone(),
        };
        let whole = matches!(join.inputs, Inputs::Topics(_));
        let matcher = if whole { format!("^({matcher})$") } else { matcher };
        let matcher = regex::Regex::new(&matcher)
            .map_err(|error| LogError::halt(format!("the input pattern {matcher}: {error}")))?;
        let mut state = shared.state();
        let group = state.groups.entry(join.group.clone()).or_default();
        group.inputs = Some(matcher);
        let member = group.join(join.instance_id.clone());
        drop(state);
        super::Sim { shared: Arc::clone(&shared) }.rebalance(&join.group);
        Ok(Self { shared, join, member, membership, cursors: BTreeMap::new() })
    }

    /// Gives up and takes over what the group says. The membership is told while nothing is locked.
    fn learn(&mut self) -> Result<(), LogError> {
        let (news, standing) = {
            let mut state = self.shared.state();
            let group = state.groups.entry(self.join.group.clone()).or_default();
            let standing = group.members.get(&self.member).map_or(Standing::Fenced, |member| member.standing);
            (group.news(self.member), standing)
        };
        if !news.lost.is_empty() {
            self.membership.lost(&news.lost);
        }
        if !news.revoked.is_empty() {
            self.membership.revoked(&news.revoked);
        }
        for place in news.lost.iter().chain(&news.revoked) {
            self.cursors.remove(place);
        }
        if standing == Standing::Fenced {
            let what = format!("another member has joined {} under this instance id", self.join.group);
            return Err(LogError::Fenced { what });
        }
        if standing == Standing::Expelled {
            // Back as a new member would be: the group shares out anew, and the next poll takes what is free by then.
            super::Sim { shared: Arc::clone(&self.shared) }.rebalance(&self.join.group);
            return Ok(());
        }
        let assigned = self.take_free(&news.revoked)?;
        if !assigned.is_empty() {
            self.membership.assigned(&assigned);
        }
        Ok(())
    }

    fn take_free(&mut self, revoked: &[TopicPartition]) -> Result<Vec<TopicPartition>, LogError> {
        let mut state = self.shared.state();
        let group = state.groups.entry(self.join.group.clone()).or_default();
        let assigned = group.take_free(self.member, revoked);
        let stored = group.offsets.clone();
        for place in &assigned {
            let range = state.partition(&place.topic, place.partition)?.range();
            let next = stored.get(&(Arc::clone(&place.topic), place.partition)).copied();
            let next = next.filter(|next| range.admits(*next)).unwrap_or(range.start);
            self.cursors.insert(place.clone(), Place { next, paused: self.join.assignment_only });
        }
        Ok(assigned)
    }

    fn set_paused(&mut self, partitions: &[TopicPartition], paused: bool) {
        for place in partitions {
            if let Some(cursor) = self.cursors.get_mut(place) {
                cursor.paused = paused;
            }
        }
    }
}

impl GroupReader for SimGroupReader {
    fn poll(&mut self, bound: ReadBound) -> Result<Vec<Record>, LogError> {
        self.learn()?;
        let mut state = self.shared.state();
        let mut records = Vec::new();
        if stalled(&mut state)? {
            return Ok(records);
        }
        let mut order: Vec<TopicPartition> = self.cursors.keys().cloned().collect();
        shuffle(&mut order, &state);
        for place in order {
            let start = state.partition(&place.topic, place.partition)?.range().start;
            let cursor = self.cursors.get_mut(&place).expect("the order was made of these");
            // A group goes on at what is left, as it does where it has stored nothing.
            cursor.next = cursor.next.max(start);
            if !cursor.paused {
                take(&mut state, &place.topic, place.partition, &mut cursor.next, bound, &mut records)?;
            }
        }
        Ok(records)
    }

    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.set_paused(partitions, true);
        Ok(())
    }

    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.set_paused(partitions, false);
        Ok(())
    }

    fn store(&mut self, offsets: &[GroupOffset]) -> Result<(), LogError> {
        let mut state = self.shared.state();
        let group = state.groups.entry(self.join.group.clone()).or_default();
        let held = |offset: &&GroupOffset| {
            let place = TopicPartition { topic: Arc::clone(&offset.topic), partition: offset.partition };
            group.holds(self.member, &place)
        };
        let ours: Vec<GroupOffset> = offsets.iter().filter(held).cloned().collect();
        state.store(&self.join.group, &ours);
        Ok(())
    }

    fn close(mut self: Box<Self>) -> Result<(), LogError> {
        let revoked: Vec<TopicPartition> = std::mem::take(&mut self.cursors).into_keys().collect();
        if !revoked.is_empty() {
            self.membership.revoked(&revoked);
        }
        Ok(())
    }
}

impl Drop for SimGroupReader {
    /// Leaves, unless an instance id keeps the seat.
    fn drop(&mut self) {
        if self.join.instance_id.is_none() {
            if let Some(group) = self.shared.state().groups.get_mut(&self.join.group) {
                group.members.remove(&self.member);
            }
            super::Sim { shared: Arc::clone(&self.shared) }.rebalance(&self.join.group);
        }
    }
}
