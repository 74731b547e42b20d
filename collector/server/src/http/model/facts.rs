//! Facts as facets tell them, typed: what stands in the graph, not how it was sent.

use super::{Example, Node, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A longer text: its first 4 KiB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Excerpt {
    /// The text, or how it begins.
    pub text: String,
    /// Length of the whole in bytes.
    pub bytes: i64,
}

/// Who is responsible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Owner {
    /// Such as `team:sales`.
    pub name: String,
    /// In which role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The column it is on; absent: the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Rows, bytes and files that were read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statistics {
    /// Rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
    /// Files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<i64>,
}

/// A digest of what was read or written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Digest {
    /// Such as `sha256`.
    pub algorithm: String,
    /// Hexadecimal.
    pub value: String,
    /// Of what; absent: of the whole dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// Records that went through, as commitments to keys, as versions or as offsets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Records {
    /// `keys`, `versions` or `offsets`.
    pub kind: String,
    /// How many there are of them here.
    pub values: u64,
    /// Records in all, if told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
}

/// One version of a dataset: what one execution left, or what a declaration replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// Its number, from 1, by time; absent when the dataset has too many writes to count on the spot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The number of its schema, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<u64>,
    /// What the producer calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<String>,
    /// End of the execution, or time of the declaration.
    pub at: Time,
    /// The job that wrote it; absent for a declaration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Node>,
    /// The run that wrote it last; absent for a declaration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The leaf that completes it.
    pub leaf: u64,
}

/// What a run read: the version that it names, or else the last one that was complete when it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionRead {
    /// Which, if it is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// True when the run did not say which.
    pub assumed: bool,
}

/// A data-quality assertion and its last result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Assertion {
    /// What was asserted.
    pub assertion: String,
    /// The column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Whether it held.
    pub success: bool,
    /// `error` or `warn`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// When it was checked.
    pub at: Time,
    /// The run that checked; absent for a declaration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The leaf behind it.
    pub leaf: u64,
}

/// A data-quality metric of one column, figures as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ColumnMetric {
    /// The column.
    pub column: String,
    /// Nulls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nulls: Option<i64>,
    /// Distinct values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<i64>,
    /// Least value, where it is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<String>,
    /// Greatest value, where it is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<String>,
}

/// Data-quality metrics as they were last told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Metrics {
    /// Of the whole.
    pub statistics: Statistics,
    /// By column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnMetric>,
    /// When.
    pub at: Time,
    /// The run that told them; absent for a declaration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The leaf behind it.
    pub leaf: u64,
}

/// Something that became of a dataset as such.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// `CREATE`, `ALTER`, `OVERWRITE`, `TRUNCATE`, `RENAME` or `DROP`.
    pub change: String,
    /// When.
    pub at: Time,
    /// The name before, of a rename.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Node>,
    /// The job that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Node>,
    /// The run that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The leaf behind it.
    pub leaf: u64,
}

/// Where a dataset comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Origin {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

/// How a dataset is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Storage {
    /// Layer, such as `iceberg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// File format, such as `parquet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

/// The catalog that lists a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Catalog {
    /// Such as `iceberg`.
    pub framework: String,
    /// Such as `hive`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name.
    pub name: String,
    /// Where its metadata is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_uri: Option<String>,
    /// Where its warehouse is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse_uri: Option<String>,
}

/// One level above a dataset, or itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Level {
    /// `DATABASE`, `SCHEMA`, `TABLE`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Name.
    pub name: String,
}

impl Example for Version {
    fn example() -> Self {
        Self {
            number: Some(12),
            schema: Some(2),
            declared: None,
            at: Time(1_777_798_800_000_000_000),
            job: Some(Node::job("etl", "load")),
            run_id: Some("019682a3-1f6e-7c5a-9d35-0c1c5c0f3a11".to_owned()),
            leaf: 4,
        }
    }
}

impl Example for Assertion {
    fn example() -> Self {
        Self {
            assertion: "not_null".to_owned(),
            column: Some("id".to_owned()),
            success: false,
            severity: Some("error".to_owned()),
            at: Time(1_777_798_800_000_000_000),
            run_id: Some("019682a3-1f6e-7c5a-9d35-0c1c5c0f3a11".to_owned()),
            leaf: 4,
        }
    }
}
