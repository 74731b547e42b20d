//! Nodes come into being by being named; their registers take what the event says; names go to the index once.

use super::change;
use super::register::{Update, write};
use super::touched::Touched;
use crate::facts::{Dataset, Facts, Field, Job};
use crate::fold::Accepted;
use crate::id::NodeId;
use crate::row::key::{Index, NameKey, NodeKey};
use crate::row::{self, FacetKey, NameRow, NodeKind, NodeRow, State, Value};

/// Names the event's own job and datasets, with what it says of them.
///
/// # Errors
/// The store's own.
pub fn name<'a, S: State>(state: &mut S, accepted: &Accepted<'a>, touched: &mut Touched<'a>) -> Result<(), S::Error> {
    let facts: &'a Facts<'a> = accepted.facts;
    if let Some(job) = &facts.job {
        let node = touched.job_id(job.namespace, job.name);
        touched.job = Some(node);
        let named = Naming { node, kind: NodeKind::Job, namespace: job.namespace, name: job.name };
        let updates = of_job(job);
        touched.job_facets = updates.iter().map(Update::digest).collect();
        upsert(state, accepted, &named, updates)?;
    }
    if let Some(dataset) = &facts.dataset {
        let node = touched.dataset_id(dataset.namespace, dataset.name);
        touched.dataset = Some(node);
        upsert_dataset(state, accepted, node, dataset)?;
    }
    for dataset in &facts.inputs {
        let node = touched.dataset_id(dataset.namespace, dataset.name);
        upsert_dataset(state, accepted, node, dataset)?;
    }
    for dataset in &facts.outputs {
        let node = touched.dataset_id(dataset.namespace, dataset.name);
        let schema = upsert_dataset(state, accepted, node, dataset)?;
        touched.schemas.extend(schema.map(|schema| (node, schema)));
    }
    touched.has_rows();
    Ok(())
}

/// A node and its name.
pub(super) struct Naming<'n> {
    /// Its id.
    pub node: NodeId,
    /// What it is.
    pub kind: NodeKind,
    /// Namespace.
    pub namespace: &'n str,
    /// Name.
    pub name: &'n str,
}

/// Gives the value of the schema that the event sends.
fn upsert_dataset<S: State>(
    state: &mut S,
    accepted: &Accepted<'_>,
    node: NodeId,
    dataset: &Dataset<'_>,
) -> Result<Option<Value>, S::Error> {
    let named = Naming { node, kind: NodeKind::Dataset, namespace: dataset.namespace, name: dataset.name };
    let mut updates = of_dataset(dataset);
    if accepted.facts.run.is_none() {
        updates.extend(of_content(dataset));
    }
    let (schema, is_news) = upsert(state, accepted, &named, updates)?;
    if let Some(fields) = dataset.schema.as_ref().filter(|_| is_news) {
        index_columns(state, node, fields, &mut String::new())?;
    }
    change::note(state, accepted, node, dataset)?;
    Ok(schema)
}

/// Makes or updates a node's row. Gives the value of the schema that the event sends, and whether that was not the standing one.
pub(super) fn upsert<S: State>(
    state: &mut S,
    accepted: &Accepted<'_>,
    named: &Naming<'_>,
    updates: Vec<Update>,
) -> Result<(Option<Value>, bool), S::Error> {
    let key = NodeKey { node: named.node };
    let (mut node, mut changed) = match row::get::<NodeRow, S>(state, &key)? {
        Some(node) => (node, false),
        None => {
            index(state, named)?;
            let node = NodeRow {
                kind: named.kind,
                namespace: named.namespace.to_owned(),
                name: named.name.to_owned(),
                first_seen_ns: i64::MAX,
                first_leaf: u64::MAX,
                registers: Vec::new(),
            };
            (node, true)
        }
    };
    if accepted.facts.event_time_ns < node.first_seen_ns || accepted.leaf < node.first_leaf {
        node.first_seen_ns = node.first_seen_ns.min(accepted.facts.event_time_ns);
        node.first_leaf = node.first_leaf.min(accepted.leaf);
        changed = true;
    }
    let sent = updates.iter().position(|update| update.facet == FacetKey::Schema);
    let before = sent.and_then(|_| node.registers.iter().find(|register| register.facet == FacetKey::Schema)).cloned();
    let values = write(state, &mut node.registers, &accepted.writer(), Some(named.node), updates)?;
    changed |= values.changed;
    if changed {
        row::put(state, &key, &node)?;
    }
    let schema = sent.and_then(|at| values.said.into_iter().nth(at));
    // A schema that arrives after its time is history, but its columns are to be found all the same.
    let is_news = schema.is_some() && before.map(|register| register.value) != schema;
    Ok((schema, is_news))
}

