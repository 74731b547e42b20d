//! Small events for tests: jobs, runs and datasets are numbers.

use crate::facts::{
    Assertion, Column, ColumnSource, Dataset, Endpoint, EndpointKind, EventKind, EventType, ExecutionError,
    ExtractionError, Facts, Field, Job, Lifecycle, LineageEntry, LineageSource, Owner, Parent, Run, Statistics,
    Symlink, Text, Transformation,
};
use crate::id::{EventId, NodeId, RunId};

pub(crate) const DATASETS: [&str; 12] =
    ["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8", "d9", "shop.public.orders", "d11"];
pub(crate) const JOBS: [&str; 8] = ["j0", "j1", "j2", "j3", "j4", "j5", "j6", "j7"];

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ev {
    pub kind: EventKind,
    pub event_type: Option<EventType>,
    pub run: u8,
    pub job: u8,
    pub time: i64,
    pub leaf: u64,
    pub inputs: Vec<u8>,
    pub outputs: Vec<u8>,
    pub parent: Option<(u8, u8)>,
    /// The job's `lineage` facet: targets and their sources.
    pub explicit: Option<Vec<(u8, Vec<u8>)>>,
    /// `columnLineage` of the outputs: (output column, source dataset, source column).
    pub columns: Vec<(&'static str, u8, &'static str)>,
    pub extraction_error: bool,
    pub error: Option<&'static str>,
    pub owner: Option<&'static str>,
    pub symlink: Option<u8>,
    pub schema: Vec<&'static str>,
    pub deleted: Vec<&'static str>,
    pub inferred: Vec<&'static str>,
    pub producer: &'static str,
    /// Rows read or written.
    pub rows: Option<i64>,
    /// The version that inputs and outputs declare.
    pub version: Option<&'static str>,
    /// A data-quality assertion on the inputs, and whether it held.
    pub quality: Option<bool>,
    /// What becomes of the outputs, and the name they had before.
    pub lifecycle: Option<(&'static str, Option<u8>)>,
    /// Tells events apart that say the same.
    pub salt: u8,
}

impl Ev {
    pub fn new(event_type: EventType, run: u8, job: u8, time: i64) -> Ev {
        Ev {
            kind: EventKind::Run,
            event_type: Some(event_type),
            run,
            job,
            time,
            leaf: time.unsigned_abs(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            parent: None,
            explicit: None,
            columns: Vec::new(),
            extraction_error: false,
            error: None,
            owner: None,
            symlink: None,
            schema: Vec::new(),
            deleted: Vec::new(),
            inferred: Vec::new(),
            producer: "https://example.org/p/1.0.0",
            rows: None,
            version: None,
            quality: None,
            lifecycle: None,
            salt: 0,
        }
    }

    pub fn declares(job: u8, time: i64, inputs: &[u8], outputs: &[u8], producer: &'static str) -> Ev {
        Ev { kind: EventKind::Job, event_type: None, producer, ..Ev::new(EventType::Other, 0, job, time) }
            .io(inputs, outputs)
    }

    /// A DatasetEvent.
    pub fn tells(dataset: u8, time: i64) -> Ev {
        Ev { kind: EventKind::Dataset, event_type: None, ..Ev::new(EventType::Other, 0, 0, time) }.io(&[], &[dataset])
    }

    pub fn io(mut self, inputs: &[u8], outputs: &[u8]) -> Ev {
        self.inputs = inputs.to_vec();
        self.outputs = outputs.to_vec();
        self
    }

    pub fn parent(mut self, run: u8, job: u8) -> Ev {
        self.parent = Some((run, job));
        self
    }

    /// The event id: a digest of everything it says, its time first so that ids do not follow times.
    pub fn id(&self) -> EventId {
        let said = format!("{:?}", Ev { leaf: 0, ..self.clone() });
        EventId(*blake3::hash(said.as_bytes()).as_bytes())
    }

    pub fn facts(&self) -> Facts<'static> {
        let is_run = self.kind == EventKind::Run;
        let set = |list: &[u8], output: bool| list.iter().map(|&at| self.dataset(at, output)).collect::<Vec<_>>();
        Facts {
            kind: self.kind,
            event_type: self.event_type,
            event_time_ns: self.time,
            producer: Some(self.producer),
            run: is_run.then(|| self.run_facts()),
            job: (self.kind != EventKind::Dataset).then(|| self.job_facts()),
            inputs: set(&self.inputs, false),
            outputs: if self.kind == EventKind::Dataset { Vec::new() } else { set(&self.outputs, true) },
            dataset: (self.kind == EventKind::Dataset).then(|| {
                let mut dataset = self.dataset(self.outputs[0], true);
                dataset.lineage = self.explicit.as_deref().map(entries);
                dataset
            }),
            inferred: self.inferred.clone(),
        }
    }

    fn run_facts(&self) -> Run<'static> {
        Run {
            id: run_id(self.run),
            nominal_time: None,
            parent: self.parent.map(|(run, job)| Parent {
                run: run_id(run),
                namespace: "ns",
                name: JOBS[job as usize],
            }),
            root: None,
            error: self.error.map(|message| ExecutionError { message: Text::cut(message), language: None }),
            extraction_error: self.extraction_error.then_some(ExtractionError { tasks: 2, failed: 1 }),
            engine: None,
            external_query: None,
            dependencies: Vec::new(),
            tags: Vec::new(),
            tests: Vec::new(),
            actor: None,
            approvals: Vec::new(),
            export: None,
            deployment: None,
            records: Vec::new(),
            facets: Vec::new(),
            deleted: Vec::new(),
        }
    }

    fn job_facts(&self) -> Job<'static> {
        Job {
            namespace: "ns",
            name: JOBS[self.job as usize],
            job_type: None,
            owners: self.owner.map(|name| vec![Owner { name, role: None }]),
            documentation: None,
            sql: None,
            source_code: None,
            source_location: None,
            tags: None,
            lineage: self.explicit.as_deref().map(entries),
            approvals: Vec::new(),
            export: None,
            deployment: None,
            facets: Vec::new(),
            deleted: self.deleted.clone(),
        }
    }

    fn dataset(&self, at: u8, output: bool) -> Dataset<'static> {
        let columns: Vec<Column<'static>> = self
            .columns
            .iter()
            .filter(|_| output)
            .map(|&(field, source, source_field)| Column {
                field,
                inputs: vec![ColumnSource {
                    namespace: "ns",
                    name: DATASETS[source as usize],
                    field: source_field,
                    transformations: vec![Transformation {
                        kind: "DIRECT",
                        subtype: Some("IDENTITY"),
                        description: None,
                        masking: false,
                    }],
                }],
            })
            .collect();
        let field = |name: &&'static str| Field { name, data_type: None, description: None, fields: Vec::new() };
        Dataset {
            namespace: "ns",
            name: DATASETS[at as usize],
            schema: (!self.schema.is_empty()).then(|| self.schema.iter().map(field).collect()),
            source: None,
            version: self.version,
            lifecycle: self.lifecycle.filter(|_| output).map(|(change, previous)| Lifecycle {
                change,
                previous_namespace: previous.map(|_| "ns"),
                previous_name: previous.map(|at| DATASETS[at as usize]),
            }),
            owners: None,
            tags: None,
            documentation: None,
            dataset_type: None,
            sub_type: None,
            storage: None,
            catalog: None,
            hierarchy: None,
            symlinks: self
                .symlink
                .map(|other| vec![Symlink { namespace: "ns", name: DATASETS[other as usize], kind: None }]),
            columns: (!columns.is_empty()).then_some(columns),
            column_dataset: Vec::new(),
            lineage: None,
            statistics: self.rows.map(|rows| Statistics { rows: Some(rows), bytes: None, files: None }),
            metrics: None,
            assertions: self
                .quality
                .filter(|_| !output)
                .map(|success| Assertion { assertion: "not_null", success, field: Some("a"), severity: None })
                .into_iter()
                .collect(),
            subset: None,
            digests: Vec::new(),
            records: Vec::new(),
            facets: Vec::new(),
            deleted: Vec::new(),
        }
    }
}

fn entries(targets: &[(u8, Vec<u8>)]) -> Vec<LineageEntry<'static>> {
    let end =
        |at: u8| Endpoint { kind: EndpointKind::Dataset, namespace: "ns", name: DATASETS[at as usize], run: None };
    let source = |at: &u8| LineageSource { endpoint: end(*at), field: None, transformations: Vec::new() };
    targets
        .iter()
        .map(|(target, sources)| LineageEntry {
            target: end(*target),
            inputs: Some(sources.iter().map(source).collect()),
            fields: Vec::new(),
        })
        .collect()
}

pub(crate) fn run_id(run: u8) -> RunId {
    RunId([run; 16])
}

pub(crate) fn dataset_id(at: u8) -> NodeId {
    NodeId::dataset("ns", DATASETS[at as usize])
}

pub(crate) fn job_id(at: u8) -> NodeId {
    NodeId::job("ns", JOBS[at as usize])
}
