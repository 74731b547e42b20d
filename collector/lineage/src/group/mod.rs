//! Execution groups: which runs belong to one execution of a job, and what has become of it. Owns the climb to the group's
//! root, the counters, the flows behind it and its place in the job's timeline. Never looks at all runs of a group
//! unless one that held an extreme has left it.

mod climb;
mod member;
mod part;
mod rebuild;

pub use climb::{DEPTH_MAX, climb, descend};
pub use member::add_member;
pub use part::Part;

use crate::row::key::{Class, GroupKey, NewestFirst, RunKey, TimelineKey};
use crate::row::{self, GroupRow, RunRow, State, TimelineRow};
use crate::run::flows;

/// A group before and after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupChange {
    /// The group.
    pub key: GroupKey,
    /// As it was; `None`: it is new.
    pub before: Option<GroupRow>,
    /// As it is; `None`: its runs are in other groups now.
    pub now: Option<GroupRow>,
}

/// The groups that an event touches, written together at its end.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    touched: Vec<(GroupChange, bool)>,
}

impl Groups {
    /// Takes a run's change into its group, or moves it from one group to another. The run's row must be written.
    ///
    /// # Errors
    /// The store's own.
    pub fn change<S: State>(
        &mut self,
        state: &mut S,
        key: &RunKey,
        before: Option<&RunRow>,
        now: &RunRow,
    ) -> Result<(), S::Error> {
        let at = self.load(state, GroupKey { job: key.job, root: now.root })?;
        let part = Part::of(key.run, now);
        let old = before.map(|before| Part::of(key.run, before));
        match (before, old) {
            (Some(before), Some(old)) if before.root == now.root => {
                let (group, stale) = &mut self.touched[at];
                *stale |= part::replace(&mut group.now, &old, &part);
            }
            (Some(before), Some(old)) => {
                part::join(&mut self.touched[at].0.now, &part);
                let left = self.load(state, GroupKey { job: key.job, root: before.root })?;
                let (group, stale) = &mut self.touched[left];
                *stale |= part::leave(&mut group.now, &old);
            }
            _ => part::join(&mut self.touched[at].0.now, &part),
        }
        let old = before.map(|before| (before.root, flows(before)));
        member::change(state, key.job, old, (now.root, flows(now)))
    }

    /// Writes what changed and tells it.
    ///
    /// # Errors
    /// The store's own.
    pub fn write<S: State>(self, state: &mut S) -> Result<Vec<GroupChange>, S::Error> {
        let mut changes = Vec::with_capacity(self.touched.len());
        for (mut change, stale) in self.touched {
            if stale {
                change.now = rebuild::rebuild(state, &change.key)?;
            }
            if change.before == change.now {
                continue;
            }
            match &change.now {
                Some(group) => row::put(state, &change.key, group)?,
                None => row::delete::<GroupRow, S>(state, &change.key)?,
            }
            let places =
                |group: &Option<GroupRow>| group.as_ref().map_or([None, None], |row| timeline(&change.key, row));
            let (old, new) = (places(&change.before), places(&change.now));
            for gone in old.iter().flatten().filter(|place| !new.contains(&Some(**place))) {
                row::delete::<TimelineRow, S>(state, gone)?;
            }
            for come in new.iter().flatten().filter(|place| !old.contains(&Some(**place))) {
                row::put(state, come, &TimelineRow {})?;
            }
            changes.push(change);
        }
        Ok(changes)
    }

    fn load<S: State>(&mut self, state: &S, key: GroupKey) -> Result<usize, S::Error> {
        if let Some(at) = self.touched.iter().position(|(change, _)| change.key == key) {
            return Ok(at);
        }
        let row = row::get::<GroupRow, S>(state, &key)?;
        self.touched.push((GroupChange { key, before: row, now: row }, false));
        Ok(self.touched.len() - 1)
    }
}

/// A group's places in the timeline of its job.
fn timeline(key: &GroupKey, group: &GroupRow) -> [Option<TimelineKey>; 2] {
    let (class, time_ns) = group.class();
    let place = TimelineKey { job: key.job, class, time: NewestFirst::new(time_ns), root: key.root };
    let clean = !matches!(class, Class::Partial | Class::Unsuccessful | Class::Open);
    [Some(place), (clean && group.inferring > 0).then_some(TimelineKey { class: Class::Inferring, ..place })]
}
