//! What can be named in the graph.

use super::Example;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kinds a NODE text can begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    /// `dataset:NAMESPACE:NAME`
    Dataset,
    /// `job:NAMESPACE:NAME`
    Job,
    /// `run:UUID`
    Run,
    /// `column:NAMESPACE:NAME:FIELD`
    Column,
    /// `partition:p-NUMBER`: part of the log; only alerts are about it.
    Partition,
    /// `ledger:ORIGIN`: a tenant's record; only alerts are about it.
    Ledger,
}

/// A node by its parts, so that nobody has to take its text apart: namespaces and names both hold `:`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Node {
    /// Its text form.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// Namespace; empty for what has none, such as a run.
    pub namespace: String,
    /// Name; of a run its UUID.
    pub name: String,
    /// A column's path within its dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Node {
    /// A dataset.
    pub fn dataset(namespace: &str, name: &str) -> Self {
        Self::of(NodeKind::Dataset, format!("dataset:{namespace}:{name}"), namespace, name, None)
    }

    /// A job.
    pub fn job(namespace: &str, name: &str) -> Self {
        Self::of(NodeKind::Job, format!("job:{namespace}:{name}"), namespace, name, None)
    }

    /// A run.
    pub fn run(run_id: &str) -> Self {
        Self::of(NodeKind::Run, format!("run:{run_id}"), "", run_id, None)
    }

    /// A column.
    pub fn column(namespace: &str, name: &str, field: &str) -> Self {
        let id = format!("column:{namespace}:{name}:{field}");
        Self::of(NodeKind::Column, id, namespace, name, Some(field.to_owned()))
    }

    /// Something of ledgerline's own, by its text form.
    pub fn own(kind: NodeKind, id: &str) -> Self {
        Self::of(kind, id.to_owned(), "", id.split_once(':').map_or(id, |(_, name)| name), None)
    }

    fn of(kind: NodeKind, id: String, namespace: &str, name: &str, field: Option<String>) -> Self {
        Self { id, kind, namespace: namespace.to_owned(), name: name.to_owned(), field }
    }
}

impl Example for Node {
    fn example() -> Self {
        Self::dataset("postgres://db.example:5432", "shop.public.orders")
    }
}
