//! A flow with the execution or declaration behind it, and how strongly that makes it stand.

use std::sync::Arc;

use super::flow::{sources, targets};
use super::{FLOWS_MAX, GROUPS_MAX, Strength};
use crate::graph::Side;
use crate::id::NodeId;
use crate::query::EdgeState;
use crate::row::key::{GroupKey, prefix};
use crate::row::{self, FlowGroupRow, FlowRow, GroupRow, GroupState, Read};

/// What stands behind a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Backing {
    /// Nothing any more.
    Past,
    /// An execution that ended without success.
    Unsuccessful,
    /// An execution that goes on.
    Open,
    /// A stream that is heard from.
    Stream,
    /// A declaration that its producer has not replaced.
    Declared,
    /// A successful execution.
    Succeeded,
}

/// A flow and the execution or declaration behind it.
#[derive(Clone, Debug)]
pub(super) struct Stand {
    pub(super) flow: Arc<FlowRow>,
    pub(super) backing: Backing,
    pub(super) end_ns: Option<i64>,
    /// When it was said, ns UTC: the execution's end, the declaration's time; what goes on is said now.
    pub(super) said_ns: i64,
    /// It stands for its inputs, for its outputs, and for which goes into which.
    pub(super) inputs: bool,
    pub(super) outputs: bool,
    pub(super) pairs: bool,
}

impl Stand {
    /// Whether it stands for a side.
    pub(super) fn holds(&self, side: Side) -> bool {
        match side {
            Side::Input => self.inputs,
            Side::Output => self.outputs,
        }
    }

    pub(super) fn strength(&self, holds: bool) -> Strength {
        let state = match self.backing {
            _ if !holds => EdgeState::Historical,
            Backing::Past => EdgeState::Historical,
            Backing::Unsuccessful => EdgeState::Attempted,
            Backing::Open => EdgeState::InProgress,
            Backing::Stream | Backing::Declared | Backing::Succeeded => EdgeState::Current,
        };
        let confirmed_ns = self.end_ns.filter(|_| self.backing == Backing::Succeeded);
        Strength { state, confirmed_ns, observed: self.backing != Backing::Declared }
    }
}

/// Whether a successful execution ever named the dataset on that side. Asked only of what a failure alone speaks for.
pub(super) fn confirmed_before<S: Read>(state: &S, job: NodeId, node: NodeId, side: Side) -> Result<bool, S::Error> {
    for (key, flow) in row::scan::<FlowRow, S>(state, &prefix(&[&job.0]), FLOWS_MAX)? {
        let named = match side {
            Side::Input => sources(&flow),
            Side::Output => targets(&flow),
        };
        if !named.contains(&node) {
            continue;
        }
        for (key, _) in row::scan::<FlowGroupRow, S>(state, &prefix(&[&job.0, &key.flow.0]), GROUPS_MAX)? {
            let group = row::get::<GroupRow, S>(state, &GroupKey { job, root: key.root })?;
            if group.is_some_and(|group| group.outcome().0 == GroupState::Succeeded) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
