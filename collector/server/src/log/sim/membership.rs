//! Groups of the simulated log: members, who has which partition, and stored offsets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::state::Topic;
use crate::log::TopicPartition;
use crate::random::Random;

pub(super) type MemberId = u64;

#[derive(Default)]
pub(super) struct Group {
    pub offsets: BTreeMap<(Arc<str>, u32), u64>,
    pub members: BTreeMap<MemberId, Member>,
    /// What the group reads.
    pub inputs: Option<regex::Regex>,
    joined: MemberId,
}

pub(super) struct Member {
    instance_id: Option<String>,
    /// What it has, until it learns otherwise.
    pub held: BTreeSet<TopicPartition>,
    /// What it is to have.
    target: BTreeSet<TopicPartition>,
    pub standing: Standing,
}

/// What the group thinks of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// One of us.
    Live,
    /// Its session ended: what it holds is free, and it doesn't know yet.
    Expelled,
    /// Another has taken its instance id.
    Fenced,
}

/// What a member learns from the group at a poll.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    pub revoked: Vec<TopicPartition>,
    pub lost: Vec<TopicPartition>,
}

impl Group {
    /// Every partition the group reads.
    pub(super) fn subscribed(&self, topics: &BTreeMap<Arc<str>, Topic>) -> Vec<TopicPartition> {
        let wanted = topics.iter().filter(|(name, _)| self.inputs.as_ref().is_some_and(|inputs| inputs.is_match(name)));
        wanted.flat_map(|(_, topic)| topic.partitions.iter().map(|partition| partition.place().clone())).collect()
    }

    /// A new member. One with the instance id of another takes its partitions over and fences it.
    pub(super) fn join(&mut self, instance_id: Option<String>) -> MemberId {
        self.joined += 1;
        let mut member =
            Member { instance_id, held: BTreeSet::new(), target: BTreeSet::new(), standing: Standing::Live };
        if member.instance_id.is_some() {
            let former = self
                .members
                .values_mut()
                .find(|former| former.instance_id == member.instance_id && former.standing == Standing::Live);
            if let Some(former) = former {
                former.standing = Standing::Fenced;
                member.target = std::mem::take(&mut former.target);
            }
        }
        self.members.insert(self.joined, member);
        self.joined
    }

    /// Ends the session of a member drawn at random.
    pub(super) fn expel_one(&mut self, random: &dyn Random) {
        let live = self.members.values_mut().filter(|member| member.standing == Standing::Live);
        let mut live: Vec<&mut Member> = live.collect();
        let drawn = random.below(live.len() as u64) as usize;
        if let Some(member) = live.get_mut(drawn) {
            member.standing = Standing::Expelled;
            member.target.clear();
        }
    }

    /// Shares `partitions` out anew among live members, in an order drawn at random.
    pub(super) fn share_out(&mut self, partitions: &[TopicPartition], random: &dyn Random) {
        let mut left = partitions.to_vec();
        let live = self.members.values_mut().filter(|member| member.standing == Standing::Live);
        let mut live: Vec<&mut Member> = live.collect();
        live.iter_mut().for_each(|member| member.target.clear());
        let members = live.len();
        let mut turn = 0;
        while !left.is_empty() && members > 0 {
            let drawn = random.below(left.len() as u64) as usize;
            live[turn % members].target.insert(left.swap_remove(drawn));
            turn += 1;
        }
    }

    /// What the member must give up now. To be told it before [`Group::take_free`].
    pub(super) fn news(&mut self, id: MemberId) -> News {
        let Some(member) = self.members.get_mut(&id) else { return News::default() };
        if member.standing == Standing::Live {
            let revoked = member.held.difference(&member.target).cloned().collect();
            return News { revoked, lost: Vec::new() };
        }
        let lost = std::mem::take(&mut member.held).into_iter().collect();
        if member.standing == Standing::Expelled {
            member.standing = Standing::Live;
        }
        News { revoked: Vec::new(), lost }
    }

    /// Takes those partitions of the member's target that nobody holds any more.
    pub(super) fn take_free(&mut self, id: MemberId, revoked: &[TopicPartition]) -> Vec<TopicPartition> {
        if let Some(member) = self.members.get_mut(&id) {
            member.held.retain(|place| !revoked.contains(place));
        }
        let others = self.members.iter().filter(|(other, member)| **other != id && member.standing == Standing::Live);
        let taken: BTreeSet<TopicPartition> = others.flat_map(|(_, member)| member.held.iter().cloned()).collect();
        let Some(member) = self.members.get_mut(&id).filter(|member| member.standing == Standing::Live) else {
            return Vec::new();
        };
        let free: Vec<TopicPartition> = member
            .target
            .iter()
            .filter(|place| !taken.contains(*place) && !member.held.contains(*place))
            .cloned()
            .collect();
        member.held.extend(free.iter().cloned());
        free
    }

    /// True where the group believes that the member holds the partition: others' offsets are not stored.
    pub(super) fn holds(&self, id: MemberId, place: &TopicPartition) -> bool {
        self.members.get(&id).is_some_and(|member| member.standing == Standing::Live && member.held.contains(place))
    }
}
