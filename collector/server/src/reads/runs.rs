//! `run list|show`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ledger::leaf::{self, Detail};
use lineage::facts::EventType;
use lineage::id::{NodeId, RunId};
use lineage::query::Subject;
use lineage::row::key::{ChildKey, Class, RunKey, prefix};
use lineage::row::{self, RunRow, Terminal, TimelineRow};

use super::body::{self, Body, Facets};
use super::facts::Said;
use super::scope::{Scope, broken};
use super::{events, uses};
use crate::http::model::query::RunsQuery;
use crate::http::model::{Custody, Node, Run, RunAbout, RunState, RunSummary, Time};
use crate::http::{After, Listed, ReadError, Span};
use crate::intake::Desk;

/// Leaves looked at for one page.
const LEAVES_MAX: u64 = 200_000;
/// Jobs that share one run id, and children, that are looked at.
const MANY: usize = 10_000;
/// Runs of one execution that are looked at.
const EXECUTION_RUNS_MAX: usize = 64;
/// Each execution of a job is in one of these.
const CLASSES: [Class; 7] = [
    Class::CleanNone,
    Class::CleanInputs,
    Class::CleanOutputs,
    Class::CleanBoth,
    Class::Partial,
    Class::Unsuccessful,
    Class::Open,
];
/// Findings of a run that are shown.
const FINDINGS_MAX: usize = 100;

/// Newest first: by the leaf that last changed what is known of the run. A cursor is the last leaf that was looked at.
pub(super) fn list(scope: &Scope, query: &RunsQuery, span: &Span) -> Result<Listed<RunSummary>, ReadError> {
    let job = match &query.job {
        None => None,
        Some(text) => match scope.subject(text, &["job"])? {
            Subject::Job(job) => Some(job),
            _ => return Err(ReadError::NotFound { what: text.clone() }),
        },
    };
    let start = match &span.after {
        After::Start => scope.size,
        After::End => return Ok(Listed::new(Vec::new(), None)),
        After::Key(key) => place(key)?.min(scope.size),
    };
    let (mut items, mut leaf) = (Vec::new(), start);
    while items.len() < span.rows_max as usize && start - leaf < LEAVES_MAX {
        let Some(index) = leaf.checked_sub(1) else { break };
        leaf = index;
        let Some(run) = run_of(scope, index)? else { continue };
        // Each run is listed at the newest of its leaves, and so once.
        for (key, run) in rows(scope, run)?.into_iter().filter(|(_, run)| leaves(run).last() == Some(&index)) {
            let summary = summary(scope, &key, &run)?;
            let wanted = job.is_none_or(|job| job == key.job)
                && query.state.is_none_or(|state| state == summary.state)
                && query.since.is_none_or(|since| summary.last_event_at >= since);
            items.extend(Some(summary).filter(|_| wanted));
        }
    }
    Ok(Listed::new(items, (leaf > 0).then(|| leaf.to_be_bytes().to_vec())))
}

/// The run that a leaf's event is of.
fn run_of(scope: &Scope, leaf: u64) -> Result<Option<RunId>, ReadError> {
    let Detail::Event(event) = events::read(scope, leaf)?.detail else { return Ok(None) };
    match event.subject {
        leaf::Subject::Run { id, .. } => Ok(Some(RunId(id.0))),
        leaf::Subject::Job(_) | leaf::Subject::Dataset(_) => Ok(None),
    }
}

/// A run under each of the jobs that use its id.
fn rows(scope: &Scope, run: RunId) -> Result<Vec<(RunKey, RunRow)>, ReadError> {
    row::scan::<RunRow, _>(&scope.graph(), &prefix(&[&run.0]), MANY).map_err(broken)
}

