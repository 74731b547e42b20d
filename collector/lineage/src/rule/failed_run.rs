//! A run whose folded state is FAILED. One alert a failing execution, on the deepest failing run of a chain of parents, with the
//! ancestors attached; further failing executions of the job update it; a later success resolves it.

use serde::{Deserialize, Serialize};

use super::signal::{
    Ancestor, Evidence, Fire, Occurrence, OccurrenceKind, Severity, Signal, SubjectKind, SubjectRef, What,
};
use super::{Change, Rule, RunChange};
use crate::alert::{open_alerts, rfc3339};
use crate::facts::{EventType, ExecutionError};
use crate::fold::Accepted;
use crate::graph::standing;
use crate::group::GroupChange;
use crate::id::{AlertId, NodeId, RunId};
use crate::row::key::{AlertKey, ChildKey, Class, GroupKey, RunKey, prefix};
use crate::row::{
    self, AlertRow, AlertState, ChildRow, End, FacetKey, GroupRow, GroupState, Read, RunRow, Terminal, TimelineRow,
};

/// Ancestors that are attached.
const ANCESTORS_MAX: usize = 16;
/// Children of a failing run that are asked whether they failed.
const CHILDREN_MAX: usize = 4096;
/// Executions of a streak that are remembered one by one.
const STREAK_MAX: usize = 32;
/// Characters of an error that the sentence quotes.
const ERROR_CHARS_MAX: usize = 200;

/// The rule.
pub struct FailedRun;

/// What the rule keeps with its alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Memory {
    /// Root of the execution that the alert was opened for.
    root: RunId,
    /// The deepest failing run that the sentence is about.
    run: RunId,
    /// Its error's first words.
    error: Option<String>,
    /// Failed executions in a row, this one included.
    streak: u32,
    /// Their roots, the newest [`STREAK_MAX`].
    roots: Vec<RunId>,
    /// End of the latest of them, ns UTC.
    last_end_ns: i64,
    /// End of the first of them, ns UTC.
    first_end_ns: i64,
    /// Leaves.
    evidence: Vec<Evidence>,
    /// Failing ancestors, nearest first.
    ancestors: Vec<Ancestor>,
    /// The run that started it all, as far as it is known.
    cause: RunId,
}

impl Rule for FailedRun {
    const ID: &'static str = "failed-run";
    const VERSION: u32 = 1;

    fn evaluate<S: Read>(state: &S, _: &Accepted<'_>, change: &Change) -> Result<Vec<Signal>, S::Error> {
        let mut signals = Vec::new();
        if let Some(run) = &change.run {
            let failed = |end: Option<End>| end.is_some_and(|end| end.terminal == Terminal::Fail);
            if failed(run.now.end) && !failed(run.ended_before) {
                failure(state, run, &mut signals)?;
            }
        }
        for group in &change.groups {
            success(state, group, &mut signals)?;
        }
        Ok(signals)
    }
}

