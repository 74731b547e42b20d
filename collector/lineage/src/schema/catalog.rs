//! The schema files of `schemas/`, embedded: the binary carries the schemas it judges by and reads no file for them.
//! Owns the list of files. Never parses one: that is the compiler's.

/// Names a file below `schemas/` and embeds its text.
macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/", $path)))),*]
    };
}

/// Version of the newest release of the schemas (`schemas/released/`), as `X.Y.Z`; findings are stamped with it.
pub const VERSION: &str = "1.0.0";

/// Every schema that is now in force, as (path below `schemas/`, text), in the order of their paths.
///
/// Files refer to one another by full name, so they parse as one list (`apache_avro::Schema::parse_list`).
/// Released copies and examples are not among them.
pub fn sources() -> &'static [(&'static str, &'static str)] {
    SOURCES
}

const SOURCES: &[(&str, &str)] = files![
    "ledgerline/Alert.avsc",
    "ledgerline/Envelope.avsc",
    "ledgerline/Facts.avsc",
    "ledgerline/Leaf.avsc",
    "ledgerline/Rejection.avsc",
    "ledgerline/facets/ActorRunFacet.avsc",
    "ledgerline/facets/ApprovalRunFacet.avsc",
    "ledgerline/facets/DeploymentRunFacet.avsc",
    "ledgerline/facets/DigestDatasetFacet.avsc",
    "ledgerline/facets/ExportRunFacet.avsc",
    "ledgerline/facets/RecordsFacet.avsc",
    "openlineage/DatasetEvent.avsc",
    "openlineage/InputDataset.avsc",
    "openlineage/Job.avsc",
    "openlineage/JobEvent.avsc",
    "openlineage/OutputDataset.avsc",
    "openlineage/Run.avsc",
    "openlineage/RunEvent.avsc",
    "openlineage/StaticDataset.avsc",
    "openlineage/facets/CatalogDatasetFacet.avsc",
    "openlineage/facets/ColumnLineageDatasetFacet.avsc",
    "openlineage/facets/DataQualityAssertionsDatasetFacet.avsc",
    "openlineage/facets/DataQualityMetricsDatasetFacet.avsc",
    "openlineage/facets/DataQualityMetricsInputDatasetFacet.avsc",
    "openlineage/facets/DatasetTypeDatasetFacet.avsc",
    "openlineage/facets/DatasetVersionDatasetFacet.avsc",
    "openlineage/facets/DatasourceDatasetFacet.avsc",
    "openlineage/facets/DocumentationDatasetFacet.avsc",
    "openlineage/facets/DocumentationJobFacet.avsc",
    "openlineage/facets/EnvironmentVariablesRunFacet.avsc",
    "openlineage/facets/ErrorMessageRunFacet.avsc",
    "openlineage/facets/ExecutionParametersRunFacet.avsc",
    "openlineage/facets/ExternalQueryRunFacet.avsc",
    "openlineage/facets/ExtractionErrorRunFacet.avsc",
    "openlineage/facets/GcpComposerJobFacet.avsc",
    "openlineage/facets/GcpComposerRunFacet.avsc",
    "openlineage/facets/GcpDataprocRunFacet.avsc",
    "openlineage/facets/GcpLineageJobFacet.avsc",
    "openlineage/facets/HierarchyDatasetFacet.avsc",
    "openlineage/facets/IcebergCommitReportOutputDatasetFacet.avsc",
    "openlineage/facets/IcebergScanReportInputDatasetFacet.avsc",
    "openlineage/facets/InputStatisticsInputDatasetFacet.avsc",
    "openlineage/facets/InputSubsetInputDatasetFacet.avsc",
    "openlineage/facets/JobDependenciesRunFacet.avsc",
    "openlineage/facets/JobTypeJobFacet.avsc",
    "openlineage/facets/LifecycleStateChangeDatasetFacet.avsc",
    "openlineage/facets/LineageDatasetFacet.avsc",
    "openlineage/facets/LineageJobFacet.avsc",
    "openlineage/facets/NominalTimeRunFacet.avsc",
    "openlineage/facets/OutputStatisticsOutputDatasetFacet.avsc",
    "openlineage/facets/OutputSubsetOutputDatasetFacet.avsc",
    "openlineage/facets/OwnershipDatasetFacet.avsc",
    "openlineage/facets/OwnershipJobFacet.avsc",
    "openlineage/facets/ParentRunFacet.avsc",
    "openlineage/facets/ProcessingEngineRunFacet.avsc",
    "openlineage/facets/SQLJobFacet.avsc",
    "openlineage/facets/SchemaDatasetFacet.avsc",
    "openlineage/facets/SourceCodeJobFacet.avsc",
    "openlineage/facets/SourceCodeLocationJobFacet.avsc",
    "openlineage/facets/StorageDatasetFacet.avsc",
    "openlineage/facets/SubsetOutputDatasetFacet.avsc",
    "openlineage/facets/SymlinksDatasetFacet.avsc",
    "openlineage/facets/TagsDatasetFacet.avsc",
    "openlineage/facets/TagsJobFacet.avsc",
    "openlineage/facets/TagsRunFacet.avsc",
    "openlineage/facets/TestRunFacet.avsc",
    "openlineage/types/ColumnMetrics.avsc",
    "openlineage/types/DatasetTag.avsc",
    "openlineage/types/LineageEntry.avsc",
    "openlineage/types/LineageField.avsc",
    "openlineage/types/LineageInput.avsc",
    "openlineage/types/Owner.avsc",
    "openlineage/types/SubsetCondition.avsc",
    "openlineage/types/SubsetPartition.avsc",
    "openlineage/types/Tag.avsc",
    "openlineage/types/Transformation.avsc",
];
