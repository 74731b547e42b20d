//! Datasets.

use super::{
    Assertion, Catalog, Change, Digest, Example, Excerpt, Level, Metrics, Node, Origin, Owner, Records, Storage, Tag,
    Time, Version, VersionRead,
};
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
    /// What is said of it as such.
    #[serde(default)]
    pub about: DatasetAbout,
    /// Its versions, newest first, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<Version>,
    /// What the run that wrote the newest version said of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_write: Option<DatasetUse>,
    /// The last result of each data-quality assertion, failures first, at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assertions: Vec<Assertion>,
    /// Data-quality metrics as last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// What became of it as such, newest first, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Facets that are too long to be kept here whole, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
    /// Newest dataset facets by name, as their producers sent them.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub facets: BTreeMap<String, serde_json::Value>,
}

/// What is said of a dataset, whoever uses it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatasetAbout {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documentation: Option<Excerpt>,
    /// Who is responsible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Owner>,
    /// Tags, those of single columns too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Such as `TABLE`, `VIEW`, `TOPIC`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Such as `MATERIALIZED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_type: Option<String>,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Origin>,
    /// How it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
    /// The catalog that lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Catalog>,
    /// Where it is within its source, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hierarchy: Vec<Level>,
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
    /// Files, if told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<i64>,
    /// Declared version, if told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Of an output: the version that the run's execution left, once it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Version>,
    /// Of an input: the version that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<VersionRead>,
    /// Which part of it: the condition as sent, JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<Excerpt>,
    /// Digests of what was read or written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<Digest>,
    /// Records that went through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<Records>,
    /// Data-quality assertions that the run checked, failures first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assertions: Vec<Assertion>,
    /// Data-quality metrics that the run told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
}

impl Example for DatasetUse {
    fn example() -> Self {
        let version = Version::example();
        Self {
            node: Node::dataset("s3://lake", "raw/orders"),
            rows: Some(1_200),
            bytes: Some(48_000),
            files: Some(2),
            version: None,
            written: None,
            read: Some(VersionRead { version: Some(version), assumed: true }),
            subset: None,
            digests: Vec::new(),
            records: Vec::new(),
            assertions: vec![Assertion::example()],
            metrics: None,
        }
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
            about: DatasetAbout {
                owners: vec![Owner { name: "team:sales".to_owned(), role: Some("MAINTAINER".to_owned()) }],
                kind: Some("TABLE".to_owned()),
                ..DatasetAbout::default()
            },
            versions: vec![Version::example()],
            last_write: None,
            assertions: vec![Assertion::example()],
            metrics: None,
            changes: Vec::new(),
            cut: Vec::new(),
            facets: [("dataSource".to_owned(), serde_json::json!({"name": "shop"}))].into(),
        }
    }
}
