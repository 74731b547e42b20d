//! Which source partitions this member holds. Owns that set; told of changes from within the group's poll.

use std::collections::BTreeSet;

use parking_lot::Mutex;

use crate::log::{Membership, TopicPartition};

/// Partitions that came and went since the last look.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub gained: Vec<TopicPartition>,
    pub lost: Vec<TopicPartition>,
}

#[derive(Default)]
pub(super) struct Sources(Mutex<(BTreeSet<TopicPartition>, Changed)>);

impl Sources {
    /// Those held now.
    pub fn held(&self) -> Vec<TopicPartition> {
        self.0.lock().0.iter().cloned().collect()
    }

    /// Whether a partition is held now.
    pub fn holds(&self, source: &TopicPartition) -> bool {
        self.0.lock().0.contains(source)
    }

    pub fn take_changed(&self) -> Changed {
        std::mem::take(&mut self.0.lock().1)
    }
}

impl Membership for Sources {
    fn assigned(&self, partitions: &[TopicPartition]) {
        let mut state = self.0.lock();
        state.0.extend(partitions.iter().cloned());
        state.1.gained.extend(partitions.iter().cloned());
    }

    /// What is in flight stays so: its offsets are not stored, its next owner sends it again, the recorder keeps it once.
    fn revoked(&self, partitions: &[TopicPartition]) {
        let mut state = self.0.lock();
        state.0.retain(|held| !partitions.contains(held));
        state.1.lost.extend(partitions.iter().cloned());
    }
}
