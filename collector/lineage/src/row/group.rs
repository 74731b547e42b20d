//! Execution groups and declarations. Owns the counters from which a group's state follows at once, however many runs
//! it has. Never stores that state: it is a function of the row.

use serde::{Deserialize, Serialize};

use super::key::{Class, DeclarationKey, FlowGroupKey, GroupKey, TimelineKey};
use super::{End, Row, Table};
use crate::id::RunId;

/// The latest run of a group that has no parent within the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopRun {
    /// When it started, ns UTC.
    pub started_ns: i64,
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub end: Option<End>,
}

/// An execution group: sums and extremes over the runs in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    /// Runs seen.
    pub runs: u32,
    /// Of these COMPLETE.
    pub complete: u32,
    /// Of these FAIL.
    pub failed: u32,
    /// Of these ABORT.
    pub aborted: u32,
    /// Top runs seen: more than one after a retry.
    pub tops: u32,
    /// Of these ended.
    pub tops_ended: u32,
    /// Runs that declare inputs.
    pub declaring_inputs: u32,
    /// Runs that declare outputs.
    pub declaring_outputs: u32,
    /// Runs that name something that intake guessed.
    pub inferring: u32,
    /// Runs that report an extraction error.
    pub extraction_errors: u32,
    /// Least start, ns UTC.
    pub started_ns: i64,
    /// Greatest start, ns UTC.
    pub last_started_ns: i64,
    /// Greatest sign of life, ns UTC, to the heartbeat.
    pub heard_ns: i64,
    /// Latest end of a run.
    pub last_end: Option<End>,
    /// The latest top run; `None` while none was seen.
    pub top: Option<TopRun>,
    /// Least ledger position.
    pub first_leaf: u64,
}

impl Row for GroupRow {
    const TABLE: Table = Table::Group;
    type Key = GroupKey;
}

/// What has become of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupState {
    /// Under way.
    Open,
    /// Succeeded.
    Succeeded,
    /// Failed.
    Failed,
    /// Stopped.
    Aborted,
}

/// A group in the timeline of its job; all of it is in the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineRow {}

impl Row for TimelineRow {
    const TABLE: Table = Table::Timeline;
    type Key = TimelineKey;
}

/// A group behind a flow; all of it is in the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowGroupRow {}

impl Row for FlowGroupRow {
    const TABLE: Table = Table::FlowGroup;
    type Key = FlowGroupKey;
}

/// What one JobEvent or DatasetEvent declares; its flows are members under its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclarationRow {
    /// It names inputs.
    pub inputs: bool,
    /// It names outputs.
    pub outputs: bool,
    /// Least ledger position.
    pub leaf: u64,
}

impl Row for DeclarationRow {
    const TABLE: Table = Table::Declaration;
    type Key = DeclarationKey;
}

impl GroupRow {
    /// What has become of it, and its end when it has one. A top run that is still open does not hold a group with other
    /// runs open: applications often never say that they ended.
    pub fn outcome(&self) -> (GroupState, Option<End>) {
        let ended = self.complete + self.failed + self.aborted;
        let top_end = self.top.and_then(|top| top.end);
        match top_end {
            Some(end) if self.tops == self.runs || self.last_started_ns <= end.time_ns => {
                return (end.terminal.into(), Some(end));
            }
            Some(end) if end.terminal != super::Terminal::Complete => return (end.terminal.into(), Some(end)),
            _ => {}
        }
        // Judged by all its runs: no top run was seen, it is open, or a run began after it completed.
        let idle_tops = if self.runs > self.tops { self.tops - self.tops_ended } else { 0 };
        if ended + idle_tops < self.runs {
            (GroupState::Open, None)
        } else if self.failed > 0 {
            (GroupState::Failed, self.last_end)
        } else if self.aborted > 0 {
            (GroupState::Aborted, self.last_end)
        } else {
            (GroupState::Succeeded, self.last_end)
        }
    }

    /// Its place in the timeline: class and time.
    pub fn class(&self) -> (Class, i64) {
        let (state, end) = self.outcome();
        let time_ns = end.map_or(self.started_ns, |end| end.time_ns);
        let class = match state {
            GroupState::Open => Class::Open,
            GroupState::Failed | GroupState::Aborted => Class::Unsuccessful,
            GroupState::Succeeded if self.extraction_errors > 0 => Class::Partial,
            GroupState::Succeeded => match (self.declaring_inputs > 0, self.declaring_outputs > 0) {
                (false, false) => Class::CleanNone,
                (true, false) => Class::CleanInputs,
                (false, true) => Class::CleanOutputs,
                (true, true) => Class::CleanBoth,
            },
        };
        (class, time_ns)
    }
}

impl From<super::Terminal> for GroupState {
    fn from(terminal: super::Terminal) -> Self {
        match terminal {
            super::Terminal::Complete => GroupState::Succeeded,
            super::Terminal::Abort => GroupState::Aborted,
            super::Terminal::Fail => GroupState::Failed,
        }
    }
}
