//! `lineage upstream|downstream`: the walk's answer in the model of the API. Edges run in the direction of the data.

use std::collections::{BTreeMap, BTreeSet};

use lineage::query::{self, Answer, Bounds, Hop, Known, Reached, Request, Subject, View, walk};

use super::nodes;
use super::scope::{Scope, broken, node_ref};
use crate::http::ReadError;
use crate::http::model::query::LineageQuery;
use crate::http::model::{
    Cut, CutReason, Direction, EdgeKind, EdgeState, Evidence, Lineage, LineageEdge, LineageNode, Node, Time,
};

/// Edges looked at in one walk.
const EDGES_MAX: usize = 500_000;
/// Columns of one dataset that are walked.
const COLUMNS_MAX: usize = 500;

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
    let subject = scope.subject(&query.node, &["dataset", "job", "run", "column"])?;
    let bounds = Bounds { depth_max: query.depth(), nodes_max: query.nodes_max() as usize, edges_max: EDGES_MAX };
    if query.columns && !matches!(subject, Subject::Column(..)) {
        return columns(scope, &subject, direction, bounds, query);
    }
    let answer = walked(scope, subject.clone(), direction, bounds, query.ever)?;
    let root = match (&subject, answer.nodes.first()) {
        (Subject::Run(run), _) => Node::run(&run.to_string()),
        (_, Some(first)) => shown(first),
        (_, None) => return Err(ReadError::NotFound { what: query.node.clone() }),
    };
    model(scope, &answer, root, direction)
}

/// The walks of all columns of a dataset, as one answer: the dataset is its root, its columns stand at depth 0.
fn columns(
    scope: &Scope,
    subject: &Subject,
    direction: Direction,
    bounds: Bounds,
    query: &LineageQuery,
) -> Result<Lineage, ReadError> {
    let Subject::Dataset(id) = subject else {
        let reason = "is answered for a column or a dataset; name one of these".to_owned();
        return Err(ReadError::Invalid { parameter: "columns", reason });
    };
    let root = scope.name(*id)?.ok_or_else(|| ReadError::NotFound { what: query.node.clone() })?;
    let fields = nodes::fields(scope, *id)?;
    let mut whole =
        Lineage { root: root.clone(), direction, complete: true, cut: None, nodes: Vec::new(), edges: Vec::new() };
    if fields.len() > COLUMNS_MAX {
        whole.cut = Some(Cut { reason: CutReason::Nodes, frontier: vec![root] });
    }
    let (mut reached, mut walked_edges) = (BTreeSet::new(), BTreeSet::new());
    for field in fields.into_iter().take(COLUMNS_MAX) {
        let answer = walked(scope, Subject::Column(*id, field), direction, bounds, query.ever)?;
        let Some(first) = answer.nodes.first().map(shown) else { continue };
        let part = model(scope, &answer, first, direction)?;
        whole.nodes.extend(part.nodes.into_iter().filter(|node| reached.insert(node.node.id.clone())));
        let mut is_new =
            |edge: &LineageEdge| walked_edges.insert((edge.from.clone(), edge.to.clone(), edge.job.clone()));
        whole.edges.extend(part.edges.into_iter().filter(|edge| is_new(edge)));
        whole.cut = whole.cut.or(part.cut);
        if whole.nodes.len() >= bounds.nodes_max {
            whole.cut = Some(Cut { reason: CutReason::Nodes, frontier: vec![whole.root.clone()] });
            break;
        }
    }
    whole.complete = whole.cut.is_none();
    Ok(whole)
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

fn model(scope: &Scope, answer: &Answer, root: Node, direction: Direction) -> Result<Lineage, ReadError> {
    let mut heard: BTreeMap<usize, i64> = BTreeMap::new();
    for hop in &answer.hops {
        for number in [hop.from, hop.to] {
            let last = heard.entry(number).or_insert(hop.last_seen_ns);
            *last = (*last).max(hop.last_seen_ns);
        }
    }
    let mut nodes = Vec::with_capacity(answer.nodes.len());
    for (number, reached) in answer.nodes.iter().enumerate() {
        nodes.push(LineageNode {
            node: shown(reached),
            depth: reached.depth,
            last_seen: heard.get(&number).copied().map(Time),
            state: None,
            owners: owners(scope, reached)?,
        });
    }
    let frontier =
        |cut: &query::Cut| cut.frontier.iter().filter_map(|number| answer.nodes.get(*number)).map(shown).collect();
    Ok(Lineage {
        direction,
        complete: answer.complete(),
        cut: answer.cut.as_ref().map(|cut| Cut { reason: reason(cut.reason), frontier: frontier(cut) }),
        nodes,
        edges: answer.hops.iter().filter_map(|hop| edge(answer, hop, direction)).collect(),
        root,
    })
}

/// Whom the node's ownership facet names, each once; a column's are its dataset's.
fn owners(scope: &Scope, reached: &Reached) -> Result<Vec<String>, ReadError> {
    if reached.run.is_some() {
        return Ok(Vec::new());
    }
    let mut names: Vec<String> = Vec::new();
    for owner in
        lineage::alert::owners(View::new(&scope.graph(), &Known::default()), reached.node.id).map_err(broken)?
    {
        if !names.contains(&owner.name) {
            names.push(owner.name);
        }
    }
    Ok(names)
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
