//! `job|dataset list|show` and `search`.

use std::collections::BTreeSet;

use lineage::id::NodeId;
use lineage::query::{self, Bounds, FoundKind, Known, Subject, View};
use lineage::row::key::{Index, Key as _, Link, NameKey, RunKey, open_text, prefix, terminated};
use lineage::row::{self, EdgeRow, GroupRow, NodeKind, NodeRow, Read as _, RunRow, Table, Visit};

use super::body::{self, Body, Facets};
use super::facts::Said;
use super::lineage::{shown, walked};
use super::scope::{Scope, broken, node_of, node_ref};
use super::{runs, uses};
use crate::http::model::query::{NodesQuery, SearchQuery};
use crate::http::model::{
    Custody, Dataset, DatasetSummary, DatasetUse, Direction, Job, JobAbout, JobSummary, Node, NodeKind as Kind,
    RunSummary, SearchHit, SearchMatch, Time,
};
use crate::http::{After, Listed, ReadError, Span};

/// Executions of a job, or edges of a dataset, that are looked at.
const LOOKED_AT_MAX: usize = 1_000;
/// Latest runs that a job shows.
const LATEST_RUNS: usize = 20;
/// Versions, and changes of its life, that a dataset shows.
const LISTED_MAX: usize = 20;
/// Hits that a search gives in all, over its pages.
const HITS_MAX: usize = 10_000;
/// Bodies read for the facets of one node.
const BODIES_MAX: usize = 64;

/// Nodes of a kind by namespace and name. A cursor is the key of the last row.
fn ids(
    scope: &Scope,
    kind: NodeKind,
    query: &NodesQuery,
    span: &Span,
) -> Result<(Vec<NodeId>, Option<Vec<u8>>), ReadError> {
    let index = [Index::namespaces(kind) as u8];
    let (namespace, name) = (query.namespace.as_deref(), query.prefix.as_deref().unwrap_or_default());
    let start = match namespace {
        Some(namespace) => prefix(&[&index, &terminated(namespace), &open_text(name)]),
        None => prefix(&[&index]),
    };
    let from = match &span.after {
        After::Start => start.to_vec(),
        After::End => return Ok((Vec::new(), None)),
        // The least key after that one.
        After::Key(key) => [key.as_slice(), &[0]].concat(),
    };
    let (mut found, mut last, mut more) = (Vec::new(), None, false);
    let scanned = scope.graph().scan(Table::Name, &start, &from, &mut |bytes, _| {
        let Some(key) = NameKey::parse(bytes) else { return Visit::Next };
        if !key.name.starts_with(name) {
            return Visit::Next;
        }
        if found.len() >= span.rows_max as usize {
            more = true;
            return Visit::Stop;
        }
        found.push(key.node);
        last = Some(bytes.to_vec());
        Visit::Next
    });
    scanned.map_err(broken)?;
    Ok((found, last.filter(|_| more)))
}

pub(super) fn jobs(scope: &Scope, query: &NodesQuery, span: &Span) -> Result<Listed<JobSummary>, ReadError> {
    let (ids, next) = ids(scope, NodeKind::Job, query, span)?;
    let items = ids.into_iter().filter_map(|id| job_summary(scope, id).transpose()).collect::<Result<_, _>>()?;
    Ok(Listed::new(items, next))
}

pub(super) fn datasets(scope: &Scope, query: &NodesQuery, span: &Span) -> Result<Listed<DatasetSummary>, ReadError> {
    let (ids, next) = ids(scope, NodeKind::Dataset, query, span)?;
    let items = ids.into_iter().filter_map(|id| dataset_summary(scope, id).transpose()).collect::<Result<_, _>>()?;
    Ok(Listed::new(items, next))
}

fn job_summary(scope: &Scope, id: NodeId) -> Result<Option<JobSummary>, ReadError> {
    let Some((row, node)) = scope.node(id)? else { return Ok(None) };
    let groups = row::scan::<GroupRow, _>(&scope.graph(), &prefix(&[&id.0]), LOOKED_AT_MAX).map_err(broken)?;
    let heard = groups.iter().map(|(_, group)| group.heard_ns.max(group.last_end.map_or(i64::MIN, |end| end.time_ns)));
    let last_event_at = Time(heard.max().unwrap_or(row.first_seen_ns));
    let newest = groups.iter().max_by_key(|(_, group)| (group.heard_ns, group.last_started_ns));
    let top = newest.and_then(|(_, group)| group.top).map(|top| RunKey { run: top.run, job: id });
    let last_run = match top {
        None => None,
        Some(key) => match row::get::<RunRow, _>(&scope.graph(), &key).map_err(broken)? {
            Some(run) => Some(runs::summary(scope, &key, &run)?),
            None => None,
        },
    };
    let runs = groups.iter().map(|(_, group)| u64::from(group.runs)).sum();
    Ok(Some(JobSummary { node, runs, last_run, last_event_at }))
}