/// The runs of a job's latest executions, the newest first.
pub(super) fn latest(scope: &Scope, job: NodeId, rows_max: usize) -> Result<Vec<RunSummary>, ReadError> {
    let graph = scope.graph();
    let mut executions: Vec<(i64, RunId)> = Vec::new();
    for class in CLASSES {
        let rows = row::scan::<TimelineRow, _>(&graph, &prefix(&[&job.0, &[class as u8]]), rows_max).map_err(broken)?;
        executions.extend(rows.into_iter().map(|(key, _)| (key.time.time_ns(), key.root)));
    }
    executions.sort_unstable_by(|one, other| other.cmp(one));
    executions.dedup();
    let mut found: BTreeMap<Reverse<(Time, String)>, RunSummary> = BTreeMap::new();
    for (_, root) in executions.into_iter().take(rows_max) {
        // A root may be a run of the parent's job; the runs of the execution hang below it, under this one.
        let mut runs = vec![root];
        let mut at = 0;
        while let Some(run) = runs.get(at).copied().filter(|_| at < EXECUTION_RUNS_MAX) {
            at += 1;
            runs.extend(children_of(scope, run)?.into_iter().filter(|child| child.job == job).map(|child| child.run));
            let key = RunKey { run, job };
            if let Some(run) = row::get::<RunRow, _>(&graph, &key).map_err(broken)? {
                let summary = summary(scope, &key, &run)?;
                found.insert(Reverse((summary.last_event_at, summary.run_id.clone())), summary);
            }
        }
    }
    Ok(found.into_values().take(rows_max).collect())
}

fn place(key: &[u8]) -> Result<u64, ReadError> {
    let invalid = |_| ReadError::Invalid { parameter: "cursor", reason: "is not one of this list".to_owned() };
    key.try_into().map(u64::from_be_bytes).map_err(invalid)
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

/// The first leaf of a run's events, whatever job it is under.
pub(super) fn first_leaf(scope: &Scope, run: RunId) -> Result<Option<u64>, ReadError> {
    Ok(rows(scope, run)?.iter().map(|(_, run)| run.first_leaf).min())
}

pub(super) fn show(scope: &Scope, desk: &Desk, run_id: &str) -> Result<Run, ReadError> {
    let missing = || ReadError::NotFound { what: format!("run:{run_id}") };
    let id: RunId = run_id.strip_prefix("run:").unwrap_or(run_id).parse().map_err(|_| missing())?;
    let children = children(scope, id)?;
    // A run id that two jobs use is two runs; the one heard of last is shown.
    let Some((key, run)) = rows(scope, id)?.into_iter().max_by_key(|(_, run)| run.heard_ns) else {
        return if children.is_empty() { Err(missing()) } else { placeholder(scope, id, children) };
    };
    let (inputs, outputs) = uses::of_run(scope, &key, &run)?;
    let (mut facets, mut findings) = (Facets::new(), Vec::new());
    for leaf in leaves(&run) {
        let Some(bytes) = body::bytes(scope, leaf)? else { continue };
        findings.extend(events::findings(desk, &bytes));
        let Some(body) = Body::of(&bytes) else { continue };
        body::lay(&mut facets, body.run.as_ref());
    }
    findings.sort_by(|one, other| (&one.path, &one.code).cmp(&(&other.path, &other.code)));
    findings.dedup();
    findings.truncate(FINDINGS_MAX);
    let summary = summary(scope, &key, &run)?;
    let facts = Said { scope, registers: &run.registers };
    Ok(Run {
        error: facts.error()?.filter(|_| summary.state == RunState::Failed),
        inputs,
        outputs,
        about: facts.of_run()?,
        custody: facts.custody()?,
        cut: facts.cut(),
        facets,
        children,
        leaves: leaves(&run).into_iter().collect(),
        findings,
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
        about: RunAbout::default(),
        custody: Custody::default(),
        cut: Vec::new(),
        facets: Facets::new(),
        error: None,
        children,
        leaves: Vec::new(),
        findings: Vec::new(),
    })
}

fn children(scope: &Scope, run: RunId) -> Result<Vec<String>, ReadError> {
    let mut children: Vec<String> = children_of(scope, run)?.iter().map(|child| child.run.to_string()).collect();
    children.dedup();
    Ok(children)
}

fn children_of(scope: &Scope, run: RunId) -> Result<Vec<ChildKey>, ReadError> {
    let rows = row::scan::<row::ChildRow, _>(&scope.graph(), &prefix(&[&run.0]), MANY).map_err(broken)?;
    Ok(rows.into_iter().map(|(key, _)| key).collect())
}
