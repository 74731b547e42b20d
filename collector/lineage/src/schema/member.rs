//! The names that extraction knows: members of records, and keys of facets. Owns the only spelling of each in code;
//! which of them an event may carry, of what type and how they are graded is the Avro schemas' matter.

/// Declares an enum with one variant a name, found by `of` when schemas are compiled (never on the hot path).
macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($variant,)* /** A name that extraction has no use for. */ Unbound }

        impl $name {
            /// The variant of a JSON name.
            pub(crate) fn of(text: &str) -> Self {
                match text { $($text => Self::$variant,)* _ => Self::Unbound }
            }

            /// Every JSON name bound, for the test that schemas declare each.
            #[cfg(test)]
            pub(crate) const ALL: &[&str] = &[$($text),*];
        }
    };
}

names! {
    /// A member that extraction takes.
    Member {
        Producer = "producer", EventTime = "eventTime", EventType = "eventType",
        Run = "run", Job = "job", Dataset = "dataset", Inputs = "inputs", Outputs = "outputs",
        RunId = "runId", Namespace = "namespace", Name = "name",
        Facets = "facets", InputFacets = "inputFacets", OutputFacets = "outputFacets",
        NominalStartTime = "nominalStartTime", NominalEndTime = "nominalEndTime", Root = "root",
        Message = "message", ProgrammingLanguage = "programmingLanguage",
        TotalTasks = "totalTasks", FailedTasks = "failedTasks",
        Version = "version", AdapterVersion = "openlineageAdapterVersion",
        ExternalQueryId = "externalQueryId", Source = "source",
        Upstream = "upstream", Downstream = "downstream", DependencyType = "dependency_type",
        Tags = "tags", Key = "key", Value = "value", Field = "field",
        Tests = "tests", Status = "status", Severity = "severity", Type = "type",
        ProcessingType = "processingType", Integration = "integration", JobType = "jobType",
        Owners = "owners", Description = "description", Query = "query", Dialect = "dialect",
        Language = "language", SourceCode = "sourceCode", Url = "url", RepoUrl = "repoUrl", Path = "path", Branch = "branch",
        Entries = "entries", Fields = "fields", InputFields = "inputFields", Transformations = "transformations",
        TransformationType = "transformationType", TransformationDescription = "transformationDescription",
        Subtype = "subtype", Masking = "masking",
        Uri = "uri", DatasetVersion = "datasetVersion", LifecycleStateChange = "lifecycleStateChange",
        PreviousIdentifier = "previousIdentifier", DatasetType = "datasetType", SubType = "subType",
        StorageLayer = "storageLayer", FileFormat = "fileFormat", Framework = "framework",
        MetadataUri = "metadataUri", WarehouseUri = "warehouseUri", Hierarchy = "hierarchy", Identifiers = "identifiers",
        RowCount = "rowCount", Size = "size", FileCount = "fileCount", Bytes = "bytes", LastUpdated = "lastUpdated",
        ColumnMetrics = "columnMetrics", NullCount = "nullCount", DistinctCount = "distinctCount",
        Count = "count", Sum = "sum", Min = "min", Max = "max",
        Assertions = "assertions", Assertion = "assertion", Success = "success", Column = "column",
        Role = "role", Session = "session", OnBehalfOf = "onBehalfOf", Operation = "operation",
        Authenticated = "authenticated", Approvals = "approvals", Id = "id", Decision = "decision", Approver = "approver",
        Rationale = "rationale", Policy = "policy", Expires = "expires", Stage = "stage", Destination = "destination",
        Recipients = "recipients", Classification = "classification", Purpose = "purpose", Manifest = "manifest",
        Environment = "environment", Artefact = "artefact", Reviewers = "reviewers", Digests = "digests",
        Algorithm = "algorithm", Of = "of", Sets = "sets", Kind = "kind", Values = "values", Tag = "tag",
        InputCondition = "inputCondition", OutputCondition = "outputCondition",
    }
}

names! {
    /// A facet that extraction takes, by its key; which place it stands in is known from where it was found.
    Facet {
        NominalTime = "nominalTime", Parent = "parent", ErrorMessage = "errorMessage", ExtractionError = "extractionError",
        ProcessingEngine = "processing_engine", ExternalQuery = "externalQuery", JobDependencies = "jobDependencies",
        Tags = "tags", Test = "test", JobType = "jobType", Ownership = "ownership", Documentation = "documentation",
        Sql = "sql", SourceCode = "sourceCode", SourceCodeLocation = "sourceCodeLocation", Lineage = "lineage",
        Schema = "schema", DataSource = "dataSource", Version = "version", LifecycleStateChange = "lifecycleStateChange",
        DatasetType = "datasetType", Storage = "storage", Catalog = "catalog", Hierarchy = "hierarchy",
        Symlinks = "symlinks", ColumnLineage = "columnLineage", InputStatistics = "inputStatistics",
        OutputStatistics = "outputStatistics", DataQualityMetrics = "dataQualityMetrics",
        DataQualityAssertions = "dataQualityAssertions", Subset = "subset", OutputSubset = "outputSubset",
        Actor = "ledgerline_actor", Approval = "ledgerline_approval", Digest = "ledgerline_digest",
        Records = "ledgerline_records", Export = "ledgerline_export", Deployment = "ledgerline_deployment",
    }
}
