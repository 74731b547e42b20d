//! Which flows stand behind a group, and which groups behind a flow. A flow that no group or declaration says any more is
//! gone: it was only a run's sets half way.

use crate::id::{NodeId, RunId};
use crate::row::key::{FlowGroupKey, FlowKey, MemberKey, prefix};
use crate::row::{self, FlowGroupRow, FlowId, FlowRow, MemberRow, State};

/// Follows a run from its old root and flows to its new ones. Flows are sorted.
pub(super) fn change<S: State>(
    state: &mut S,
    job: NodeId,
    old: Option<(RunId, Vec<FlowId>)>,
    (root, flows): (RunId, Vec<FlowId>),
) -> Result<(), S::Error> {
    let (old_root, old_flows) = old.unwrap_or((root, Vec::new()));
    let moved = old_root != root;
    // Joins first: a flow that only moves is never without a group.
    for flow in &flows {
        if moved || old_flows.binary_search(flow).is_err() {
            add_member(state, job, root, *flow)?;
        }
    }
    for flow in &old_flows {
        if moved || flows.binary_search(flow).is_err() {
            remove_member(state, job, old_root, *flow)?;
        }
    }
    Ok(())
}

/// One more run (or a declaration) of a group says a flow.
///
/// # Errors
/// The store's own.
pub fn add_member<S: State>(state: &mut S, job: NodeId, root: RunId, flow: FlowId) -> Result<(), S::Error> {
    let key = MemberKey { job, root, flow };
    let member = row::get::<MemberRow, S>(state, &key)?;
    if member.is_none() {
        row::put(state, &FlowGroupKey { job, flow, root }, &FlowGroupRow {})?;
    }
    let runs = member.map_or(0, |member| member.runs).saturating_add(1);
    row::put(state, &key, &MemberRow { runs })
}

fn remove_member<S: State>(state: &mut S, job: NodeId, root: RunId, flow: FlowId) -> Result<(), S::Error> {
    let key = MemberKey { job, root, flow };
    let runs = row::get::<MemberRow, S>(state, &key)?.map_or(0, |member| member.runs);
    if runs > 1 {
        return row::put(state, &key, &MemberRow { runs: runs - 1 });
    }
    row::delete::<MemberRow, S>(state, &key)?;
    row::delete::<FlowGroupRow, S>(state, &FlowGroupKey { job, flow, root })?;
    let others = row::scan::<FlowGroupRow, S>(state, &prefix(&[&job.0, &flow.0]), 1)?;
    if others.is_empty() {
        row::delete::<FlowRow, S>(state, &FlowKey { job, flow })?;
    }
    Ok(())
}
