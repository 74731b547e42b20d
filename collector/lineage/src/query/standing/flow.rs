//! The ends of one flow.

use crate::graph::Side;
use crate::id::NodeId;
use crate::row::FlowRow;

/// What a flow reads.
pub(super) fn sources(flow: &FlowRow) -> Vec<NodeId> {
    match flow {
        FlowRow::Sets { inputs, cited_inputs, .. } => inputs.iter().chain(cited_inputs).copied().collect(),
        FlowRow::Pairs { sources, .. } => sources.clone(),
        FlowRow::Columns { links, .. } => {
            let mut sources: Vec<NodeId> = links.iter().map(|link| link.source).collect();
            sources.sort_unstable();
            sources.dedup();
            sources
        }
    }
}

/// What a flow writes.
pub(super) fn targets(flow: &FlowRow) -> Vec<NodeId> {
    match flow {
        FlowRow::Sets { outputs, cited_outputs, .. } => outputs.iter().chain(cited_outputs).copied().collect(),
        FlowRow::Pairs { target, .. } | FlowRow::Columns { target, .. } => vec![*target],
    }
}

/// The other ends of a flow's pairs that have `node` on `side`.
pub(super) fn partners(flow: &FlowRow, node: NodeId, side: Side) -> Vec<NodeId> {
    match (flow, side) {
        (FlowRow::Sets { inputs, outputs, explained, .. }, Side::Input) if inputs.binary_search(&node).is_ok() => {
            outputs.iter().filter(|output| explained.binary_search(output).is_err()).copied().collect()
        }
        (FlowRow::Sets { inputs, outputs, explained, .. }, Side::Output)
            if outputs.binary_search(&node).is_ok() && explained.binary_search(&node).is_err() =>
        {
            inputs.clone()
        }
        (FlowRow::Sets { .. }, _) => Vec::new(),
        (FlowRow::Pairs { target, .. } | FlowRow::Columns { target, .. }, Side::Input) => vec![*target],
        (FlowRow::Pairs { .. } | FlowRow::Columns { .. }, Side::Output) => sources(flow),
    }
}
