//! What becomes of a dataset as such: created, altered, emptied, replaced, renamed, gone. Owns when that has happened.

use crate::facts::{Dataset, Lifecycle};
use crate::fold::Accepted;
use crate::id::{NodeId, RunId};
use crate::row::key::{ChangeKey, LifeChange, NewestFirst};
use crate::row::{self, ChangeRow, State};

/// Lists the change that an event tells of a dataset, once it has happened.
///
/// # Errors
/// The store's own.
pub(super) fn note<S: State>(
    state: &mut S,
    accepted: &Accepted<'_>,
    node: NodeId,
    dataset: &Dataset<'_>,
) -> Result<(), S::Error> {
    let Some(lifecycle) = dataset.lifecycle.filter(|_| accepted.settles()) else { return Ok(()) };
    let Some(change) = LifeChange::of(lifecycle.change) else { return Ok(()) };
    let mut event = [0; 16];
    event.copy_from_slice(&accepted.event_id.0[..16]);
    let time = NewestFirst::new(accepted.facts.event_time_ns);
    let key = ChangeKey { dataset: node, change, time, event: RunId(event) };
    let facts = accepted.facts;
    let row = ChangeRow {
        previous: renamed_from(&lifecycle).map(|(namespace, name)| NodeId::dataset(namespace, name)),
        job: facts.job.as_ref().map(|job| NodeId::job(job.namespace, job.name)),
        run: facts.run.as_ref().map(|run| run.id),
        leaf: accepted.leaf,
    };
    match row::get::<ChangeRow, S>(state, &key)? {
        Some(known) if known.leaf <= row.leaf => Ok(()),
        _ => row::put(state, &key, &row),
    }
}

/// The name before, of a rename that tells it.
pub(super) fn renamed_from<'a>(lifecycle: &Lifecycle<'a>) -> Option<(&'a str, &'a str)> {
    let is_rename = LifeChange::of(lifecycle.change) == Some(LifeChange::Rename);
    lifecycle.previous_namespace.zip(lifecycle.previous_name).filter(|_| is_rename)
}
