//! Parents and their descendants: a question about a parent covers them. Owns what makes a descendant stale.

use crate::id::{NodeId, RunId};
use crate::row::key::{ChildKey, Class, Link, RunKey, prefix};
use crate::row::{self, ChildRow, EdgeRow, Read, RunRow, TimelineRow};

/// Descendants of a job, and runs below a run, that are looked at.
const DESCENDANTS_MAX: usize = 10_000;
/// Successful executions of a parent after which an absent child is stale.
const EXECUTIONS: usize = 3;
/// Runs of one execution that are asked for a child.
const RUNS_MAX: usize = 64;

/// Jobs whose runs are descendants of the job's runs, each with the parent it hangs on by; nearest first.
///
/// # Errors
/// The store's own.
pub fn descendants<S: Read>(state: &S, job: NodeId) -> Result<Vec<(NodeId, NodeId)>, S::Error> {
    let mut found: Vec<(NodeId, NodeId)> = Vec::new();
    let mut seen = std::collections::BTreeSet::from([job]);
    let mut at = 0;
    let mut here = job;
    loop {
        let prefix = prefix(&[&here.0, &[Link::ParentOf as u8]]);
        for (key, _) in row::scan::<EdgeRow, S>(state, &prefix, DESCENDANTS_MAX)? {
            if found.len() < DESCENDANTS_MAX && seen.insert(key.other) {
                found.push((key.other, here));
            }
        }
        let Some((next, _)) = found.get(at) else { return Ok(found) };
        here = *next;
        at += 1;
    }
}

/// Whether a child is absent from its parent's last three successful executions.
///
/// # Errors
/// The store's own.
pub fn is_stale<S: Read>(state: &S, parent: NodeId, child: NodeId) -> Result<bool, S::Error> {
    let mut executions: Vec<(i64, RunId)> = Vec::new();
    for class in [Class::CleanNone, Class::CleanInputs, Class::CleanOutputs, Class::CleanBoth, Class::Partial] {
        let rows = row::scan::<TimelineRow, S>(state, &prefix(&[&parent.0, &[class as u8]]), EXECUTIONS)?;
        executions.extend(rows.into_iter().map(|(key, _)| (key.time.time_ns(), key.root)));
    }
    executions.sort_unstable_by(|one, other| other.cmp(one));
    if executions.len() < EXECUTIONS {
        return Ok(false);
    }
    for (_, root) in executions.into_iter().take(EXECUTIONS) {
        let mut runs = vec![root];
        runs.extend(children_of(state, root, Some(parent), RUNS_MAX)?.into_iter().map(|key| key.run));
        for run in runs {
            if !children_of(state, run, Some(child), 1)?.is_empty() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Runs that name `run` as their parent, all or those of one job.
pub(super) fn children_of<S: Read>(
    state: &S,
    run: RunId,
    job: Option<NodeId>,
    rows_max: usize,
) -> Result<Vec<ChildKey>, S::Error> {
    let prefix = match job {
        Some(job) => prefix(&[&run.0, &job.0]),
        None => prefix(&[&run.0]),
    };
    Ok(row::scan::<ChildRow, S>(state, &prefix, rows_max)?.into_iter().map(|(key, _)| key).collect())
}

/// The rows of a run (one for each job that it was sent under), then those of the runs below it.
pub(super) fn runs<S: Read>(state: &S, run: RunId) -> Result<Vec<(RunKey, RunRow)>, S::Error> {
    let mut rows = row::scan::<RunRow, S>(state, &prefix(&[&run.0]), RUNS_MAX)?;
    let mut seen = std::collections::BTreeSet::from([run]);
    let mut open = vec![run];
    while let Some(run) = open.pop() {
        for key in children_of(state, run, None, DESCENDANTS_MAX)? {
            if rows.len() >= DESCENDANTS_MAX {
                return Ok(rows);
            }
            let key = RunKey { run: key.run, job: key.job };
            if let Some(row) = row::get::<RunRow, S>(state, &key)? {
                rows.push((key, row));
            }
            if seen.insert(key.run) {
                open.push(key.run);
            }
        }
    }
    Ok(rows)
}
