//! Nodes come into being by being named; their registers take what the event says; names go to the index once.

use super::register::{Update, write};
use super::touched::Touched;
use crate::facts::{Dataset, Facts, Field, Job};
use crate::fold::Accepted;
use crate::id::NodeId;
use crate::row::key::{Index, NameKey, NodeKey};
use crate::row::{self, FacetKey, NameRow, NodeKind, NodeRow, State};

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
    for dataset in facts.inputs.iter().chain(&facts.outputs) {
        let node = touched.dataset_id(dataset.namespace, dataset.name);
        upsert_dataset(state, accepted, node, dataset)?;
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

fn upsert_dataset<S: State>(
    state: &mut S,
    accepted: &Accepted<'_>,
    node: NodeId,
    dataset: &Dataset<'_>,
) -> Result<(), S::Error> {
    let named = Naming { node, kind: NodeKind::Dataset, namespace: dataset.namespace, name: dataset.name };
    let schema_is_news = upsert(state, accepted, &named, of_dataset(dataset))?;
    match &dataset.schema {
        Some(fields) if schema_is_news => index_columns(state, node, fields, &mut String::new()),
        _ => Ok(()),
    }
}

/// Makes or updates a node's row; true when its schema register took another content.
pub(super) fn upsert<S: State>(
    state: &mut S,
    accepted: &Accepted<'_>,
    named: &Naming<'_>,
    updates: Vec<Update>,
) -> Result<bool, S::Error> {
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
    let sends_schema = updates.iter().any(|update| update.facet == FacetKey::Schema);
    let schema = |node: &NodeRow| {
        node.registers.iter().find(|register| register.facet == FacetKey::Schema).map(|register| register.value.clone())
    };
    let before = if sends_schema { schema(&node) } else { None };
    let late = sends_schema
        && node
            .registers
            .iter()
            .any(|register| register.facet == FacetKey::Schema && register.stamp > accepted.stamp());
    changed |= write(state, &mut node.registers, accepted.stamp(), updates)?;
    if changed {
        row::put(state, &key, &node)?;
    }
    // A schema that arrives after its time is history, but its columns are to be found all the same.
    Ok(sends_schema && (late || before != schema(&node)))
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

/// Adds the facet when it is there, and its deletion when it was deleted.
macro_rules! updates {
    ($deleted:expr; $($facet:ident, $name:literal => $facts:expr),+ $(,)?) => {{
        let mut updates = Vec::with_capacity(4);
        $(
            if let Some(facts) = $facts {
                updates.push(Update::set(FacetKey::$facet, facts));
            } else if $deleted.contains(&$name) {
                updates.push(Update { facet: FacetKey::$facet, content: None });
            }
        )+
        updates
    }};
}

fn of_job(job: &Job<'_>) -> Vec<Update> {
    updates! { job.deleted;
        Ownership, "ownership" => job.owners.as_ref(),
        Documentation, "documentation" => job.documentation.as_ref(),
        Tags, "tags" => job.tags.as_ref(),
        JobType, "jobType" => job.job_type.as_ref(),
        Sql, "sql" => job.sql.as_ref(),
        SourceCode, "sourceCode" => job.source_code.as_ref(),
        SourceCodeLocation, "sourceCodeLocation" => job.source_location.as_ref(),
        Approval, "ledgerline_approval" => Some(&job.approvals).filter(|list| !list.is_empty()),
        Export, "ledgerline_export" => job.export.as_ref(),
        Deployment, "ledgerline_deployment" => job.deployment.as_ref(),
    }
}

fn of_dataset(dataset: &Dataset<'_>) -> Vec<Update> {
    let kind = dataset.dataset_type.map(|kind| (kind, dataset.sub_type));
    updates! { dataset.deleted;
        Ownership, "ownership" => dataset.owners.as_ref(),
        Documentation, "documentation" => dataset.documentation.as_ref(),
        Tags, "tags" => dataset.tags.as_ref(),
        Schema, "schema" => dataset.schema.as_ref(),
        DataSource, "dataSource" => dataset.source.as_ref(),
        Version, "version" => dataset.version.as_ref(),
        LifecycleStateChange, "lifecycleStateChange" => dataset.lifecycle.as_ref(),
        DatasetType, "datasetType" => kind.as_ref(),
        Storage, "storage" => dataset.storage.as_ref(),
        Catalog, "catalog" => dataset.catalog.as_ref(),
        Hierarchy, "hierarchy" => dataset.hierarchy.as_ref(),
        Symlinks, "symlinks" => dataset.symlinks.as_ref(),
    }
}

pub(crate) use updates;