fn dataset_summary(scope: &Scope, id: NodeId) -> Result<Option<DatasetSummary>, ReadError> {
    let Some((row, node)) = scope.node(id)? else { return Ok(None) };
    let edges = edges(scope, id)?;
    let last = |wanted: &dyn Fn(Link) -> bool| {
        edges.iter().filter(|(link, _)| wanted(*link)).map(|(_, edge)| edge.last_seen_ns).max()
    };
    Ok(Some(DatasetSummary {
        node,
        last_write_at: last(&|link| link == Link::WrittenBy).map(Time),
        last_event_at: Time(last(&|_| true).unwrap_or(row.first_seen_ns)),
    }))
}

fn edges(scope: &Scope, id: NodeId) -> Result<Vec<(Link, EdgeRow)>, ReadError> {
    let rows = row::scan::<EdgeRow, _>(&scope.graph(), &prefix(&[&id.0]), LOOKED_AT_MAX).map_err(broken)?;
    Ok(rows.into_iter().map(|(key, edge)| (key.link, edge)).collect())
}

pub(super) fn job(scope: &Scope, text: &str) -> Result<Job, ReadError> {
    let missing = || ReadError::NotFound { what: text.to_owned() };
    let Subject::Job(id) = scope.subject(text, &["job"])? else { return Err(missing()) };
    let summary = job_summary(scope, id)?.ok_or_else(missing)?;
    let (inputs, outputs) = (
        next_to(scope, Subject::Job(id), Direction::Upstream)?,
        next_to(scope, Subject::Job(id), Direction::Downstream)?,
    );
    let latest_runs = runs::latest(scope, id, LATEST_RUNS)?;
    let mut facets = Facets::new();
    for run in latest_runs.iter().take(2).rev() {
        for leaf in run_leaves(scope, id, run)? {
            let body = Body::read(scope, leaf)?;
            body::lay(&mut facets, body.as_ref().and_then(|body| body.job.as_ref()));
        }
    }
    if latest_runs.is_empty()
        && let Some((row, _)) = scope.node(id)?
    {
        let body = Body::read(scope, row.first_leaf)?;
        body::lay(&mut facets, body.as_ref().and_then(|body| body.job.as_ref()));
    }
    let (mut about, mut custody, mut cut) = (JobAbout::default(), Custody::default(), Vec::new());
    if let Some((row, _)) = scope.node(id)? {
        let facts = Said { scope, registers: &row.registers };
        (about, custody, cut) = (facts.of_job()?, facts.custody()?, facts.cut());
    }
    about.before = beside(scope, id, Link::After)?;
    about.after = beside(scope, id, Link::Before)?;
    Ok(Job { summary, inputs, outputs, about, custody, cut, facets, latest_runs })
}

/// The jobs that a job is linked with.
fn beside(scope: &Scope, job: NodeId, link: Link) -> Result<Vec<Node>, ReadError> {
    let start = prefix(&[&job.0, &[link as u8]]);
    let rows = row::scan::<EdgeRow, _>(&scope.graph(), &start, LOOKED_AT_MAX).map_err(broken)?;
    let mut found = Vec::with_capacity(rows.len());
    for (key, _) in rows {
        found.extend(scope.name(key.other)?);
    }
    found.sort();
    Ok(found)
}

fn run_leaves(scope: &Scope, job: NodeId, run: &RunSummary) -> Result<BTreeSet<u64>, ReadError> {
    let Ok(run) = run.run_id.parse() else { return Ok(BTreeSet::new()) };
    let row = row::get::<RunRow, _>(&scope.graph(), &RunKey { run, job }).map_err(broken)?;
    Ok(row.iter().flat_map(|row| row.transitions.iter().map(|one| one.place.leaf).chain([row.first_leaf])).collect())
}

/// The datasets that a job reads or writes now.
fn next_to(scope: &Scope, subject: Subject, direction: Direction) -> Result<Vec<Node>, ReadError> {
    let bounds = Bounds { depth_max: 1, ..Bounds::default() };
    let answer = walked(scope, subject, direction, bounds, false)?;
    let reached = answer.hops.iter().filter_map(|hop| answer.nodes.get(hop.to));
    let nodes: BTreeSet<Node> =
        reached.filter(|reached| reached.node.kind == NodeKind::Dataset && reached.depth == 1).map(shown).collect();
    Ok(nodes.into_iter().collect())
}

/// The jobs that write (or read) a dataset now.
fn jobs_at(scope: &Scope, dataset: NodeId, direction: Direction) -> Result<Vec<Node>, ReadError> {
    let bounds = Bounds { depth_max: 1, ..Bounds::default() };
    let answer = walked(scope, Subject::Dataset(dataset), direction, bounds, false)?;
    let hops = answer.hops.iter().filter(|hop| hop.kind != query::HopKind::Alias);
    let jobs: BTreeSet<Node> = hops.filter_map(|hop| hop.job.as_ref()).map(node_ref).collect();
    Ok(jobs.into_iter().collect())
}

