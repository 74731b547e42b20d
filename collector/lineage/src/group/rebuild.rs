//! Counting a group anew from its runs: only when one that held an extreme has left or shrunk.

use super::climb::{DEPTH_MAX, children};
use super::part::{Part, join};
use crate::row::key::{GroupKey, RunKey};
use crate::row::{self, GroupRow, Read, RunRow};

/// The group as its runs make it; `None` when it has none.
pub(super) fn rebuild<S: Read>(state: &S, key: &GroupKey) -> Result<Option<GroupRow>, S::Error> {
    let mut group = None;
    let mut seen = std::collections::HashSet::from([key.root]);
    let mut level = vec![key.root];
    for _ in 0..=DEPTH_MAX + 1 {
        let mut below = Vec::new();
        for run in level {
            let run_key = RunKey { run, job: key.job };
            match row::get::<RunRow, S>(state, &run_key)? {
                Some(row) if row.root == key.root => join(&mut group, &Part::of(run, &row)),
                _ => {}
            }
            // A root of another job has top runs below it; everything else hangs on by its own job.
            below.extend(children(state, &run_key)?.into_iter().map(|child| child.run).filter(|run| seen.insert(*run)));
        }
        if below.is_empty() {
            break;
        }
        level = below;
    }
    Ok(group)
}
