//! What a run named, and what its lineage facets say: sets add up, facets replace. Owns the run's flows.

use crate::fold::Accepted;
use crate::graph::{Added, Said, Sets, Side, Touched, fnv1a, index_links, put_flow};
use crate::id::NodeId;
use crate::row::key::{FlowKey, RunKey};
use crate::row::{self, FlowId, FlowRow, Lineage, RunRow, State};

/// Takes in the datasets and facets of one event; gives the datasets for which the sets have no room any more.
pub(super) fn fold<S: State>(
    state: &mut S,
    key: &RunKey,
    now: &mut RunRow,
    accepted: &Accepted<'_>,
    said: Vec<Said>,
    touched: &mut Touched<'_>,
) -> Result<Vec<(Side, NodeId)>, S::Error> {
    now.declares_inputs |= said.iter().any(|said| said.declares_inputs);
    let mut explained_changed = false;
    for said in said {
        explained_changed |= register(state, key, now, accepted, said)?;
    }
    if touched.named.is_empty() && !explained_changed {
        return Ok(Vec::new());
    }
    let stored = match now.sets {
        Some(flow) => row::get::<FlowRow, S>(state, &FlowKey { job: key.job, flow })?,
        None => None,
    };
    let mut sets = stored.map(Sets::of).unwrap_or_default();
    let before = (sets.len() + touched.named.len() > Sets::DATASETS_MAX).then(|| sets.clone());
    let mut grew = explained_changed;
    for named in &mut touched.named {
        let added = sets.add(named.node, named.side, named.cited);
        named.fresh = added == Added::Fresh;
        grew |= added != Added::Known;
        now.infers |= named.inferred;
        match named.side {
            Side::Input => now.declares_inputs |= !named.inferred,
            Side::Output => now.declares_outputs |= !named.inferred,
        }
    }
    let mut gone = Vec::new();
    if let Some(before) = before {
        touched.named.iter_mut().for_each(|named| named.kept = sets.holds(named.node, named.side));
        gone.extend(before.named().filter(|(side, node)| !sets.holds(*node, *side)));
    }
    if grew {
        let explained = now.lineages.iter().flat_map(|lineage| lineage.explained.iter().copied()).collect();
        now.sets = match sets.flow(explained) {
            Some(flow) => Some(put_flow(state, key.job, &flow)?),
            None => None,
        };
    }
    Ok(gone)
}

/// Puts one facet into its register; true when other targets are explained now.
fn register<S: State>(
    state: &mut S,
    key: &RunKey,
    now: &mut RunRow,
    accepted: &Accepted<'_>,
    said: Said,
) -> Result<bool, S::Error> {
    let weight = || said.flows.iter().fold(0u64, |sum, flow| sum.rotate_left(1) ^ fnv1a(&row::Row::encode(flow)));
    let stamp = accepted.run_writer().stamp(weight);
    let place = (said.node, said.columns);
    let at = now.lineages.binary_search_by_key(&place, |lineage| (lineage.node, lineage.columns));
    if at.is_ok_and(|at| now.lineages[at].stamp >= stamp) {
        for flow in &said.flows {
            index_links(state, flow)?;
        }
        return Ok(false);
    }
    let mut flows = Vec::with_capacity(said.flows.len());
    for flow in &said.flows {
        flows.push(put_flow(state, key.job, flow)?);
    }
    let lineage = Lineage { node: said.node, columns: said.columns, stamp, flows, explained: said.explained };
    Ok(match at {
        Ok(at) => {
            let changed = now.lineages[at].explained != lineage.explained;
            now.lineages[at] = lineage;
            changed
        }
        Err(at) => {
            let changed = !lineage.explained.is_empty();
            now.lineages.insert(at, lineage);
            changed
        }
    })
}

/// Every flow of a run, sorted, none twice.
pub fn flows(run: &RunRow) -> Vec<FlowId> {
    let mut flows: Vec<FlowId> = run.sets.iter().copied().collect();
    flows.extend(run.lineages.iter().flat_map(|lineage| lineage.flows.iter().copied()));
    flows.sort_unstable();
    flows.dedup();
    flows
}
