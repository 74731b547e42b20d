//! `lineage upstream|downstream`: the walk's answer in the model of the API. Edges run in the direction of the data.

use std::collections::BTreeMap;

use lineage::query::{self, Answer, Bounds, Hop, Reached, Request, Subject, walk};

use super::scope::{Scope, broken, node_ref};
use crate::http::ReadError;
use crate::http::model::query::LineageQuery;
use crate::http::model::{
    Cut, CutReason, Direction, EdgeKind, EdgeState, Evidence, Lineage, LineageEdge, LineageNode, Node, Time,
};

/// Edges looked at in one walk.
const EDGES_MAX: usize = 500_000;

pub(super) fn lineage(scope: &Scope, direction: Direction, query: &LineageQuery) -> Result<Lineage, ReadError> {
    let later = |parameter| {
        let reason = "is not answered by this version yet; leave it out".to_owned();
        Err(ReadError::Invalid { parameter, reason })
    };
    if query.as_of.is_some() {
        return later("as_of");
    }
    if query.known_at.is_some() {
        return later("known_at");
    }
    let kinds: &[&str] = if query.columns { &["column"] } else { &["dataset", "job", "run", "column"] };
    let subject = scope.subject(&query.node, kinds)?;
    let bounds = Bounds { depth_max: query.depth(), nodes_max: query.nodes_max() as usize, edges_max: EDGES_MAX };
    let answer = walked(scope, subject.clone(), direction, bounds, query.ever)?;
    let root = match (&subject, answer.nodes.first()) {
        (Subject::Run(run), _) => Node::run(&run.to_string()),
        (_, Some(first)) => shown(first),
        (_, None) => return Err(ReadError::NotFound { what: query.node.clone() }),
    };
    Ok(model(&answer, root, direction))
}

/// A walk from a subject.
pub(super) fn walked(
    scope: &Scope,
    subject: Subject,
    direction: Direction,
    bounds: Bounds,
    ever: bool,
) -> Result<Answer, ReadError> {
    let direction = match direction {
        Direction::Upstream => query::Direction::Upstream,
        Direction::Downstream => query::Direction::Downstream,
    };
    let request = Request { subject, direction, bounds, ever, log_time_ns: scope.time_ns };
    walk(&scope.graph(), &request).map_err(broken)
}

fn model(answer: &Answer, root: Node, direction: Direction) -> Lineage {
    let mut heard: BTreeMap<usize, i64> = BTreeMap::new();
    for hop in &answer.hops {
        for number in [hop.from, hop.to] {
            let last = heard.entry(number).or_insert(hop.last_seen_ns);
            *last = (*last).max(hop.last_seen_ns);
        }
    }
    let node = |(number, reached): (usize, &Reached)| LineageNode {
        node: shown(reached),
        depth: reached.depth,
        last_seen: heard.get(&number).copied().map(Time),
        state: None,
        owners: Vec::new(),
    };
    let frontier =
        |cut: &query::Cut| cut.frontier.iter().filter_map(|number| answer.nodes.get(*number)).map(shown).collect();
    Lineage {
        direction,
        complete: answer.complete(),
        cut: answer.cut.as_ref().map(|cut| Cut { reason: reason(cut.reason), frontier: frontier(cut) }),
        nodes: answer.nodes.iter().enumerate().map(node).collect(),
        edges: answer.hops.iter().filter_map(|hop| edge(answer, hop, direction)).collect(),
        root,
    }
}

fn edge(answer: &Answer, hop: &Hop, direction: Direction) -> Option<LineageEdge> {
    let (here, there) = (shown(answer.nodes.get(hop.from)?), shown(answer.nodes.get(hop.to)?));
    let (from, to) = match direction {
        Direction::Upstream => (there, here),
        Direction::Downstream => (here, there),
    };
    Some(LineageEdge {
        from: from.id,
        to: to.id,
        kind: match hop.kind {
            query::HopKind::Reads => EdgeKind::Reads,
            query::HopKind::Writes => EdgeKind::Writes,
            query::HopKind::Derives => EdgeKind::Derives,
            query::HopKind::Alias => EdgeKind::Alias,
            query::HopKind::Renamed => EdgeKind::Renamed,
        },
        evidence: match hop.evidence {
            query::Evidence::Inferred => Evidence::Inferred,
            query::Evidence::Declared => Evidence::Declared,
            query::Evidence::Observed => Evidence::Observed,
        },
        state: match hop.state {
            query::EdgeState::Historical => EdgeState::Historical,
            query::EdgeState::Attempted => EdgeState::Attempted,
            query::EdgeState::InProgress => EdgeState::InProgress,
            query::EdgeState::Current => EdgeState::Current,
        },
        job: hop.job.as_ref().map(|job| node_ref(job).id),
        run: None,
        via: hop.via.as_ref().map(|via| node_ref(via).id),
        transformations: hop.transformations.clone(),
        first_seen: Time(hop.first_seen_ns),
        last_seen: Time(hop.last_seen_ns),
        count: u64::from(hop.runs),
        leaves: Some([hop.first_leaf, hop.last_leaf]),
    })
}

pub(super) fn shown(reached: &Reached) -> Node {
    match (&reached.run, &reached.field) {
        (Some(run), _) => Node::run(&run.to_string()),
        (None, Some(field)) => Node::column(&reached.node.namespace, &reached.node.name, field),
        (None, None) => node_ref(&reached.node),
    }
}

fn reason(reason: query::CutReason) -> CutReason {
    match reason {
        query::CutReason::Depth => CutReason::Depth,
        query::CutReason::Nodes => CutReason::Nodes,
        query::CutReason::Edges | query::CutReason::Executions => CutReason::Edges,
    }
}
