//! `run|job|dataset show|list`.

use server::http::model::{Dataset, DatasetSummary, Job, JobSummary, Node, Page, Run, RunState, RunSummary};

use super::{listing, more, now_ns};
use crate::api::{Api, escape};
use crate::arguments::{self, Arguments};
use crate::failure::Failure;
use crate::output::{self, BAD, DOUBTFUL, GOOD, painted};
use crate::render::table::{pairs, table};
use crate::render::time::{ago, short};
use crate::render::tree::label;

pub fn runs(arguments: &Arguments, command: &arguments::Run) -> Result<(), Failure> {
    let api = Api::new(arguments)?;
    match command {
        arguments::Run::Show { run } => {
            let id = run.strip_prefix("run:").unwrap_or(run);
            let run: Run = api.get(&format!("/v1/runs/{}", escape(id)), &[])?;
            output::answer(arguments.output, &run, run_text)
        }
        arguments::Run::List { job, state: wanted, since, page } => {
            let since = since.map(|time| time.to_string());
            let query = listing(&[("job", job.clone()), ("state", wanted.clone()), ("since", since)], page);
            let runs: Page<RunSummary> = api.get("/v1/runs", &query)?;
            output::answer(arguments.output, &runs, |runs| {
                let row = |run: &RunSummary| {
                    vec![
                        run.run_id.clone(),
                        state(run.state),
                        label(&run.job),
                        ago(run.last_event_at, now_ns()),
                        run.events.to_string(),
                    ]
                };
                table(
                    &["run", "state", "job", "last event", "events"],
                    runs.items.iter().map(row).collect(),
                    "No run is recorded yet.",
                )
            })?;
            more(&runs);
            Ok(())
        }
    }
}

pub fn jobs(arguments: &Arguments, command: &arguments::Job) -> Result<(), Failure> {
    let api = Api::new(arguments)?;
    match command {
        arguments::Job::Show { node } => {
            let job: Job = api.get("/v1/job", &[("node", prefixed("job", node))])?;
            output::answer(arguments.output, &job, job_text)
        }
        arguments::Job::List(names) => {
            let jobs: Page<JobSummary> = api.get("/v1/jobs", &by_name(names))?;
            output::answer(arguments.output, &jobs, |jobs| {
                let last = |job: &JobSummary| job.last_run.as_ref().map(|run| state(run.state)).unwrap_or_default();
                let row = |job: &JobSummary| {
                    vec![
                        job.node.name.clone(),
                        job.node.namespace.clone(),
                        last(job),
                        job.runs.to_string(),
                        ago(job.last_event_at, now_ns()),
                    ]
                };
                table(
                    &["job", "namespace", "last run", "runs", "last event"],
                    jobs.items.iter().map(row).collect(),
                    "No job is known yet.",
                )
            })?;
            more(&jobs);
            Ok(())
        }
    }
}

pub fn datasets(arguments: &Arguments, command: &arguments::Dataset) -> Result<(), Failure> {
    let api = Api::new(arguments)?;
    match command {
        arguments::Dataset::Show { node } => {
            let dataset: Dataset = api.get("/v1/dataset", &[("node", prefixed("dataset", node))])?;
            output::answer(arguments.output, &dataset, dataset_text)
        }
        arguments::Dataset::List(names) => {
            let datasets: Page<DatasetSummary> = api.get("/v1/datasets", &by_name(names))?;
            output::answer(arguments.output, &datasets, |datasets| {
                let written = |dataset: &DatasetSummary| {
                    dataset.last_write_at.map_or("never".to_owned(), |time| ago(time, now_ns()))
                };
                let row = |dataset: &DatasetSummary| {
                    vec![dataset.node.name.clone(), dataset.node.namespace.clone(), written(dataset)]
                };
                table(
                    &["dataset", "namespace", "last written"],
                    datasets.items.iter().map(row).collect(),
                    "No dataset is known yet.",
                )
            })?;
            more(&datasets);
            Ok(())
        }
    }
}

fn by_name(names: &arguments::Names) -> Vec<(&'static str, String)> {
    listing(&[("namespace", names.namespace.clone()), ("prefix", names.prefix.clone())], &names.page)
}

fn prefixed(kind: &str, node: &str) -> String {
    if node.starts_with(&format!("{kind}:")) { node.to_owned() } else { format!("{kind}:{node}") }
}

fn state(state: RunState) -> String {
    match state {
        RunState::Placeholder => "never heard of".to_owned(),
        RunState::Unknown => "unknown".to_owned(),
        RunState::Started => painted("started", DOUBTFUL),
        RunState::Running => painted("running", DOUBTFUL),
        RunState::Completed => painted("completed", GOOD),
        RunState::Failed => painted("failed", BAD),
        RunState::Aborted => painted("aborted", DOUBTFUL),
    }
}

fn nodes<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> String {
    nodes.into_iter().map(label).collect::<Vec<_>>().join("\n")
}

fn run_text(run: &Run) -> String {
    let summary = &run.summary;
    let leaves: Vec<String> = run.leaves.iter().map(u64::to_string).collect();
    let findings: Vec<String> =
        run.findings.iter().map(|finding| format!("{} {} at {}", finding.grade, finding.code, finding.path)).collect();
    pairs(&[
        ("run", summary.run_id.clone()),
        ("job", label(&summary.job)),
        ("state", state(summary.state)),
        ("error", run.error.clone().unwrap_or_default()),
        ("started", summary.started_at.map(short).unwrap_or_default()),
        ("ended", summary.ended_at.map(short).unwrap_or_default()),
        ("parent", summary.parent_run_id.clone().unwrap_or_default()),
        ("children", run.children.join("\n")),
        ("inputs", nodes(run.inputs.iter().map(|dataset| &dataset.node))),
        ("outputs", nodes(run.outputs.iter().map(|dataset| &dataset.node))),
        ("facets", run.facets.keys().cloned().collect::<Vec<_>>().join(", ")),
        ("findings", findings.join("\n")),
        ("leaves", leaves.join(", ")),
    ])
}

fn job_text(job: &Job) -> String {
    let runs: Vec<String> = job
        .latest_runs
        .iter()
        .map(|run| format!("{}  {}  {}", run.run_id, state(run.state), short(run.last_event_at)))
        .collect();
    pairs(&[
        ("job", label(&job.summary.node)),
        ("runs", job.summary.runs.to_string()),
        ("last event", ago(job.summary.last_event_at, now_ns())),
        ("reads", nodes(&job.inputs)),
        ("writes", nodes(&job.outputs)),
        ("facets", job.facets.keys().cloned().collect::<Vec<_>>().join(", ")),
        ("latest runs", runs.join("\n")),
    ])
}

fn dataset_text(dataset: &Dataset) -> String {
    let column = |column: &server::http::model::Column| {
        format!("{}  {}", column.name, column.kind.as_deref().unwrap_or_default())
    };
    pairs(&[
        ("dataset", label(&dataset.summary.node)),
        ("last written", dataset.summary.last_write_at.map_or("never".to_owned(), |time| ago(time, now_ns()))),
        ("last event", ago(dataset.summary.last_event_at, now_ns())),
        ("written by", nodes(&dataset.written_by)),
        ("read by", nodes(&dataset.read_by)),
        ("aliases", nodes(&dataset.aliases)),
        ("columns", dataset.columns.iter().map(column).collect::<Vec<_>>().join("\n")),
        ("facets", dataset.facets.keys().cloned().collect::<Vec<_>>().join(", ")),
    ])
}
