//! The standard and custody facets, written out by hand: each has its file, with its key, place and version.

use std::collections::BTreeSet;

use crate::{as_json, in_force};

/// (place, key, version, record), as the OpenLineage clients of 2026 know them, and our own.
const FACETS: &[(&str, &str, &str, &str)] = &[
    ("run", "environmentVariables", "1-0-0", "EnvironmentVariablesRunFacet"),
    ("run", "errorMessage", "1-0-1", "ErrorMessageRunFacet"),
    ("run", "executionParameters", "1-0-0", "ExecutionParametersRunFacet"),
    ("run", "externalQuery", "1-0-2", "ExternalQueryRunFacet"),
    ("run", "extractionError", "1-1-2", "ExtractionErrorRunFacet"),
    ("run", "gcp_composer_run", "1-0-0", "GcpComposerRunFacet"),
    ("run", "gcp_dataproc", "1-0-0", "GcpDataprocRunFacet"),
    ("run", "jobDependencies", "1-0-1", "JobDependenciesRunFacet"),
    ("run", "nominalTime", "1-0-1", "NominalTimeRunFacet"),
    ("run", "parent", "1-2-0", "ParentRunFacet"),
    ("run", "processing_engine", "1-1-1", "ProcessingEngineRunFacet"),
    ("run", "tags", "1-0-0", "TagsRunFacet"),
    ("run", "test", "1-0-1", "TestRunFacet"),
    ("job", "documentation", "1-1-0", "DocumentationJobFacet"),
    ("job", "gcp_composer_job", "1-0-0", "GcpComposerJobFacet"),
    ("job", "gcp_lineage", "1-0-0", "GcpLineageJobFacet"),
    ("job", "jobType", "2-0-4", "JobTypeJobFacet"),
    ("job", "lineage", "1-0-0", "LineageJobFacet"),
    ("job", "ownership", "1-0-1", "OwnershipJobFacet"),
    ("job", "sourceCode", "1-0-1", "SourceCodeJobFacet"),
    ("job", "sourceCodeLocation", "1-1-0", "SourceCodeLocationJobFacet"),
    ("job", "sql", "1-1-0", "SQLJobFacet"),
    ("job", "tags", "1-0-0", "TagsJobFacet"),
    ("dataset", "catalog", "1-1-0", "CatalogDatasetFacet"),
    ("dataset", "columnLineage", "1-2-0", "ColumnLineageDatasetFacet"),
    ("dataset", "dataQualityMetrics", "1-0-1", "DataQualityMetricsDatasetFacet"),
    ("dataset", "dataSource", "1-0-1", "DatasourceDatasetFacet"),
    ("dataset", "datasetType", "1-0-1", "DatasetTypeDatasetFacet"),
    ("dataset", "documentation", "1-1-0", "DocumentationDatasetFacet"),
    ("dataset", "hierarchy", "1-0-0", "HierarchyDatasetFacet"),
    ("dataset", "lifecycleStateChange", "1-0-1", "LifecycleStateChangeDatasetFacet"),
    ("dataset", "lineage", "1-0-0", "LineageDatasetFacet"),
    ("dataset", "ownership", "1-0-1", "OwnershipDatasetFacet"),
    ("dataset", "schema", "1-2-0", "SchemaDatasetFacet"),
    ("dataset", "storage", "1-0-1", "StorageDatasetFacet"),
    ("dataset", "symlinks", "1-0-1", "SymlinksDatasetFacet"),
    ("dataset", "tags", "1-0-0", "TagsDatasetFacet"),
    ("dataset", "version", "1-0-1", "DatasetVersionDatasetFacet"),
    ("input", "dataQualityAssertions", "1-1-0", "DataQualityAssertionsDatasetFacet"),
    ("input", "dataQualityMetrics", "1-0-3", "DataQualityMetricsInputDatasetFacet"),
    ("input", "icebergScanReport", "1-0-1", "IcebergScanReportInputDatasetFacet"),
    ("input", "inputStatistics", "1-0-0", "InputStatisticsInputDatasetFacet"),
    ("input", "subset", "1-0-0", "InputSubsetInputDatasetFacet"),
    ("output", "icebergCommitReport", "1-0-2", "IcebergCommitReportOutputDatasetFacet"),
    ("output", "outputStatistics", "1-0-2", "OutputStatisticsOutputDatasetFacet"),
    ("output", "outputSubset", "1-0-0", "OutputSubsetOutputDatasetFacet"),
    ("output", "subset", "1-0-0", "SubsetOutputDatasetFacet"),
    ("run", "ledgerline_actor", "1-0-0", "ActorRunFacet"),
    ("run", "ledgerline_approval", "1-0-0", "ApprovalRunFacet"),
    ("run", "ledgerline_deployment", "1-0-0", "DeploymentRunFacet"),
    ("run", "ledgerline_export", "1-0-0", "ExportRunFacet"),
    ("dataset", "ledgerline_digest", "1-0-0", "DigestDatasetFacet"),
    ("input", "ledgerline_digest", "1-0-0", "DigestDatasetFacet"),
    ("output", "ledgerline_digest", "1-0-0", "DigestDatasetFacet"),
    ("run", "ledgerline_records", "1-0-0", "RecordsFacet"),
    ("dataset", "ledgerline_records", "1-0-0", "RecordsFacet"),
    ("input", "ledgerline_records", "1-0-0", "RecordsFacet"),
    ("output", "ledgerline_records", "1-0-0", "RecordsFacet"),
];

#[test]
fn each_facet_has_its_file_key_place_and_version_and_no_other_exists() {
    let mut described = BTreeSet::new();
    let mut places = BTreeSet::new();
    for (path, text) in in_force().iter().filter(|(path, _)| path.contains("/facets/")) {
        let schema = as_json(text);
        let text_of = |name: &str| schema[name].as_str().unwrap_or_else(|| panic!("{path}: {name}")).to_owned();
        assert_eq!(path.starts_with("ledgerline/"), text_of("facet").starts_with("ledgerline_"), "{path}");
        for place in schema["on"].as_array().unwrap_or_else(|| panic!("{path}: on")) {
            let place = place.as_str().unwrap().to_owned();
            assert!(places.insert((place.clone(), text_of("facet"))), "{path}: another file has this key and place");
            described.insert((place, text_of("facet"), text_of("version"), text_of("name")));
        }
    }
    let expected: BTreeSet<_> =
        FACETS.iter().map(|(a, b, c, d)| (a.to_string(), b.to_string(), c.to_string(), d.to_string())).collect();
    assert_eq!(expected.len(), FACETS.len());
    assert_eq!(described, expected);
}
