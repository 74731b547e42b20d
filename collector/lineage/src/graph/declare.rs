//! JobEvents and DatasetEvents: what a producer declares, without a run. A declaration is replaced only by a later one of
//! the same producer; all of them stay.

use super::edge::names;
use super::flows::{Lineages, Sets, put_flow};
use super::touched::Touched;
use crate::context::{Context, short};
use crate::facts::Facts;
use crate::fold::Accepted;
use crate::group::add_member;
use crate::id::RunId;
use crate::row::key::{DeclarationKey, NewestFirst, ProducerId, Side};
use crate::row::{self, DeclarationRow, State};

/// Context of a producer's id.
const PRODUCER_CONTEXT: &str = "ledgerline v1 producer";

/// Stores what the event declares. An event that names no side declares nothing.
///
/// # Errors
/// The store's own.
pub fn declare<'a, S: State>(
    state: &mut S,
    accepted: &Accepted<'a>,
    touched: &mut Touched<'a>,
) -> Result<(), S::Error> {
    let facts: &'a Facts<'a> = accepted.facts;
    let said = Lineages::read(facts, touched.job, touched);
    for dataset in facts.inputs.iter().chain(&facts.outputs).chain(&facts.dataset) {
        names(touched, accepted, dataset);
    }
    let Some(owner) = touched.job.or(touched.dataset) else { return Ok(()) };
    let declares = |side| touched.named.iter().any(|named| named.side == side && !named.inferred);
    let inputs = declares(Side::Input) || said.iter().any(|said| said.declares_inputs);
    let outputs = declares(Side::Output);
    if !inputs && !outputs {
        return Ok(());
    }
    let mut root = [0; 16];
    root.copy_from_slice(&accepted.event_id.0[..16]);
    let key = DeclarationKey {
        node: owner,
        producer: producer_id(facts.producer.unwrap_or_default()),
        time: NewestFirst::new(facts.event_time_ns),
        root: RunId(root),
    };
    if let Some(before) = row::get::<DeclarationRow, S>(state, &key)? {
        // The event itself, again.
        let leaf = before.leaf.min(accepted.leaf);
        return if leaf == before.leaf { Ok(()) } else { row::put(state, &key, &DeclarationRow { leaf, ..before }) };
    }
    row::put(state, &key, &DeclarationRow { inputs, outputs, leaf: accepted.leaf })?;

    let mut sets = Sets::default();
    for named in &touched.named {
        sets.add(named.node, named.side, named.cited);
    }
    let explained = said.iter().flat_map(|said| said.explained.iter().copied()).collect();
    let mut flows: Vec<_> = said.into_iter().flat_map(|said| said.flows).collect();
    flows.extend(sets.flow(explained));
    let mut ids = Vec::with_capacity(flows.len());
    for flow in &flows {
        ids.push(put_flow(state, owner, flow)?);
    }
    ids.sort_unstable();
    ids.dedup();
    for flow in ids {
        add_member(state, owner, key.root, flow)?;
    }
    Ok(())
}

/// Who a producer is: its URI without segments that are a version, so that an upgrade stays the same producer.
pub fn producer_id(uri: &str) -> ProducerId {
    static DIGEST: Context = Context::new(PRODUCER_CONTEXT);
    let mut hasher = DIGEST.hasher();
    for segment in uri.split('/').filter(|segment| !is_version(segment)) {
        hasher.update(segment.as_bytes());
        hasher.update(b"/");
    }
    ProducerId(short(&hasher))
}

/// `1.23.0`, `v2.1`, `1.24.0-SNAPSHOT`: digits and a dot, to begin with.
fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix('v').unwrap_or(segment);
    let number = digits.split(['-', '+']).next().unwrap_or_default();
    number.contains('.')
        && number.split('.').count() <= 3
        && number.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}
