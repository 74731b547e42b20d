//! How a run used its datasets: one row for each that it wrote, and for each that it read and told something of. Rows lie
//! under the run's start, so that a dataset lists its newest runs first; they follow when the run turns out to have begun earlier.

use crate::facts::Dataset;
use crate::fold::Accepted;
use crate::graph::{Named, Sets, Side, Touched, Update, of_content, write};
use crate::id::NodeId;
use crate::row::key::{FlowKey, NewestFirst, RunKey, UseKey};
use crate::row::{self, FacetKey, FlowRow, RunRow, State, UseRow};

/// Takes in what one event says of the datasets that its run used. `gone` are those for which the run's sets lack room.
pub(super) fn fold<'a, S: State>(
    state: &mut S,
    key: &RunKey,
    before: Option<&RunRow>,
    now: &RunRow,
    accepted: &Accepted<'a>,
    touched: &mut Touched<'a>,
    gone: &[(Side, NodeId)],
) -> Result<(), S::Error> {
    if let Some(before) = before.filter(|before| before.started_ns != now.started_ns) {
        follow(state, key, before, now)?;
    }
    for &(side, dataset) in gone {
        row::delete::<UseRow, S>(state, &place(key, now, side, dataset))?;
    }
    let facts = accepted.facts;
    for (side, list) in [(Side::Input, &facts.inputs), (Side::Output, &facts.outputs)] {
        for dataset in list {
            let node = touched.dataset_id(dataset.namespace, dataset.name);
            let updates = said(dataset, side, node, touched);
            let Some(named) = touched.on(side, node) else { continue };
            tell(state, key, now, accepted, &named, updates)?;
        }
    }
    // Targets that only a facet names are written, too.
    for at in 0..touched.named.len() {
        let named = touched.named[at];
        if named.cited && named.side == Side::Output {
            tell(state, key, now, accepted, &named, Vec::new())?;
        }
    }
    Ok(())
}

fn said(dataset: &Dataset<'_>, side: Side, node: NodeId, touched: &Touched<'_>) -> Vec<Update> {
    let mut updates = of_content(dataset);
    if let Some(version) = &dataset.version {
        updates.push(Update::set(FacetKey::Version, version));
    }
    if side == Side::Output {
        let schema = touched.schemas.iter().find(|(other, _)| *other == node);
        updates.extend(schema.map(|(_, value)| Update::kept(FacetKey::Schema, value.clone())));
    }
    updates
}

fn tell<S: State>(
    state: &mut S,
    key: &RunKey,
    now: &RunRow,
    accepted: &Accepted<'_>,
    named: &Named,
    updates: Vec<Update>,
) -> Result<(), S::Error> {
    let is_new = named.fresh && named.side == Side::Output;
    if !named.kept || (updates.is_empty() && !is_new) {
        return Ok(());
    }
    let place = place(key, now, named.side, named.node);
    // What the run had not named has no row yet.
    let stored = if named.fresh { None } else { row::get::<UseRow, S>(state, &place)? };
    let is_new = stored.is_none();
    let mut uses = stored.unwrap_or_default();
    let written = write(state, &mut uses.registers, &accepted.run_writer(), None, updates)?;
    if is_new || written.changed { row::put(state, &place, &uses) } else { Ok(()) }
}

/// The run began earlier than was known: its rows go where they belong now.
fn follow<S: State>(state: &mut S, key: &RunKey, before: &RunRow, now: &RunRow) -> Result<(), S::Error> {
    let Some(flow) = before.sets else { return Ok(()) };
    let Some(flow) = row::get::<FlowRow, S>(state, &FlowKey { job: key.job, flow })? else { return Ok(()) };
    for (side, dataset) in Sets::of(flow).named() {
        let old = place(key, before, side, dataset);
        if let Some(uses) = row::get::<UseRow, S>(state, &old)? {
            row::delete::<UseRow, S>(state, &old)?;
            row::put(state, &place(key, now, side, dataset), &uses)?;
        }
    }
    Ok(())
}

fn place(key: &RunKey, run: &RunRow, side: Side, dataset: NodeId) -> UseKey {
    UseKey { dataset, side, started: NewestFirst::new(run.started_ns), job: key.job, run: key.run }
}
