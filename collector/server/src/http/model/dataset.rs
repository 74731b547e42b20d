//! Datasets.

use super::{Example, Node, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A dataset in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatasetSummary {
    /// Which.
    pub node: Node,
    /// End of its last successful write, in event time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_write_at: Option<Time>,
    /// Event time of the latest event that named it.
    pub last_event_at: Time,
}

/// A dataset with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dataset {
    /// As in lists.
    pub summary: DatasetSummary,
    /// Its columns as last declared.
    pub columns: Vec<Column>,
    /// Jobs that write it now.
    pub written_by: Vec<Node>,
    /// Jobs that read it now.
    pub read_by: Vec<Node>,
    /// Its other names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Node>,
    /// Newest dataset facets by name, as their producers sent them.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub facets: BTreeMap<String, serde_json::Value>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Column {
    /// Its path.
    pub name: String,
    /// As the producer names it.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What the producer says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A dataset as one run used it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatasetUse {
    /// Which.
    pub node: Node,
    /// Rows, if told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// Bytes, if told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
    /// Declared version, if told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Example for DatasetUse {
    fn example() -> Self {
        Self { node: Node::dataset("s3://lake", "raw/orders"), rows: Some(1_200), bytes: None, version: None }
    }
}

impl Example for DatasetSummary {
    fn example() -> Self {
        let time = Time(1_777_798_800_000_000_000);
        Self { node: Node::example(), last_write_at: Some(time), last_event_at: time }
    }
}

impl Example for Dataset {
    fn example() -> Self {
        Self {
            summary: DatasetSummary::example(),
            columns: vec![Column { name: "id".to_owned(), kind: Some("bigint".to_owned()), description: None }],
            written_by: vec![Node::job("etl", "load")],
            read_by: Vec::new(),
            aliases: Vec::new(),
            facets: [("dataSource".to_owned(), serde_json::json!({"name": "shop"}))].into(),
        }
    }
}
