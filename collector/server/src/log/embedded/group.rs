//! Reading the embedded log as a group. One process has it, so one member has every partition.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::format;
use super::queue::{Refusal, Request, StoredOffset};
use super::reader::{Cursor, Place, wait_for};
use super::shared::Shared;
use crate::log::{GroupOffset, GroupReader, Inputs, Join, LogError, Membership, ReadBound, Record, TopicPartition};

pub(super) struct EmbeddedGroupReader {
    shared: Arc<Shared>,
    join: Join,
    pattern: Option<regex::Regex>,
    membership: Arc<dyn Membership>,
    cursors: BTreeMap<Arc<str>, Cursor>,
    seat: Seat,
}

/// The group's one seat, given up when dropped.
struct Seat {
    shared: Arc<Shared>,
    group: String,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.groups.lock().remove(&self.group);
    }
}

impl EmbeddedGroupReader {
    pub(super) fn new(shared: Arc<Shared>, join: Join, membership: Arc<dyn Membership>) -> Result<Self, LogError> {
        let pattern = match &join.inputs {
            Inputs::Topics(_) => None,
            Inputs::Pattern(pattern) => {
                let compiled = regex::Regex::new(pattern);
                Some(compiled.map_err(|error| LogError::halt(format!("the input pattern {pattern}: {error}")))?)
            }
        };
        if !shared.groups.lock().insert(join.group.clone()) {
            let what = format!("the group {} has a member in this process already", join.group);
            return Err(LogError::Fenced { what });
        }
        let seat = Seat { shared: Arc::clone(&shared), group: join.group.clone() };
        Ok(Self { shared, join, pattern, membership, cursors: BTreeMap::new(), seat })
    }

    /// Takes the partitions of topics that have come up since the last look.
    fn take_new_topics(&mut self) -> Result<(), LogError> {
        let mut assigned = Vec::new();
        for topic in self.shared.catalog.all() {
            let wanted = match (&self.join.inputs, &self.pattern) {
                (Inputs::Topics(topics), _) => topics.iter().any(|name| **name == *topic.name),
                (Inputs::Pattern(_), pattern) => pattern.as_ref().is_some_and(|pattern| pattern.is_match(&topic.name)),
            };
            if !wanted || self.cursors.contains_key(&topic.name) {
                continue;
            }
            let mut cursor = Cursor::default();
            for partition in &topic.partitions {
                let number = partition.place.partition;
                let range = partition.range();
                let stored = group_offset(&self.shared, &self.join.group, &topic.name, number)?;
                let next = stored.filter(|next| range.admits(*next)).unwrap_or(range.start);
                cursor
                    .places
                    .insert(number, Place { next, end_at_assignment: range.end, paused: self.join.assignment_only });
                assigned.push(partition.place.clone());
            }
            self.cursors.insert(Arc::clone(&topic.name), cursor);
        }
        if !assigned.is_empty() {
            self.membership.assigned(&assigned);
        }
        Ok(())
    }

    fn set_paused(&mut self, partitions: &[TopicPartition], paused: bool) -> Result<(), LogError> {
        for place in partitions {
            let topic = self.shared.catalog.get(&place.topic)?;
            if let Some(cursor) = self.cursors.get_mut(&place.topic) {
                cursor.set_paused(&topic, place.partition, paused)?;
            }
        }
        Ok(())
    }
}

impl GroupReader for EmbeddedGroupReader {
    fn poll(&mut self, bound: ReadBound) -> Result<Vec<Record>, LogError> {
        self.take_new_topics()?;
        let (shared, cursors) = (&self.shared, &mut self.cursors);
        wait_for(shared, bound, |database| {
            let mut records = Vec::new();
            for (name, cursor) in cursors.iter_mut() {
                let topic = shared.catalog.get(name)?;
                for (number, place) in &mut cursor.places {
                    // A group goes on at what is left, as it does where it has stored nothing.
                    place.next = place.next.max(topic.partition(*number)?.range().start);
                }
                cursor.take(database, &topic, bound, &mut records)?;
            }
            let found = !records.is_empty();
            Ok((records, found))
        })
    }

    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.set_paused(partitions, true)
    }

    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), LogError> {
        self.set_paused(partitions, false)
    }

    fn store(&mut self, offsets: &[GroupOffset]) -> Result<(), LogError> {
        let request = Request::Store { offsets: stored(&self.join.group, offsets), answer: None };
        self.shared.queue.push(request).map_err(|(refusal, _)| match refusal {
            Refusal::Full => LogError::retry("the log's queue is full"),
            Refusal::Closed => self.shared.closed(),
        })
    }

    fn close(self: Box<Self>) -> Result<(), LogError> {
        // What was stored lies before this in the queue: the answer covers it.
        self.shared.ask(|answer| Request::Store { offsets: Vec::new(), answer: Some(answer) })??;
        let revoked: Vec<TopicPartition> = self
            .cursors
            .iter()
            .flat_map(|(topic, cursor)| {
                cursor.places.keys().map(|partition| TopicPartition { topic: topic.clone(), partition: *partition })
            })
            .collect();
        if !revoked.is_empty() {
            self.membership.revoked(&revoked);
        }
        drop(self.seat);
        Ok(())
    }
}

/// Encodes group offsets.
pub(super) fn stored(group: &str, offsets: &[GroupOffset]) -> Vec<StoredOffset> {
    let encode = |offset: &GroupOffset| StoredOffset {
        key: format::group_key(group, &offset.topic, offset.partition),
        next: offset.next,
    };
    offsets.iter().map(encode).collect()
}

/// What a group has stored for a partition.
pub(super) fn group_offset(shared: &Shared, group: &str, topic: &str, partition: u32) -> Result<Option<u64>, LogError> {
    let database = shared.database()?;
    match database.get(&format::group_key(group, topic, partition))? {
        None => Ok(None),
        Some(value) => format::read_number(&value).map(Some).ok_or_else(|| database.damaged("a group's offset")),
    }
}