pub(super) fn dataset(scope: &Scope, text: &str) -> Result<Dataset, ReadError> {
    let missing = || ReadError::NotFound { what: text.to_owned() };
    let Subject::Dataset(id) = scope.subject(text, &["dataset"])? else { return Err(missing()) };
    let summary = dataset_summary(scope, id)?.ok_or_else(missing)?;
    let (row, node) = scope.node(id)?.ok_or_else(missing)?;
    let (class, _) = query::alias_class(View::new(&scope.graph(), &Known::default()), id).map_err(broken)?;
    let mut aliases = Vec::new();
    for other in class.into_iter().filter(|other| *other != id) {
        aliases.extend(scope.name(other)?);
    }
    let versions = query::versions(&scope.graph(), id).map_err(broken)?.list;
    let last_write = match versions.iter().find_map(|version| Some((version, version.runs.first()?))) {
        Some((version, place)) => {
            let written = Some(uses::shown(scope, version)?);
            Some(DatasetUse { written, ..uses::one(scope, node, place)? })
        }
        None => None,
    };
    let facts = Said { scope, registers: &row.registers };
    let (assertions, metrics) = uses::quality(scope, id, &row)?;
    Ok(Dataset {
        columns: facts.columns()?,
        about: facts.of_dataset()?,
        cut: facts.cut(),
        versions: versions.iter().take(LISTED_MAX).map(|one| uses::shown(scope, one)).collect::<Result<_, _>>()?,
        last_write,
        assertions,
        metrics,
        changes: uses::changes(scope, id, LISTED_MAX)?,
        written_by: jobs_at(scope, id, Direction::Upstream)?,
        read_by: jobs_at(scope, id, Direction::Downstream)?,
        aliases,
        facets: dataset_facets(scope, id)?,
        summary,
    })
}

/// The columns of a dataset, as its schema last named them.
pub(super) fn fields(scope: &Scope, id: NodeId) -> Result<Vec<String>, ReadError> {
    let Some((row, _)) = scope.node(id)? else { return Ok(Vec::new()) };
    let columns = Said { scope, registers: &row.registers }.columns()?;
    Ok(columns.into_iter().map(|column| column.name).collect())
}

/// Facets as the events behind the dataset's edges sent them, the newest standing.
fn dataset_facets(scope: &Scope, id: NodeId) -> Result<Facets, ReadError> {
    let Some((NodeRow { namespace, name, first_leaf, .. }, _)) = scope.node(id)? else { return Ok(Facets::new()) };
    let edges = edges(scope, id)?;
    let mut leaves: BTreeSet<u64> = edges.iter().flat_map(|(_, edge)| [edge.first_leaf, edge.last_leaf]).collect();
    leaves.insert(first_leaf);
    let newest = leaves.len().saturating_sub(BODIES_MAX);
    let mut facets = Facets::new();
    for leaf in leaves.into_iter().skip(newest) {
        let Some(body) = Body::read(scope, leaf)? else { continue };
        body.datasets(&namespace, &name).into_iter().for_each(|dataset| body::lay(&mut facets, Some(dataset)));
    }
    Ok(facets)
}

/// Names that begin so. A cursor is the number of hits given.
pub(super) fn search(scope: &Scope, query: &SearchQuery, span: &Span) -> Result<Listed<SearchHit>, ReadError> {
    let text = query.q.as_deref().unwrap_or_default();
    let kinds: &[FoundKind] = match query.kind {
        None => &[FoundKind::Dataset, FoundKind::Job, FoundKind::Column],
        Some(Kind::Dataset) => &[FoundKind::Dataset],
        Some(Kind::Job) => &[FoundKind::Job],
        Some(Kind::Column) => &[FoundKind::Column],
        Some(Kind::Run | Kind::Partition | Kind::Ledger) => {
            let reason = "is one of dataset, job and column: nothing else has a name to search for".to_owned();
            return Err(ReadError::Invalid { parameter: "kind", reason });
        }
    };
    let given = match &span.after {
        After::Start => 0,
        After::End => return Ok(Listed::new(Vec::new(), None)),
        After::Key(key) => key
            .as_slice()
            .try_into()
            .map(u64::from_be_bytes)
            .map_err(|_| ReadError::Invalid { parameter: "cursor", reason: "is not one of this list".to_owned() })?,
    };
    let given = usize::try_from(given).unwrap_or(HITS_MAX).min(HITS_MAX);
    let wanted = given.saturating_add(span.rows_max as usize);
    let found = query::search(&scope.graph(), text, kinds, wanted.saturating_add(1).min(HITS_MAX)).map_err(broken)?;
    let more = found.len() > wanted;
    let hit = |found: query::Found| {
        let node = match &found.field {
            Some(field) => Node::column(&found.node.namespace, &found.node.name, field),
            None => node_of(found.node.kind, &found.node.namespace, &found.node.name),
        };
        let whole = found.field.as_deref().unwrap_or(&found.node.name).to_lowercase();
        let matched = if whole.starts_with(&text.to_lowercase()) { SearchMatch::Name } else { SearchMatch::Part };
        SearchHit { node, matched }
    };
    let items = found.into_iter().skip(given).take(span.rows_max as usize).map(hit).collect();
    Ok(Listed::new(items, more.then(|| (wanted as u64).to_be_bytes().to_vec())))
}
