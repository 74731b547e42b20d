//! Which facets are kept, by number. Owns the order; what each holds is a type of `facts`.

use serde::{Deserialize, Serialize};

use super::key::Part;

/// Facets that are kept as registers. The order is on disk: new ones go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FacetKey {
    /// `ownership` of a job or dataset: `Vec<facts::Owner>`.
    Ownership,
    /// `documentation`: `facts::Text`.
    Documentation,
    /// `tags`: `Vec<facts::Tag>`.
    Tags,
    /// `jobType`: `facts::JobType`.
    JobType,
    /// `sql`: `facts::Sql`.
    Sql,
    /// `sourceCode`: `facts::SourceCode`.
    SourceCode,
    /// `sourceCodeLocation`: `facts::SourceLocation`.
    SourceCodeLocation,
    /// `schema`: `Vec<facts::Field>`.
    Schema,
    /// `dataSource`: `facts::Origin`.
    DataSource,
    /// `version`: text.
    Version,
    /// `lifecycleStateChange`: `facts::Lifecycle`.
    LifecycleStateChange,
    /// `datasetType`: type and sub-type.
    DatasetType,
    /// `storage`: `facts::Storage`.
    Storage,
    /// `catalog`: `facts::Catalog`.
    Catalog,
    /// `hierarchy`: `Vec<facts::Hierarchy>`.
    Hierarchy,
    /// `symlinks`: `Vec<facts::Symlink>`.
    Symlinks,
    /// `nominalTime` of a run: `facts::NominalTime`.
    NominalTime,
    /// `errorMessage` of a run: `facts::ExecutionError`.
    ErrorMessage,
    /// `extractionError` of a run: `facts::ExtractionError`.
    ExtractionError,
    /// `processing_engine` of a run: `facts::Engine`.
    ProcessingEngine,
    /// `externalQuery` of a run: `facts::ExternalQuery`.
    ExternalQuery,
    /// `test` of a run: `Vec<facts::TestResult>`.
    Test,
    /// `ledgerline_actor` of a run: `facts::Actor`.
    Actor,
    /// `ledgerline_approval`: `Vec<facts::Approval>`.
    Approval,
    /// `ledgerline_export`: `facts::Export`.
    Export,
    /// `ledgerline_deployment`: `facts::Deployment`.
    Deployment,
    /// `inputStatistics` or `outputStatistics`: `facts::Statistics`.
    Statistics,
    /// `dataQualityMetrics`: `facts::Metrics`.
    Metrics,
    /// `dataQualityAssertions`: `Vec<facts::Assertion>`.
    Assertions,
    /// `subset`: `facts::Text`.
    Subset,
    /// `ledgerline_digest`: `Vec<facts::Digest>`.
    Digests,
    /// `ledgerline_records` of a run, or of a dataset that a run used: `Vec<facts::RecordSet>`.
    Records,
}

impl FacetKey {
    /// Every one, in the order of its number.
    pub const ALL: [FacetKey; 32] = [
        FacetKey::Ownership,
        FacetKey::Documentation,
        FacetKey::Tags,
        FacetKey::JobType,
        FacetKey::Sql,
        FacetKey::SourceCode,
        FacetKey::SourceCodeLocation,
        FacetKey::Schema,
        FacetKey::DataSource,
        FacetKey::Version,
        FacetKey::LifecycleStateChange,
        FacetKey::DatasetType,
        FacetKey::Storage,
        FacetKey::Catalog,
        FacetKey::Hierarchy,
        FacetKey::Symlinks,
        FacetKey::NominalTime,
        FacetKey::ErrorMessage,
        FacetKey::ExtractionError,
        FacetKey::ProcessingEngine,
        FacetKey::ExternalQuery,
        FacetKey::Test,
        FacetKey::Actor,
        FacetKey::Approval,
        FacetKey::Export,
        FacetKey::Deployment,
        FacetKey::Statistics,
        FacetKey::Metrics,
        FacetKey::Assertions,
        FacetKey::Subset,
        FacetKey::Digests,
        FacetKey::Records,
    ];

    /// Whether what a job or dataset said before is listed when it says something else. What each run says anew is kept with
    /// the run instead.
    pub fn keeps_history(self) -> bool {
        !matches!(
            self,
            FacetKey::Version
                | FacetKey::LifecycleStateChange
                | FacetKey::Statistics
                | FacetKey::Metrics
                | FacetKey::Assertions
                | FacetKey::Subset
                | FacetKey::Digests
                | FacetKey::Records
        )
    }

    /// The facet's key in OpenLineage.
    pub fn name(self) -> &'static str {
        match self {
            FacetKey::Ownership => "ownership",
            FacetKey::Documentation => "documentation",
            FacetKey::Tags => "tags",
            FacetKey::JobType => "jobType",
            FacetKey::Sql => "sql",
            FacetKey::SourceCode => "sourceCode",
            FacetKey::SourceCodeLocation => "sourceCodeLocation",
            FacetKey::Schema => "schema",
            FacetKey::DataSource => "dataSource",
            FacetKey::Version => "version",
            FacetKey::LifecycleStateChange => "lifecycleStateChange",
            FacetKey::DatasetType => "datasetType",
            FacetKey::Storage => "storage",
            FacetKey::Catalog => "catalog",
            FacetKey::Hierarchy => "hierarchy",
            FacetKey::Symlinks => "symlinks",
            FacetKey::NominalTime => "nominalTime",
            FacetKey::ErrorMessage => "errorMessage",
            FacetKey::ExtractionError => "extractionError",
            FacetKey::ProcessingEngine => "processing_engine",
            FacetKey::ExternalQuery => "externalQuery",
            FacetKey::Test => "test",
            FacetKey::Actor => "ledgerline_actor",
            FacetKey::Approval => "ledgerline_approval",
            FacetKey::Export => "ledgerline_export",
            FacetKey::Deployment => "ledgerline_deployment",
            FacetKey::Statistics => "statistics",
            FacetKey::Metrics => "dataQualityMetrics",
            FacetKey::Assertions => "dataQualityAssertions",
            FacetKey::Subset => "subset",
            FacetKey::Digests => "ledgerline_digest",
            FacetKey::Records => "ledgerline_records",
        }
    }
}

impl Part<1> for FacetKey {
    fn part(&self) -> [u8; 1] {
        [*self as u8]
    }
    fn whole([byte]: [u8; 1]) -> Option<Self> {
        FacetKey::ALL.into_iter().find(|facet| *facet as u8 == byte)
    }
}
