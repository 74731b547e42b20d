//! What stands in registers, as it is shown. Owns the step from kept bytes to the API's shapes.

use lineage::facts;
use lineage::graph::{read, standing};
use lineage::row::{Corrupt, FacetKey, Register, Table};

use super::scope::{Scope, broken};
use crate::http::ReadError;
use crate::http::model::{
    Actor, Approval, Assertion, Catalog, Column, ColumnMetric, Custody, DatasetAbout, Deployment, Digest, Engine,
    Excerpt, Export, ExternalQuery, ExtractionError, JobAbout, JobType, Level, Metrics, NominalTime, Origin, Owner,
    Records, RunAbout, SourceCode, SourceLocation, Sql, Statistics, Storage, Tag, TestResult, Time,
};

/// The registers of one job, dataset, run, or use of a dataset.
#[derive(Clone, Copy)]
pub(super) struct Said<'s> {
    pub scope: &'s Scope,
    pub registers: &'s [Register],
}

impl Said<'_> {
    pub fn register(&self, facet: FacetKey) -> Option<&Register> {
        self.registers.iter().find(|register| register.facet == facet)
    }

    /// Facets of which the bodies hold more than is kept.
    pub fn cut(&self) -> Vec<String> {
        let partial = self.registers.iter().filter(|register| register.value.is_partial());
        partial.map(|register| register.facet.name().to_owned()).collect()
    }

    /// What stands for a facet; `None` when absent, deleted or too long to be kept.
    fn get<M>(&self, facet: FacetKey, into: impl FnOnce(&[u8]) -> Option<M>) -> Result<Option<M>, ReadError> {
        let content = standing(&self.scope.graph(), self.registers, facet).map_err(broken)?;
        let Some(content) = content else { return Ok(None) };
        let shown = into(&content);
        // Bytes of ours that do not read back are the disk's fault or a newer version's.
        shown.map(Some).ok_or_else(|| broken(Corrupt { table: Table::Content }.into()))
    }

    fn list<M>(&self, facet: FacetKey, into: impl FnOnce(&[u8]) -> Option<Vec<M>>) -> Result<Vec<M>, ReadError> {
        Ok(self.get(facet, into)?.unwrap_or_default())
    }

    pub fn version(&self) -> Result<Option<String>, ReadError> {
        self.get(FacetKey::Version, |bytes| read::<String>(bytes))
    }

    pub fn error(&self) -> Result<Option<String>, ReadError> {
        self.get(FacetKey::ErrorMessage, |bytes| {
            read::<facts::ExecutionError<'_>>(bytes).map(|error| error.message.text.to_owned())
        })
    }

    pub fn statistics(&self) -> Result<Option<Statistics>, ReadError> {
        self.get(FacetKey::Statistics, |bytes| {
            read::<facts::Statistics>(bytes).map(|facts::Statistics { rows, bytes, files }| Statistics {
                rows,
                bytes,
                files,
            })
        })
    }

    pub fn subset(&self) -> Result<Option<Excerpt>, ReadError> {
        self.get(FacetKey::Subset, |bytes| read(bytes).map(excerpt))
    }

    pub fn digests(&self) -> Result<Vec<Digest>, ReadError> {
        self.list(FacetKey::Digests, |bytes| {
            let digests = read::<Vec<facts::Digest<'_>>>(bytes)?.into_iter();
            let digest = |digest: facts::Digest<'_>| Digest {
                algorithm: digest.algorithm.to_owned(),
                value: digest.value.to_owned(),
                of: owned(digest.of),
            };
            Some(digests.map(digest).collect())
        })
    }

    pub fn records(&self) -> Result<Vec<Records>, ReadError> {
        self.list(FacetKey::Records, |bytes| {
            let sets = read::<Vec<facts::RecordSet<'_>>>(bytes)?.into_iter();
            let set = |set: facts::RecordSet<'_>| Records {
                kind: set.kind.to_owned(),
                values: set.values.len() as u64,
                count: set.count,
            };
            Some(sets.map(set).collect())
        })
    }

    /// Assertions, failures first; `run_id` is whose registers these are.
    pub fn assertions(&self, run_id: Option<&str>) -> Result<Vec<Assertion>, ReadError> {
        let Some(register) = self.register(FacetKey::Assertions) else { return Ok(Vec::new()) };
        let (at, leaf) = (Time(register.stamp.time_ns), register.leaf);
        let mut found = self.list(FacetKey::Assertions, |bytes| {
            let assertions = read::<Vec<facts::Assertion<'_>>>(bytes)?.into_iter();
            let assertion = |assertion: facts::Assertion<'_>| Assertion {
                assertion: assertion.assertion.to_owned(),
                column: owned(assertion.field),
                success: assertion.success,
                severity: owned(assertion.severity),
                at,
                run_id: owned(run_id),
                leaf,
            };
            Some(assertions.map(assertion).collect())
        })?;
        found.sort_by_key(|assertion| assertion.success);
        Ok(found)
    }

    pub fn metrics(&self, run_id: Option<&str>) -> Result<Option<Metrics>, ReadError> {
        let Some(register) = self.register(FacetKey::Metrics) else { return Ok(None) };
        let (at, leaf) = (Time(register.stamp.time_ns), register.leaf);
        let figure = |figure: Option<f64>| figure.map(|figure| figure.to_string());
        let column = |column: &facts::ColumnMetric<'_>| ColumnMetric {
            column: column.field.to_owned(),
            nulls: column.nulls,
            distinct: column.distinct,
            min: figure(column.min),
            max: figure(column.max),
        };
        self.get(FacetKey::Metrics, |bytes| {
            read::<facts::Metrics<'_>>(bytes).map(|metrics| Metrics {
                statistics: Statistics { rows: metrics.rows, bytes: metrics.bytes, files: metrics.files },
                columns: metrics.columns.iter().map(column).collect(),
                at,
                run_id: owned(run_id),
                leaf,
            })
        })
    }

    fn documentation(&self) -> Result<Option<Excerpt>, ReadError> {
        self.get(FacetKey::Documentation, |bytes| read(bytes).map(excerpt))
    }

    fn owners(&self) -> Result<Vec<Owner>, ReadError> {
        self.list(FacetKey::Ownership, |bytes| {
            let owners = read::<Vec<facts::Owner<'_>>>(bytes)?.into_iter();
            Some(owners.map(|owner| Owner { name: owner.name.to_owned(), role: owned(owner.role) }).collect())
        })
    }

    fn tags(&self) -> Result<Vec<Tag>, ReadError> {
        self.list(FacetKey::Tags, |bytes| {
            let tags = read::<Vec<facts::Tag<'_>>>(bytes)?.into_iter();
            let tag =
                |tag: facts::Tag<'_>| Tag { key: tag.key.to_owned(), value: owned(tag.value), field: owned(tag.field) };
            Some(tags.map(tag).collect())
        })
    }

    /// Columns, nested ones by their path.
    pub fn columns(&self) -> Result<Vec<Column>, ReadError> {
        self.list(FacetKey::Schema, |bytes| {
            let mut columns = Vec::new();
            list_columns("", &read::<Vec<facts::Field<'_>>>(bytes)?, &mut columns);
            Some(columns)
        })
    }

    pub fn of_dataset(&self) -> Result<DatasetAbout, ReadError> {
        let (mut kind, mut sub_type) = (None, None);
        if let Some((told, sub)) = self.get(FacetKey::DatasetType, |bytes| read::<(String, Option<String>)>(bytes))? {
            (kind, sub_type) = (Some(told), sub);
        }
        Ok(DatasetAbout {
            documentation: self.documentation()?,
            owners: self.owners()?,
            tags: self.tags()?,
            kind,
            sub_type,
            source: self.get(FacetKey::DataSource, |bytes| {
                read::<facts::Origin<'_>>(bytes)
                    .map(|origin| Origin { name: owned(origin.name), uri: owned(origin.uri) })
            })?,
            storage: self.get(FacetKey::Storage, |bytes| {
                let storage = read::<facts::Storage<'_>>(bytes)?;
                Some(Storage { layer: owned(storage.layer), format: owned(storage.format) })
            })?,
            catalog: self.get(FacetKey::Catalog, |bytes| {
                read::<facts::Catalog<'_>>(bytes).map(|catalog| Catalog {
                    framework: catalog.framework.to_owned(),
                    kind: catalog.kind.to_owned(),
                    name: catalog.name.to_owned(),
                    metadata_uri: owned(catalog.metadata_uri),
                    warehouse_uri: owned(catalog.warehouse_uri),
                })
            })?,
            hierarchy: self.list(FacetKey::Hierarchy, |bytes| {
                let levels = read::<Vec<facts::Hierarchy<'_>>>(bytes)?.into_iter();
                Some(levels.map(|level| Level { kind: level.kind.to_owned(), name: level.name.to_owned() }).collect())
            })?,
        })
    }

    /// All but the jobs before and after it, which are edges.
    pub fn of_job(&self) -> Result<JobAbout, ReadError> {
        Ok(JobAbout {
            documentation: self.documentation()?,
            owners: self.owners()?,
            tags: self.tags()?,
            kind: self.get(FacetKey::JobType, |bytes| {
                read::<facts::JobType<'_>>(bytes).map(|kind| JobType {
                    processing: kind.processing.to_owned(),
                    integration: kind.integration.to_owned(),
                    kind: owned(kind.kind),
                })
            })?,
            sql: self.get(FacetKey::Sql, |bytes| {
                let sql = read::<facts::Sql<'_>>(bytes)?;
                Some(Sql { query: excerpt(sql.query), dialect: owned(sql.dialect) })
            })?,
            source_code: self.get(FacetKey::SourceCode, |bytes| {
                let source = read::<facts::SourceCode<'_>>(bytes)?;
                Some(SourceCode { language: source.language.to_owned(), code: excerpt(source.code) })
            })?,
            source_location: self.get(FacetKey::SourceCodeLocation, |bytes| {
                read::<facts::SourceLocation<'_>>(bytes).map(|place| SourceLocation {
                    kind: place.kind.to_owned(),
                    url: place.url.to_owned(),
                    repository: owned(place.repository),
                    path: owned(place.path),
                    version: owned(place.version),
                    branch: owned(place.branch),
                })
            })?,
            before: Vec::new(),
            after: Vec::new(),
        })
    }

    pub fn of_run(&self) -> Result<RunAbout, ReadError> {
        Ok(RunAbout {
            engine: self.get(FacetKey::ProcessingEngine, |bytes| {
                read::<facts::Engine<'_>>(bytes).map(|engine| Engine {
                    name: owned(engine.name),
                    version: engine.version.to_owned(),
                    adapter: owned(engine.adapter),
                })
            })?,
            nominal_time: self.get(FacetKey::NominalTime, |bytes| {
                let nominal = read::<facts::NominalTime>(bytes)?;
                Some(NominalTime { start: Time(nominal.start_ns), end: nominal.end_ns.map(Time) })
            })?,
            external_query: self.get(FacetKey::ExternalQuery, |bytes| {
                let query = read::<facts::ExternalQuery<'_>>(bytes)?;
                Some(ExternalQuery { id: query.id.to_owned(), source: query.source.to_owned() })
            })?,
            extraction_error: self.get(FacetKey::ExtractionError, |bytes| {
                let error = read::<facts::ExtractionError>(bytes)?;
                Some(ExtractionError { tasks: error.tasks, failed: error.failed })
            })?,
            tags: self.tags()?,
            tests: self.list(FacetKey::Test, |bytes| {
                let tests = read::<Vec<facts::TestResult<'_>>>(bytes)?.into_iter();
                let test = |test: facts::TestResult<'_>| TestResult {
                    name: test.name.to_owned(),
                    status: test.status.to_owned(),
                    severity: owned(test.severity),
                    kind: owned(test.kind),
                };
                Some(tests.map(test).collect())
            })?,
            records: self.records()?,
        })
    }

    pub fn custody(&self) -> Result<Custody, ReadError> {
        Ok(Custody {
            actor: self.get(FacetKey::Actor, |bytes| read(bytes).map(actor))?,
            approvals: self.list(FacetKey::Approval, |bytes| {
                Some(read::<Vec<facts::Approval<'_>>>(bytes)?.into_iter().map(approval).collect())
            })?,
            export: self.get(FacetKey::Export, |bytes| read(bytes).map(export))?,
            deployment: self.get(FacetKey::Deployment, |bytes| read(bytes).map(deployment))?,
        })
    }
}

