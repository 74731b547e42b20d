//! The run fold: one event into one run's row, in any order of arrival. Owns the run's registers, sets, end and parent.
//! Never downgrades an end, never counts events, never writes a row that did not change.

mod lineage;
mod transition;
mod usage;

pub use lineage::flows;
pub use transition::Conflict;

use crate::facts::{self, EventType};
use crate::fold::Accepted;
use crate::graph::{Lineages, Touched, Update, content, fnv1a, names, updates, write};
use crate::group::{self, Groups};
use crate::id::{NodeId, RunId};
use crate::row::key::{ChildKey, Link, RunKey};
use crate::row::{self, ChildRow, End, FacetKey, ParentRegister, RunRow, State, Terminal};
use crate::rule::{Change, RunChange};

/// Folds a RunEvent, moves what has to move between groups, and says what changed.
///
/// # Errors
/// The store's own.
pub fn fold<'a, S: State>(
    state: &mut S,
    accepted: &Accepted<'a>,
    run: &'a facts::Run<'a>,
    job: NodeId,
    touched: &mut Touched<'a>,
    groups: &mut Groups,
) -> Result<Change, S::Error> {
    let key = RunKey { run: run.id, job };
    let before = row::get::<RunRow, S>(state, &key)?;
    let mut now = before.clone().unwrap_or_else(|| unheard(run.id));

    now.started_ns = now.started_ns.min(accepted.facts.event_time_ns);
    now.heard_ns = now.heard_ns.max(accepted.heard_ns());
    now.first_leaf = now.first_leaf.min(accepted.leaf);
    end(&mut now, accepted);
    let adopted = parent(state, &key, &mut now, accepted, run, touched)?;
    let updates = of_run(run);
    let run_facets: Vec<(u8, u32)> = updates.iter().map(Update::digest).collect();
    write(state, &mut now.registers, &accepted.run_writer(), None, updates)?;

    let said = Lineages::read(accepted.facts, Some(job), touched);
    for dataset in accepted.facts.inputs.iter().chain(&accepted.facts.outputs) {
        names(touched, accepted, dataset);
    }
    dependencies(run, job, touched);
    let conflict = transition::note(&mut now, accepted, run_facets, touched);
    let gone = lineage::fold(state, &key, &mut now, accepted, said, touched)?;
    usage::fold(state, &key, before.as_ref(), &now, accepted, touched, &gone)?;

    if before.is_none() || adopted {
        (now.root, now.top) = group::climb(state, &key, now.parent.as_ref())?;
    }
    if before.as_ref() != Some(&now) {
        row::put(state, &key, &now)?;
        groups.change(state, &key, before.as_ref(), &now)?;
    }
    if adopted {
        group::descend(state, &key, groups)?;
    }
    let ended_before = before.and_then(|before| before.end);
    Ok(Change { run: Some(RunChange { key, ended_before, now }), conflict, groups: Vec::new() })
}

fn unheard(run: RunId) -> RunRow {
    RunRow {
        started_ns: i64::MAX,
        heard_ns: i64::MIN,
        first_leaf: u64::MAX,
        end: None,
        parent: None,
        root: run,
        top: true,
        declares_inputs: false,
        declares_outputs: false,
        infers: false,
        sets: None,
        lineages: Vec::new(),
        registers: Vec::new(),
        transitions: Vec::new(),
    }
}

/// The terminal register: the later event time stands; at a tie the greater terminal.
fn end(now: &mut RunRow, accepted: &Accepted<'_>) {
    let terminal = match accepted.facts.event_type {
        Some(EventType::Complete) => Terminal::Complete,
        Some(EventType::Abort) => Terminal::Abort,
        Some(EventType::Fail) => Terminal::Fail,
        None | Some(EventType::Start | EventType::Running | EventType::Other) => return,
    };
    let said = End { terminal, time_ns: accepted.facts.event_time_ns, place: accepted.place() };
    now.end = Some(match now.end {
        Some(stands) if (stands.time_ns, stands.terminal) > (said.time_ns, said.terminal) => stands,
        Some(stands) if (stands.time_ns, stands.terminal) == (said.time_ns, said.terminal) => {
            End { place: stands.place.min(said.place), ..said }
        }
        _ => said,
    });
}

/// The parent register and the index from parents to children; true when the parent is another one now.
fn parent<'a, S: State>(
    state: &mut S,
    key: &RunKey,
    now: &mut RunRow,
    accepted: &Accepted<'a>,
    run: &'a facts::Run<'a>,
    touched: &mut Touched<'a>,
) -> Result<bool, S::Error> {
    let said = match &run.parent {
        Some(parent) => {
            let job = touched.job_id(parent.namespace, parent.name);
            if job != key.job {
                touched.link(job, Link::ParentOf, key.job);
            }
            let root = run.root.as_ref().map(|root| (root.run, touched.job_id(root.namespace, root.name)));
            (Some(parent.run), job, root)
        }
        None if run.deleted.contains(&"parent") => (None, key.job, None),
        None => return Ok(false),
    };
    let stamp = accepted.run_writer().stamp(|| fnv1a(&content(&said)));
    let said = ParentRegister { stamp, run: said.0, job: said.1, root: said.2 };
    let child = |parent: &ParentRegister| {
        parent.run.map(|run| ChildKey { parent: run, job: key.job, run: key.run, parent_job: parent.job })
    };
    let old = now.parent.as_ref().and_then(child);
    if now.parent.as_ref().is_some_and(|stands| stands.stamp >= said.stamp) {
        return Ok(false);
    }
    let new = child(&said);
    now.parent = Some(said);
    if old == new {
        return Ok(false);
    }
    if let Some(old) = old {
        row::delete::<ChildRow, S>(state, &old)?;
    }
    if let Some(new) = new {
        row::put(state, &new, &ChildRow {})?;
    }
    Ok(true)
}

/// Jobs that the scheduler knows to run before and after this one.
fn dependencies<'a>(run: &'a facts::Run<'a>, job: NodeId, touched: &mut Touched<'a>) {
    for other in &run.dependencies {
        let node = touched.job_id(other.namespace, other.name);
        if node != job {
            let (first, then) = if other.downstream { (job, node) } else { (node, job) };
            touched.link(first, Link::Before, then);
        }
    }
}

fn of_run(run: &facts::Run<'_>) -> Vec<Update> {
    updates! { run.deleted;
        Tags list, "tags" => Some(&run.tags).filter(|list| !list.is_empty()),
        NominalTime set, "nominalTime" => run.nominal_time.as_ref(),
        ErrorMessage set, "errorMessage" => run.error.as_ref(),
        ExtractionError set, "extractionError" => run.extraction_error.as_ref(),
        ProcessingEngine set, "processing_engine" => run.engine.as_ref(),
        ExternalQuery set, "externalQuery" => run.external_query.as_ref(),
        Test list, "test" => Some(&run.tests).filter(|list| !list.is_empty()),
        Actor set, "ledgerline_actor" => run.actor.as_ref(),
        Approval list, "ledgerline_approval" => Some(&run.approvals).filter(|list| !list.is_empty()),
        Export set, "ledgerline_export" => run.export.as_ref(),
        Deployment set, "ledgerline_deployment" => run.deployment.as_ref(),
        Records list, "ledgerline_records" => Some(&run.records).filter(|list| !list.is_empty()),
    }
}