/// A run has failed: on its own account, or because something below it did.
fn failure<S: Read>(state: &S, change: &RunChange, signals: &mut Vec<Signal>) -> Result<(), S::Error> {
    let below = failing_below(state, &change.key)?;
    if !below.is_empty() {
        for (key, row) in below {
            climb_to(state, &key, &row, signals)?;
        }
        return Ok(());
    }
    if let Some(signal) = open(state, &change.key, &change.now)? {
        signals.push(signal);
    }
    // What was raised on an ancestor before this deeper failure was known is covered now.
    for ancestor in ancestors(state, &change.now)? {
        let key = RunKey { run: ancestor.run, job: ancestor.job };
        let Some(above) = row::get::<RunRow, S>(state, &key)? else { continue };
        if (key.job, above.root) == (change.key.job, change.now.root) {
            continue;
        }
        match remembered(state, key.job, above.root)? {
            Some((memory, _)) if memory.streak == 1 && memory.run == ancestor.run => {
                signals.push(signal(key.job, &memory, What::Resolve("a deeper run failed")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The failing runs below a run through failing runs only, those with none below themselves being the deepest.
fn failing_below<S: Read>(state: &S, key: &RunKey) -> Result<Vec<(RunKey, RunRow)>, S::Error> {
    let mut found: Vec<(RunKey, RunRow)> = Vec::new();
    let mut open = vec![*key];
    let mut asked = 0;
    while let Some(above) = open.pop() {
        for child in children(state, above.run)? {
            let key = RunKey { run: child.run, job: child.job };
            asked += 1;
            let known = key == above || found.iter().any(|(other, _)| *other == key);
            if asked > CHILDREN_MAX || known || child.parent_job != above.job {
                continue;
            }
            let Some(row) = row::get::<RunRow, S>(state, &key)? else { continue };
            if row.end.is_some_and(|end| end.terminal == Terminal::Fail) {
                found.push((key, row));
                open.push(key);
            }
        }
    }
    Ok(found)
}

/// An ancestor of an already failing run failed too: the alert below gains an ancestor.
fn climb_to<S: Read>(state: &S, key: &RunKey, row: &RunRow, signals: &mut Vec<Signal>) -> Result<(), S::Error> {
    let Some((mut memory, _)) = remembered(state, key.job, row.root)? else { return Ok(()) };
    let ancestors = ancestors(state, row)?;
    if ancestors.len() > memory.ancestors.len() {
        memory.ancestors = ancestors;
        signals.push(fire(key.job, memory));
    }
    Ok(())
}

/// Opens the alert of a failing run's execution, or brings news of the streak that it belongs to.
fn open<S: Read>(state: &S, key: &RunKey, row: &RunRow) -> Result<Option<Signal>, S::Error> {
    let Some(end) = row.end else { return Ok(None) };
    let group = row::get::<GroupRow, S>(state, &GroupKey { job: key.job, root: row.root })?;
    if group.is_some_and(|group| group.outcome().0 == GroupState::Succeeded) || succeeded_after(state, key.job, end)? {
        return Ok(None);
    }
    let event = row
        .transitions
        .iter()
        .find(|seen| seen.event_type == EventType::Fail && seen.place == end.place)
        .map(|seen| seen.event);
    let evidence = Evidence { place: end.place, event, run: key.run };
    if let Some((mut memory, known)) = remembered_any(state, key.job, row.root)? {
        if known {
            return Ok(None);
        }
        memory.streak = memory.streak.saturating_add(1);
        memory.roots.push(row.root);
        if memory.roots.len() > STREAK_MAX {
            memory.roots.remove(0);
        }
        memory.run = key.run;
        memory.error = error(state, row)?;
        memory.last_end_ns = memory.last_end_ns.max(end.time_ns);
        memory.evidence.push(evidence);
        if memory.evidence.len() > STREAK_MAX {
            memory.evidence.remove(1);
        }
        memory.ancestors = ancestors(state, row)?;
        return Ok(Some(fire(key.job, memory)));
    }
    let ancestors = ancestors(state, row)?;
    let cause = row.parent.and_then(|parent| parent.root.map(|(run, _)| run).or(parent.run)).unwrap_or(key.run);
    let memory = Memory {
        root: row.root,
        run: key.run,
        error: error(state, row)?,
        streak: 1,
        roots: vec![row.root],
        last_end_ns: end.time_ns,
        first_end_ns: end.time_ns,
        evidence: vec![evidence],
        ancestors,
        cause,
    };
    Ok(Some(fire(key.job, memory)))
}

/// A group succeeded: what its job's earlier failures opened is over.
fn success<S: Read>(state: &S, change: &GroupChange, signals: &mut Vec<Signal>) -> Result<(), S::Error> {
    let Some((GroupState::Succeeded, Some(end))) = change.now.map(|group| group.outcome()) else { return Ok(()) };
    if change.before.is_some_and(|group| group.outcome() == (GroupState::Succeeded, Some(end))) {
        return Ok(());
    }
    for (id, _) in open_alerts(state, change.key.job, FailedRun::ID)? {
        let Some(memory) = memory(state, id)? else { continue };
        let itself = memory.root == change.key.root && memory.streak == 1;
        if itself || end.time_ns >= memory.last_end_ns {
            let why = if itself { "recovered" } else { "retried" };
            signals.push(signal(change.key.job, &memory, What::Resolve(why)));
        }
    }
    Ok(())
}

fn signal(job: NodeId, memory: &Memory, what: What) -> Signal {
    Signal {
        rule: FailedRun::ID,
        version: FailedRun::VERSION,
        subject: SubjectRef { kind: SubjectKind::Job, job, run: memory.run },
        occurrence: Occurrence { kind: OccurrenceKind::Group, key: memory.root.to_string() },
        what,
    }
}

fn fire(job: NodeId, memory: Memory) -> Signal {
    let run = memory.run;
    let error = memory.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    let summary = match memory.streak {
        1 => format!("Run {run} failed at {}{error}.", rfc3339(memory.last_end_ns)),
        streak => format!(
            "{streak} executions failed in a row since {}, the last as run {run} at {}{error}.",
            rfc3339(memory.first_end_ns),
            rfc3339(memory.last_end_ns)
        ),
    };
    let kept = postcard::to_stdvec(&memory).expect("a memory has no map and no unsized sequence");
    let fired = Fire {
        severity: if memory.streak >= 3 { Severity::Critical } else { Severity::Warning },
        summary,
        evidence: memory.evidence.clone(),
        ancestors: memory.ancestors.clone(),
        remedy: vec![
            format!("Read what the run says: `ledgerline run show {run}`."),
            "Put right what it names, then run it again: a later success resolves this alert.".to_owned(),
            "Tell the owners downstream that their data is not fresh; the list is in `affected`.".to_owned(),
        ],
        group_key: format!("{}/{}", FailedRun::ID, memory.cause),
        opened_ns: memory.first_end_ns,
        memory: kept,
    };
    signal(job, &memory, What::Fire(Box::new(fired)))
}

/// Whether a group of the job succeeded at or after this end: then the failure is already made good.
fn succeeded_after<S: Read>(state: &S, job: NodeId, end: End) -> Result<bool, S::Error> {
    for class in [Class::CleanNone, Class::CleanInputs, Class::CleanOutputs, Class::CleanBoth, Class::Partial] {
        let newest = row::scan::<TimelineRow, S>(state, &prefix(&[&job.0, &[class as u8]]), 1)?;
        if newest.first().is_some_and(|(key, _)| key.time.time_ns() >= end.time_ns) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Failing ancestors, nearest first.
fn ancestors<S: Read>(state: &S, row: &RunRow) -> Result<Vec<Ancestor>, S::Error> {
    let mut found: Vec<Ancestor> = Vec::new();
    let mut parent = row.parent;
    while let Some((run, job)) = parent.and_then(|parent| Some((parent.run?, parent.job))) {
        let ancestor = Ancestor { job, run };
        if found.len() == ANCESTORS_MAX || found.contains(&ancestor) {
            break;
        }
        match row::get::<RunRow, S>(state, &RunKey { run, job })? {
            Some(above) if above.end.is_some_and(|end| end.terminal == Terminal::Fail) => {
                found.push(ancestor);
                parent = above.parent;
            }
            _ => break,
        }
    }
    Ok(found)
}

fn children<S: Read>(state: &S, run: RunId) -> Result<Vec<ChildKey>, S::Error> {
    let rows = row::scan::<ChildRow, S>(state, &prefix(&[&run.0]), CHILDREN_MAX)?;
    Ok(rows.into_iter().map(|(key, _)| key).collect())
}

fn error<S: Read>(state: &S, row: &RunRow) -> Result<Option<String>, S::Error> {
    let Some(content) = standing(state, &row.registers, FacetKey::ErrorMessage)? else { return Ok(None) };
    let error: ExecutionError<'_> =
        postcard::from_bytes(&content).map_err(|_| row::Corrupt { table: row::Table::Content })?;
    let line = error.message.text.lines().map(str::trim).find(|line| !line.is_empty());
    Ok(line.map(|line| line.trim_end_matches('.').chars().take(ERROR_CHARS_MAX).collect()))
}

fn memory<S: Read>(state: &S, alert: AlertId) -> Result<Option<Memory>, S::Error> {
    let Some(row) = row::get::<AlertRow, S>(state, &AlertKey { alert })? else { return Ok(None) };
    if row.state == AlertState::Resolved {
        return Ok(None);
    }
    let memory = postcard::from_bytes(&row.memory).map_err(|_| row::Corrupt { table: row::Table::Alert })?;
    Ok(Some(memory))
}

/// The open alert that covers an execution.
fn remembered<S: Read>(state: &S, job: NodeId, root: RunId) -> Result<Option<(Memory, bool)>, S::Error> {
    Ok(remembered_any(state, job, root)?.filter(|(_, covers)| *covers))
}

/// An open alert of the job, and whether it covers the execution already.
fn remembered_any<S: Read>(state: &S, job: NodeId, root: RunId) -> Result<Option<(Memory, bool)>, S::Error> {
    let mut any = None;
    for (id, _) in open_alerts(state, job, FailedRun::ID)? {
        let Some(memory) = memory(state, id)? else { continue };
        if memory.roots.contains(&root) {
            return Ok(Some((memory, true)));
        }
        any = any.or(Some((memory, false)));
    }
    Ok(any)
}
