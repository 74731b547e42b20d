//! `run list|show`.

use std::collections::{BTreeMap, BTreeSet};

use lineage::facts::EventType;
use lineage::id::{NodeId, RunId};
use lineage::query::Subject;
use lineage::row::key::{ChildKey, FlowKey, Key as _, RunKey, prefix};
use lineage::row::{self, FlowRow, Read as _, RunRow, Table, Terminal, Visit};

use super::body::{self, Body, Facets};
use super::scope::{Scope, broken};
use crate::http::model::query::RunsQuery;
use crate::http::model::{DatasetUse, Node, Run, RunState, RunSummary, Time};
use crate::http::{After, Listed, ReadError, Span};

/// Runs looked at for one page.
const RUNS_MAX: usize = 1_000_000;
/// Jobs that share one run id, and children, that are looked at.
const MANY: usize = 10_000;

/// Newest first: by the time it was last heard of, then its key. A cursor is the place of the last row.
pub(super) fn list(scope: &Scope, query: &RunsQuery, span: &Span) -> Result<Listed<RunSummary>, ReadError> {
    let job = match &query.job {
        None => None,
        Some(text) => match scope.subject(text, &["job"])? {
            Subject::Job(job) => Some(job),
            _ => return Err(ReadError::NotFound { what: text.clone() }),
        },
    };
    let after = match &span.after {
        After::Start => None,
        After::End => return Ok(Listed { items: Vec::new(), next: None }),
        After::Key(key) => Some(place(key)?),
    };
    // The rows that follow `after`, the newest `rows_max` of them.
    let mut page: BTreeSet<([u8; 8], Vec<u8>)> = BTreeSet::new();
    let mut more = false;
    scan_runs(scope, &mut |key, run| {
        let here = (row::key::newest_first(run.heard_ns), key.bytes().to_vec());
        let wanted = job.is_none_or(|job| job == key.job)
            && query.state.is_none_or(|wanted| wanted == state(run))
            && after.as_ref().is_none_or(|after| here > *after);
        if wanted {
            page.insert(here);
            if page.len() > span.rows_max as usize {
                page.pop_last();
                more = true;
            }
        }
    })?;
    let mut items = Vec::with_capacity(page.len());
    for (_, key) in &page {
        let Some(key) = RunKey::parse(key) else { continue };
        let run = row::get::<RunRow, _>(&scope.graph(), &key).map_err(broken)?;
        if let Some(run) = run {
            items.push(summary(scope, &key, &run)?);
        }
    }
    let next = page.last().filter(|_| more).map(|(time, key)| [time.as_slice(), key].concat());
    Ok(Listed { items, next })
}

/// Visits every run, at most [`RUNS_MAX`].
pub(super) fn scan_runs(scope: &Scope, visit: &mut dyn FnMut(&RunKey, &RunRow)) -> Result<(), ReadError> {
    let mut seen = 0;
    let scanned = scope.graph().scan(Table::Run, &[], &[], &mut |key, value| {
        if let (Some(key), Ok(run)) = (RunKey::parse(key), <RunRow as row::Row>::decode(value)) {
            visit(&key, &run);
        }
        seen += 1;
        if seen < RUNS_MAX { Visit::Next } else { Visit::Stop }
    });
    scanned.map_err(broken)
}

fn place(key: &[u8]) -> Result<([u8; 8], Vec<u8>), ReadError> {
    let invalid = || ReadError::Invalid { parameter: "cursor", reason: "is not one of this list".to_owned() };
    let (time, rest) = key.split_first_chunk::<8>().ok_or_else(invalid)?;
    Ok((*time, rest.to_vec()))
}

pub(super) fn state(run: &RunRow) -> RunState {
    match run.end.map(|end| end.terminal) {
        Some(Terminal::Complete) => RunState::Completed,
        Some(Terminal::Abort) => RunState::Aborted,
        Some(Terminal::Fail) => RunState::Failed,
        None if started_ns(run).is_some_and(|start| start == run.heard_ns) => RunState::Started,
        None if started_ns(run).is_some() || run.heard_ns > run.started_ns => RunState::Running,
        None => RunState::Unknown,
    }
}

fn started_ns(run: &RunRow) -> Option<i64> {
    run.transitions.iter().filter(|one| one.event_type == EventType::Start).map(|one| one.time_ns).min()
}

pub(super) fn summary(scope: &Scope, key: &RunKey, run: &RunRow) -> Result<RunSummary, ReadError> {
    Ok(RunSummary {
        run_id: key.run.to_string(),
        job: scope.name(key.job)?.unwrap_or_else(|| Node::job("", "")),
        state: state(run),
        started_at: started_ns(run).map(Time),
        ended_at: run.end.map(|end| Time(end.time_ns)),
        last_event_at: Time(run.heard_ns.max(run.end.map_or(i64::MIN, |end| end.time_ns))),
        parent_run_id: run.parent.and_then(|parent| parent.run).map(|parent| parent.to_string()),
        events: leaves(run).len() as u64,
    })
}

