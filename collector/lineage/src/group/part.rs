//! What one run contributes to its group, and the arithmetic of joining, leaving and changing.
//! A sum is taken back; an extreme can't be, so the caller is told when the group must be counted anew.

use std::cmp::Reverse;

use crate::id::RunId;
use crate::row::{End, FacetKey, GroupRow, Register, RunRow, Terminal, TopRun, Value};

/// A run's contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    run: RunId,
    top: bool,
    started_ns: i64,
    heard_ns: i64,
    end: Option<End>,
    inputs: bool,
    outputs: bool,
    infers: bool,
    extraction_error: bool,
    first_leaf: u64,
}

impl Part {
    /// Of a run.
    pub fn of(run: RunId, row: &RunRow) -> Part {
        Part {
            run,
            top: row.top,
            started_ns: row.started_ns,
            heard_ns: row.heard_ns,
            end: row.end,
            inputs: row.declares_inputs,
            outputs: row.declares_outputs,
            infers: row.infers,
            extraction_error: extraction_error(&row.registers),
            first_leaf: row.first_leaf,
        }
    }
}

/// Whether the standing `extractionError` says that lineage is missing.
fn extraction_error(registers: &[Register]) -> bool {
    registers.iter().any(|register| {
        register.facet == FacetKey::ExtractionError
            && match &register.value {
                Value::Deleted => false,
                Value::Inline(content) => {
                    postcard::from_bytes::<crate::facts::ExtractionError>(content).is_ok_and(|error| error.failed > 0)
                }
                Value::Content(_) | Value::Cut(_) | Value::Omitted(_) => true,
            }
    })
}

/// The order of ends: later, then graver, then recorded first.
fn rank(end: &End) -> (i64, Terminal, Reverse<crate::row::Place>) {
    (end.time_ns, end.terminal, Reverse(end.place))
}

fn top(part: &Part) -> TopRun {
    TopRun { started_ns: part.started_ns, run: part.run, end: part.end }
}

/// Adds a run.
pub(super) fn join(group: &mut Option<GroupRow>, part: &Part) {
    let row = group.get_or_insert(GroupRow {
        runs: 0,
        complete: 0,
        failed: 0,
        aborted: 0,
        tops: 0,
        tops_ended: 0,
        declaring_inputs: 0,
        declaring_outputs: 0,
        inferring: 0,
        extraction_errors: 0,
        started_ns: i64::MAX,
        last_started_ns: i64::MIN,
        heard_ns: i64::MIN,
        last_end: None,
        top: None,
        first_leaf: u64::MAX,
    });
    count(row, part, u32::saturating_add);
    row.started_ns = row.started_ns.min(part.started_ns);
    row.last_started_ns = row.last_started_ns.max(part.started_ns);
    row.heard_ns = row.heard_ns.max(part.heard_ns);
    row.first_leaf = row.first_leaf.min(part.first_leaf);
    row.last_end = row.last_end.into_iter().chain(part.end).max_by_key(rank);
    if part.top {
        row.top = row.top.into_iter().chain([top(part)]).max_by_key(|top| (top.started_ns, top.run));
    }
}

/// Takes a run out; true when the group must be counted anew.
pub(super) fn leave(group: &mut Option<GroupRow>, part: &Part) -> bool {
    let Some(row) = group else { return false };
    count(row, part, u32::saturating_sub);
    if row.runs == 0 {
        *group = None;
        return false;
    }
    holds_extreme(row, part)
}

/// Puts a run's new contribution in the place of its old one; true when the group must be counted anew.
pub(super) fn replace(group: &mut Option<GroupRow>, old: &Part, new: &Part) -> bool {
    if old == new {
        return false;
    }
    let Some(row) = group else { return true };
    if row.runs == 1 {
        *group = None;
        join(group, new);
        return false;
    }
    // Greatest start and latest top can go down when the run turns out to have begun earlier; ends and signs of life
    // only go up, least values only down.
    let start_was_greatest = row.last_started_ns == old.started_ns && new.started_ns < old.started_ns;
    let top_shrinks = row.top.is_some_and(|top| top.run == old.run)
        && (!new.top || (row.tops > 1 && new.started_ns < old.started_ns));
    let stale = start_was_greatest || top_shrinks || (old.end.is_some() && new.end.is_none());
    count(row, old, u32::saturating_sub);
    if row.top.is_some_and(|top| top.run == old.run) {
        row.top = None;
    }
    join(group, new);
    stale
}

fn holds_extreme(row: &GroupRow, part: &Part) -> bool {
    row.started_ns == part.started_ns
        || row.last_started_ns == part.started_ns
        || row.heard_ns == part.heard_ns
        || row.first_leaf == part.first_leaf
        || (part.end.is_some() && row.last_end == part.end)
        || row.top.is_some_and(|top| top.run == part.run)
}

fn count(row: &mut GroupRow, part: &Part, add: impl Fn(u32, u32) -> u32) {
    let by = |counter: &mut u32, yes: bool| *counter = add(*counter, u32::from(yes));
    by(&mut row.runs, true);
    by(&mut row.tops, part.top);
    by(&mut row.tops_ended, part.top && part.end.is_some());
    by(&mut row.declaring_inputs, part.inputs);
    by(&mut row.declaring_outputs, part.outputs);
    by(&mut row.inferring, part.infers);
    by(&mut row.extraction_errors, part.extraction_error);
    match part.end.map(|end| end.terminal) {
        Some(Terminal::Complete) => by(&mut row.complete, true),
        Some(Terminal::Fail) => by(&mut row.failed, true),
        Some(Terminal::Abort) => by(&mut row.aborted, true),
        None => {}
    }
}