fn index<S: State>(state: &mut S, named: &Naming<'_>) -> Result<(), S::Error> {
    let by_namespace = NameKey {
        index: Index::namespaces(named.kind),
        text: named.namespace.to_owned(),
        name: named.name.to_owned(),
        node: named.node,
    };
    row::put(state, &by_namespace, &NameRow {})?;
    let whole = named.name.to_lowercase();
    let last = whole.rsplit(['.', '/']).find(|part| !part.is_empty()).unwrap_or_default();
    for text in [whole.as_str(), last] {
        let key =
            NameKey { index: Index::names(named.kind), text: text.to_owned(), name: String::new(), node: named.node };
        row::put(state, &key, &NameRow {})?;
    }
    Ok(())
}

/// A column, under the dataset it is in.
pub(super) fn index_column<S: State>(state: &mut S, node: NodeId, path: &str) -> Result<(), S::Error> {
    let key = NameKey { index: Index::Column, text: path.to_lowercase(), name: path.to_owned(), node };
    row::put(state, &key, &NameRow {})
}

/// Columns, nested ones by their dotted path.
fn index_columns<S: State>(
    state: &mut S,
    node: NodeId,
    fields: &[Field<'_>],
    path: &mut String,
) -> Result<(), S::Error> {
    for field in fields {
        let above = path.len();
        if above > 0 {
            path.push('.');
        }
        path.push_str(field.name);
        index_column(state, node, path)?;
        index_columns(state, node, &field.fields, path)?;
        path.truncate(above);
    }
    Ok(())
}

/// Adds the facet when it is there, and its deletion when it was deleted; `list` is how, for one that is a list.
macro_rules! updates {
    ($deleted:expr; $($facet:ident $how:ident, $name:literal => $facts:expr),+ $(,)?) => {{
        let mut updates = Vec::with_capacity(4);
        $(
            if let Some(facts) = $facts {
                updates.push($crate::graph::Update::$how(FacetKey::$facet, facts));
            } else if $deleted.contains(&$name) {
                updates.push($crate::graph::Update::deleted(FacetKey::$facet));
            }
        )+
        updates
    }};
}

fn of_job(job: &Job<'_>) -> Vec<Update> {
    updates! { job.deleted;
        Ownership list, "ownership" => job.owners.as_ref(),
        Documentation set, "documentation" => job.documentation.as_ref(),
        Tags list, "tags" => job.tags.as_ref(),
        JobType set, "jobType" => job.job_type.as_ref(),
        Sql set, "sql" => job.sql.as_ref(),
        SourceCode set, "sourceCode" => job.source_code.as_ref(),
        SourceCodeLocation set, "sourceCodeLocation" => job.source_location.as_ref(),
        Approval list, "ledgerline_approval" => Some(&job.approvals).filter(|list| !list.is_empty()),
        Export set, "ledgerline_export" => job.export.as_ref(),
        Deployment set, "ledgerline_deployment" => job.deployment.as_ref(),
    }
}

fn of_dataset(dataset: &Dataset<'_>) -> Vec<Update> {
    let kind = dataset.dataset_type.map(|kind| (kind, dataset.sub_type));
    updates! { dataset.deleted;
        Ownership list, "ownership" => dataset.owners.as_ref(),
        Documentation set, "documentation" => dataset.documentation.as_ref(),
        Tags list, "tags" => dataset.tags.as_ref(),
        Schema list, "schema" => dataset.schema.as_ref(),
        DataSource set, "dataSource" => dataset.source.as_ref(),
        Version set, "version" => dataset.version.as_ref(),
        LifecycleStateChange set, "lifecycleStateChange" => dataset.lifecycle.as_ref(),
        DatasetType set, "datasetType" => kind.as_ref(),
        Storage set, "storage" => dataset.storage.as_ref(),
        Catalog set, "catalog" => dataset.catalog.as_ref(),
        Hierarchy list, "hierarchy" => dataset.hierarchy.as_ref(),
        Symlinks list, "symlinks" => dataset.symlinks.as_ref(),
    }
}

/// What is told of a dataset's content, by a run or by its own event.
pub(crate) fn of_content(dataset: &Dataset<'_>) -> Vec<Update> {
    let mut updates = updates! { dataset.deleted;
        Metrics set, "dataQualityMetrics" => dataset.metrics.as_ref(),
        Assertions list, "dataQualityAssertions" => some(&dataset.assertions),
        Subset set, "subset" => dataset.subset.as_ref(),
        Digests list, "ledgerline_digest" => some(&dataset.digests),
        Records list, "ledgerline_records" => some(&dataset.records),
    };
    if let Some(statistics) = &dataset.statistics {
        // A run that goes on counts upwards.
        let counted = statistics.rows.or(statistics.bytes).or(statistics.files);
        let weight = counted.map_or(0, i64::unsigned_abs);
        updates.push(Update::set(FacetKey::Statistics, statistics).weighing(weight));
    }
    updates
}

fn some<T>(list: &Vec<T>) -> Option<&Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

pub(crate) use updates;
