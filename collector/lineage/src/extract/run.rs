//! Facts of a run.

use crate::facts::{
    Dependency, Engine, ExecutionError, ExternalQuery, ExtractionError, NominalTime, Parent, Run, TestResult,
};
use crate::id::RunId;
use crate::schema::Facet;
use crate::validate::{Item, Keys, Walk};

use super::{custody, ownership};

/// A run and its facets; `None` when its id can't be read.
pub(super) fn run<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Run<'a>> {
    let (mut id, mut facets) = (None, None);
    each!(walk, item, |value| {
        RunId => id = walk.run_id(value),
        Facets => facets = Some(value),
    });
    let mut run = empty(id.unwrap_or(RunId([0; 16])));
    if let Some(facets) = facets {
        let mut keys = Keys::default();
        walk.facets(facets, &mut keys, |walk, facet, item| take(walk, &mut run, facet, item));
        (run.facets, run.deleted) = (keys.present, keys.deleted);
    }
    id.map(|_| run)
}

fn empty<'a>(id: RunId) -> Run<'a> {
    Run {
        id,
        nominal_time: None,
        parent: None,
        root: None,
        error: None,
        extraction_error: None,
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

fn take<'a>(walk: &mut Walk<'a>, run: &mut Run<'a>, facet: Facet, item: Item<'a>) {
    match facet {
        Facet::NominalTime => run.nominal_time = nominal_time(walk, item),
        Facet::Parent => (run.parent, run.root) = parent(walk, item),
        Facet::ErrorMessage => run.error = error(walk, item),
        Facet::ExtractionError => run.extraction_error = extraction_error(walk, item),
        Facet::ProcessingEngine => run.engine = engine(walk, item),
        Facet::ExternalQuery => run.external_query = external_query(walk, item),
        Facet::JobDependencies => run.dependencies = dependencies(walk, item),
        Facet::Tags => run.tags = ownership::tags(walk, item).unwrap_or_default(),
        Facet::Test => run.tests = tests(walk, item).unwrap_or_default(),
        Facet::Actor => run.actor = custody::actor(walk, item),
        Facet::Approval => run.approvals = custody::approvals(walk, item).unwrap_or_default(),
        Facet::Export => run.export = custody::export(walk, item),
        Facet::Deployment => run.deployment = custody::deployment(walk, item),
        Facet::Records => run.records = custody::records(walk, item).unwrap_or_default(),
        _ => walk.pass(item),
    }
}

fn nominal_time<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<NominalTime> {
    let (mut start_ns, mut end_ns) = (None, None);
    each!(walk, item, |value| {
        NominalStartTime => start_ns = walk.time(value),
        NominalEndTime => end_ns = walk.time(value),
    });
    Some(NominalTime { start_ns: start_ns?, end_ns })
}

/// The parent and the root run.
fn parent<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> (Option<Parent<'a>>, Option<Parent<'a>>) {
    let (mut run, mut job, mut root) = (None, None, None);
    each!(walk, item, |value| {
        Run => run = run_named(walk, value),
        Job => job = job_named(walk, value),
        Root => root = parent(walk, value).0,
    });
    (parent_of(run, job), root)
}

fn parent_of<'a>(run: Option<RunId>, job: Option<(&'a str, &'a str)>) -> Option<Parent<'a>> {
    let (namespace, name) = job?;
    Some(Parent { run: run?, namespace, name })
}

fn run_named<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<RunId> {
    let mut id = None;
    each!(walk, item, |value| {
        RunId => id = walk.run_id(value),
    });
    id
}

/// Namespace and name.
fn job_named<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<(&'a str, &'a str)> {
    let (mut namespace, mut name) = (None, None);
    each!(walk, item, |value| {
        Namespace => namespace = walk.string(value),
        Name => name = walk.string(value),
    });
    Some((namespace?, name?))
}

fn error<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<ExecutionError<'a>> {
    let (mut message, mut language) = (None, None);
    each!(walk, item, |value| {
        Message => message = walk.text(value),
        ProgrammingLanguage => language = walk.string(value),
    });
    Some(ExecutionError { message: message?, language })
}

fn extraction_error<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<ExtractionError> {
    let (mut tasks, mut failed) = (None, None);
    each!(walk, item, |value| {
        TotalTasks => tasks = walk.integer(value),
        FailedTasks => failed = walk.integer(value),
    });
    Some(ExtractionError { tasks: tasks?, failed: failed? })
}

fn engine<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Engine<'a>> {
    let (mut name, mut version, mut adapter) = (None, None, None);
    each!(walk, item, |value| {
        Name => name = walk.string(value),
        Version => version = walk.string(value),
        AdapterVersion => adapter = walk.string(value),
    });
    Some(Engine { name, version: version?, adapter })
}

fn external_query<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<ExternalQuery<'a>> {
    let (mut id, mut source) = (None, None);
    each!(walk, item, |value| {
        ExternalQueryId => id = walk.string(value),
        Source => source = walk.string(value),
    });
    Some(ExternalQuery { id: id?, source: source? })
}

fn dependencies<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Vec<Dependency<'a>> {
    let (mut upstream, mut downstream) = (None, None);
    each!(walk, item, |value| {
        Upstream => upstream = walk.list(value, |walk, item| dependency(walk, item, false)),
        Downstream => downstream = walk.list(value, |walk, item| dependency(walk, item, true)),
    });
    let mut dependencies = upstream.unwrap_or_default();
    dependencies.append(&mut downstream.unwrap_or_default());
    dependencies
}

fn dependency<'a>(walk: &mut Walk<'a>, item: Item<'a>, downstream: bool) -> Option<Dependency<'a>> {
    let (mut job, mut run, mut kind) = (None, None, None);
    each!(walk, item, |value| {
        Job => job = job_named(walk, value),
        Run => run = run_named(walk, value),
        DependencyType => kind = walk.string(value),
    });
    let (namespace, name) = job?;
    Some(Dependency { downstream, namespace, name, run, kind })
}

fn tests<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Vec<TestResult<'a>>> {
    let mut tests = None;
    each!(walk, item, |value| {
        Tests => tests = walk.list(value, test),
    });
    tests
}

fn test<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<TestResult<'a>> {
    let (mut name, mut status, mut severity, mut kind) = (None, None, None, None);
    each!(walk, item, |value| {
        Name => name = walk.string(value),
        Status => status = walk.string(value),
        Severity => severity = walk.string(value),
        Type => kind = walk.string(value),
    });
    Some(TestResult { name: name?, status: status?, severity, kind })
}