/// The leaves that the run's row remembers: its first event, its START and terminal ones.
fn leaves(run: &RunRow) -> BTreeSet<u64> {
    let mut leaves: BTreeSet<u64> = run.transitions.iter().map(|transition| transition.place.leaf).collect();
    leaves.insert(run.first_leaf);
    leaves.extend(run.end.map(|end| end.place.leaf));
    leaves
}

pub(super) fn show(scope: &Scope, run_id: &str) -> Result<Run, ReadError> {
    let missing = || ReadError::NotFound { what: format!("run:{run_id}") };
    let id: RunId = run_id.strip_prefix("run:").unwrap_or(run_id).parse().map_err(|_| missing())?;
    let children = children(scope, id)?;
    let rows = row::scan::<RunRow, _>(&scope.graph(), &prefix(&[&id.0]), MANY).map_err(broken)?;
    // A run id that two jobs use is two runs; the one heard of last is shown.
    let Some((key, run)) = rows.into_iter().max_by_key(|(_, run)| run.heard_ns) else {
        return if children.is_empty() { Err(missing()) } else { placeholder(scope, id, children) };
    };
    let (mut inputs, mut outputs) = datasets(scope, key.job, &run)?;
    let mut facets = Facets::new();
    for leaf in leaves(&run) {
        let Some(body) = Body::read(scope, leaf)? else { continue };
        body::lay(&mut facets, body.run.as_ref());
        body::lay_use(&mut inputs, body.inputs.as_ref(), "inputFacets", "inputStatistics");
        body::lay_use(&mut outputs, body.outputs.as_ref(), "outputFacets", "outputStatistics");
    }
    let summary = summary(scope, &key, &run)?;
    let said = facets.get("errorMessage").and_then(|facet| facet.get("message")).and_then(|message| message.as_str());
    Ok(Run {
        error: said.filter(|_| summary.state == RunState::Failed).map(str::to_owned),
        inputs: inputs.into_values().collect(),
        outputs: outputs.into_values().collect(),
        facets,
        children,
        leaves: leaves(&run).into_iter().collect(),
        findings: Vec::new(),
        summary,
    })
}

/// A parent that was named and never seen.
fn placeholder(scope: &Scope, run: RunId, children: Vec<String>) -> Result<Run, ReadError> {
    let first = row::scan::<row::ChildRow, _>(&scope.graph(), &prefix(&[&run.0]), 1).map_err(broken)?;
    let job = match first.first() {
        Some((key, _)) => scope.name(key.parent_job)?,
        None => None,
    };
    let summary = RunSummary {
        run_id: run.to_string(),
        job: job.unwrap_or_else(|| Node::job("", "")),
        state: RunState::Placeholder,
        started_at: None,
        ended_at: None,
        last_event_at: Time(0),
        parent_run_id: None,
        events: 0,
    };
    Ok(Run {
        summary,
        inputs: Vec::new(),
        outputs: Vec::new(),
        facets: Facets::new(),
        error: None,
        children,
        leaves: Vec::new(),
        findings: Vec::new(),
    })
}

fn children(scope: &Scope, run: RunId) -> Result<Vec<String>, ReadError> {
    let rows = row::scan::<row::ChildRow, _>(&scope.graph(), &prefix(&[&run.0]), MANY).map_err(broken)?;
    let mut children: Vec<String> = rows.iter().map(|(ChildKey { run, .. }, _)| run.to_string()).collect();
    children.dedup();
    Ok(children)
}

/// What a run named, by side.
type Uses = BTreeMap<Node, DatasetUse>;

fn datasets(scope: &Scope, job: NodeId, run: &RunRow) -> Result<(Uses, Uses), ReadError> {
    let (mut inputs, mut outputs) = (Uses::new(), Uses::new());
    let Some(flow) = run.sets else { return Ok((inputs, outputs)) };
    let row = row::get::<FlowRow, _>(&scope.graph(), &FlowKey { job, flow }).map_err(broken)?;
    if let Some(FlowRow::Sets { inputs: read, outputs: written, .. }) = row {
        for (side, ids) in [(&mut inputs, read), (&mut outputs, written)] {
            for id in ids {
                if let Some(node) = scope.name(id)? {
                    side.insert(node.clone(), DatasetUse { node, rows: None, bytes: None, version: None });
                }
            }
        }
    }
    Ok((inputs, outputs))
}
