//! From a run up to the root of its group, and down again when a parent is learnt. Bounded in depth; a cycle of parents has the
//! least of its runs as its top, from wherever one enters it.

use super::Groups;
use crate::id::RunId;
use crate::row::key::{ChildKey, RunKey, prefix};
use crate::row::{self, ChildRow, ParentRegister, Read, RunRow, State};

/// Parents that are climbed; the one reached then counts as the root.
pub const DEPTH_MAX: usize = 64;

/// The root of a run's group and whether the run is a top run: parents are climbed while the job, as the child names it,
/// stays the same; then the root is the top run's parent, else the top run itself, seen or not.
///
/// # Errors
/// The store's own.
pub fn climb<S: Read>(state: &S, key: &RunKey, parent: Option<&ParentRegister>) -> Result<(RunId, bool), S::Error> {
    let mut climbed = vec![key.run];
    let mut parent = parent.copied();
    loop {
        let here = climbed[climbed.len() - 1];
        let Some((above, job)) = parent.and_then(|parent| Some((parent.run?, parent.job))) else {
            return Ok((here, here == key.run));
        };
        if job != key.job {
            return Ok((above, here == key.run));
        }
        if let Some(at) = climbed.iter().position(|run| *run == above) {
            let least = climbed[at..].iter().copied().min().unwrap_or(here);
            return Ok((least, least == key.run));
        }
        if climbed.len() > DEPTH_MAX {
            return Ok((above, false));
        }
        climbed.push(above);
        parent = row::get::<RunRow, S>(state, &RunKey { run: above, job: key.job })?.and_then(|row| row.parent);
    }
}

/// Climbs anew for every run below one whose parent has changed, and moves those whose root is another one now. Linear in
/// the runs below.
///
/// # Errors
/// The store's own.
pub fn descend<S: State>(state: &mut S, key: &RunKey, groups: &mut Groups) -> Result<(), S::Error> {
    let mut level = vec![key.run];
    let mut seen = std::collections::HashSet::from([key.run]);
    for _ in 0..=DEPTH_MAX {
        let mut below = Vec::new();
        for run in level {
            for child in children(state, &RunKey { run, job: key.job })? {
                if child.parent_job == key.job && seen.insert(child.run) {
                    below.push(child.run);
                }
            }
        }
        for run in &below {
            let key = RunKey { run: *run, job: key.job };
            let Some(before) = row::get::<RunRow, S>(state, &key)? else { continue };
            let (root, top) = climb(state, &key, before.parent.as_ref())?;
            if (root, top) != (before.root, before.top) {
                let now = RunRow { root, top, ..before.clone() };
                row::put(state, &key, &now)?;
                groups.change(state, &key, Some(&before), &now)?;
            }
        }
        if below.is_empty() {
            break;
        }
        level = below;
    }
    Ok(())
}

/// Runs of one job that name `key.run` as their parent (whatever job they think it has).
pub(super) fn children<S: Read>(state: &S, key: &RunKey) -> Result<Vec<ChildKey>, S::Error> {
    let rows = row::scan::<ChildRow, S>(state, &prefix(&[&key.run.0, &key.job.0]), usize::MAX)?;
    Ok(rows.into_iter().map(|(key, _)| key).collect())
}
