//! Facts about a dataset, as input, output or on its own.

use serde::{Deserialize, Serialize};

use super::{Digest, LineageEntry, Owner, RecordSet, Tag, Text};

/// A dataset and its facets. `None` or empty: the facet was absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dataset<'a> {
    /// Namespace, e.g. `postgres://warehouse:5432`.
    #[serde(borrow)]
    pub namespace: &'a str,
    /// Name, e.g. `shop.public.orders`.
    pub name: &'a str,
    /// `schema`; `None` when absent.
    pub schema: Option<Vec<Field<'a>>>,
    /// `dataSource`.
    pub source: Option<Origin<'a>>,
    /// `version`: the version that the producer declares.
    pub version: Option<&'a str>,
    /// `lifecycleStateChange`.
    pub lifecycle: Option<Lifecycle<'a>>,
    /// `ownership`.
    pub owners: Option<Vec<Owner<'a>>>,
    /// `tags`.
    pub tags: Option<Vec<Tag<'a>>>,
    /// `documentation`.
    pub documentation: Option<Text<'a>>,
    /// `datasetType.datasetType`.
    pub dataset_type: Option<&'a str>,
    /// `datasetType.subType`.
    pub sub_type: Option<&'a str>,
    /// `storage`.
    pub storage: Option<Storage<'a>>,
    /// `catalog`.
    pub catalog: Option<Catalog<'a>>,
    /// `hierarchy`, outermost first.
    pub hierarchy: Option<Vec<Hierarchy<'a>>>,
    /// `symlinks`; `None` when absent.
    pub symlinks: Option<Vec<Symlink<'a>>>,
    /// `columnLineage.fields`; `None` when the facet is absent.
    pub columns: Option<Vec<Column<'a>>>,
    /// `columnLineage.dataset`: columns that every output column depends on.
    pub column_dataset: Vec<ColumnSource<'a>>,
    /// `lineage`; `None` when absent.
    pub lineage: Option<Vec<LineageEntry<'a>>>,
    /// `inputStatistics` or `outputStatistics`.
    pub statistics: Option<Statistics>,
    /// `dataQualityMetrics`.
    pub metrics: Option<Metrics<'a>>,
    /// `dataQualityAssertions`.
    pub assertions: Vec<Assertion<'a>>,
    /// `subset`: its condition, as JSON text of at most 4 KiB.
    pub subset: Option<Text<'a>>,
    /// `ledgerline_digest`.
    pub digests: Vec<Digest<'a>>,
    /// `ledgerline_records`.
    pub records: Vec<RecordSet<'a>>,
    /// Keys of every facet present (dataset, input and output facets alike).
    pub facets: Vec<&'a str>,
    /// Keys of facets sent with `_deleted: true`.
    pub deleted: Vec<&'a str>,
}

/// A column of a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field<'a> {
    /// Name.
    #[serde(borrow)]
    pub name: &'a str,
    /// Type, as the producer names it.
    pub data_type: Option<&'a str>,
    /// Description, cut to 4 KiB.
    pub description: Option<Text<'a>>,
    /// Nested columns.
    pub fields: Vec<Field<'a>>,
}

/// `dataSource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin<'a> {
    /// Name.
    #[serde(borrow)]
    pub name: Option<&'a str>,
    /// URI.
    pub uri: Option<&'a str>,
}

/// `lifecycleStateChange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle<'a> {
    /// `ALTER`, `CREATE`, `DROP`, `OVERWRITE`, `RENAME`, `TRUNCATE`.
    #[serde(borrow)]
    pub change: &'a str,
    /// Namespace before a rename.
    pub previous_namespace: Option<&'a str>,
    /// Name before a rename.
    pub previous_name: Option<&'a str>,
}

/// `storage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage<'a> {
    /// Layer, e.g. `iceberg`.
    #[serde(borrow)]
    pub layer: Option<&'a str>,
    /// File format, e.g. `parquet`.
    pub format: Option<&'a str>,
}

/// `catalog`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog<'a> {
    /// `framework`, e.g. `iceberg`.
    #[serde(borrow)]
    pub framework: &'a str,
    /// `type`, e.g. `hive`.
    pub kind: &'a str,
    /// `name`.
    pub name: &'a str,
    /// `metadataUri`.
    pub metadata_uri: Option<&'a str>,
    /// `warehouseUri`.
    pub warehouse_uri: Option<&'a str>,
    /// `source`.
    pub source: Option<&'a str>,
}

/// One level of `hierarchy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hierarchy<'a> {
    /// `DATABASE`, `SCHEMA`, `TABLE`, …
    #[serde(borrow)]
    pub kind: &'a str,
    /// Name.
    pub name: &'a str,
}

/// Another name of the same dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Symlink<'a> {
    /// Namespace.
    #[serde(borrow)]
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// `TABLE`, `LOCATION`, …
    pub kind: Option<&'a str>,
}

/// One output column in `columnLineage` and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column<'a> {
    /// The output column.
    #[serde(borrow)]
    pub field: &'a str,
    /// Its sources. The deprecated `transformationType`/`transformationDescription` of the column appear as a
    /// transformation of every source that has none of its own.
    pub inputs: Vec<ColumnSource<'a>>,
}

/// An input column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnSource<'a> {
    /// Namespace of the input dataset.
    #[serde(borrow)]
    pub namespace: &'a str,
    /// Name of the input dataset.
    pub name: &'a str,
    /// The input column.
    pub field: &'a str,
    /// How it got there.
    pub transformations: Vec<Transformation<'a>>,
}

/// One step between columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Transformation<'a> {
    /// `DIRECT` or `INDIRECT` (or an old free form).
    #[serde(borrow)]
    pub kind: &'a str,
    /// `IDENTITY`, `TRANSFORMATION`, `AGGREGATION`, `JOIN`, `FILTER`, …
    pub subtype: Option<&'a str>,
    /// Free text, at most 1 KiB.
    pub description: Option<&'a str>,
    /// True when values are masked on the way.
    pub masking: bool,
}

/// Rows, bytes and files read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Rows.
    pub rows: Option<i64>,
    /// Bytes.
    pub bytes: Option<i64>,
    /// Files.
    pub files: Option<i64>,
}

/// `dataQualityMetrics`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics<'a> {
    /// Rows.
    pub rows: Option<i64>,
    /// Bytes.
    pub bytes: Option<i64>,
    /// Files.
    pub files: Option<i64>,
    /// `lastUpdated`, ns UTC.
    pub last_updated_ns: Option<i64>,
    /// By column.
    #[serde(borrow)]
    pub columns: Vec<ColumnMetric<'a>>,
}

/// Metrics of one column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnMetric<'a> {
    /// The column.
    #[serde(borrow)]
    pub field: &'a str,
    /// Nulls.
    pub nulls: Option<i64>,
    /// Distinct values.
    pub distinct: Option<i64>,
    /// Count.
    pub count: Option<f64>,
    /// Sum.
    pub sum: Option<f64>,
    /// Least value, when a number.
    pub min: Option<f64>,
    /// Greatest value, when a number.
    pub max: Option<f64>,
}

/// One data-quality assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion<'a> {
    /// What was asserted, e.g. `not_null`.
    #[serde(borrow)]
    pub assertion: &'a str,
    /// Whether it held.
    pub success: bool,
    /// The column.
    pub field: Option<&'a str>,
    /// `error` or `warn`, as sent.
    pub severity: Option<&'a str>,
}