fn actor(actor: facts::Actor<'_>) -> Actor {
    Actor {
        name: actor.name.to_owned(),
        role: owned(actor.role),
        session: owned(actor.session),
        on_behalf_of: owned(actor.on_behalf_of),
        operation: owned(actor.operation),
        authenticated: actor.authenticated,
    }
}

fn approval(approval: facts::Approval<'_>) -> Approval {
    Approval {
        id: owned(approval.id),
        decision: approval.decision.to_owned(),
        approver: approval.approver.to_owned(),
        rationale: approval.rationale.map(excerpt),
        policy: owned(approval.policy),
        expires_at: approval.expires_ns.map(Time),
    }
}

fn export(export: facts::Export<'_>) -> Export {
    Export {
        id: export.id.to_owned(),
        stage: owned(export.stage),
        destination: owned(export.destination),
        recipients: export.recipients.into_iter().map(str::to_owned).collect(),
        classification: owned(export.classification),
        purpose: owned(export.purpose),
        manifest: owned(export.manifest),
    }
}

fn deployment(deployment: facts::Deployment<'_>) -> Deployment {
    Deployment {
        id: deployment.id.to_owned(),
        environment: owned(deployment.environment),
        stage: owned(deployment.stage),
        artefact: owned(deployment.artefact),
        version: owned(deployment.version),
        reviewers: deployment.reviewers.into_iter().map(str::to_owned).collect(),
    }
}

fn excerpt(text: facts::Text<'_>) -> Excerpt {
    Excerpt { text: text.text.to_owned(), bytes: text.bytes }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

fn list_columns(above: &str, fields: &[facts::Field<'_>], columns: &mut Vec<Column>) {
    for field in fields {
        let name = if above.is_empty() { field.name.to_owned() } else { format!("{above}.{}", field.name) };
        columns.push(Column {
            kind: owned(field.data_type),
            description: field.description.map(|text| text.text.to_owned()),
            name: name.clone(),
        });
        list_columns(&name, &field.fields, columns);
    }
}
