//! `run|job|dataset show|list`.

use server::http::model::{Dataset, DatasetSummary, Job, JobSummary, Page, Run, RunSummary};

use super::{known, listing, more, now_ns};
use crate::api::{Api, escape};
use crate::arguments::{self, Arguments};
use crate::failure::Failure;
use crate::output;
use crate::render::show;
use crate::render::table::table;
use crate::render::time::when;

pub fn runs(arguments: &Arguments, command: &arguments::Run) -> Result<(), Failure> {
    let api = Api::new(arguments)?;
    match command {
        arguments::Run::Show { run } => {
            let id = run.strip_prefix("run:").unwrap_or(run);
            let run: Run = api.get(&format!("/v1/runs/{}", escape(id)), &[])?;
            output::answer(arguments.output, &run, show::run)
        }
        arguments::Run::List { job, state: wanted, since, page } => {
            let since = since.map(|time| time.to_string());
            let query = listing(&[("job", job.clone()), ("state", wanted.clone()), ("since", since)], page);
            let runs: Page<RunSummary> = api.get("/v1/runs", &query)?;
            output::answer(arguments.output, &runs, |runs| {
                let row = |run: &RunSummary| {
                    vec![
                        run.run_id.clone(),
                        show::state(run.state),
                        format!("{}  ({})", run.job.name, run.job.namespace),
                        when(run.last_event_at, now_ns()),
                    ]
                };
                table(
                    &["run", "state", "job", "last event"],
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
            let job: Job = known(api.get("/v1/job", &[("node", node.clone())]))?;
            output::answer(arguments.output, &job, |job| show::job(job, now_ns()))
        }
        arguments::Job::List(names) => {
            let jobs: Page<JobSummary> = api.get("/v1/jobs", &by_name(names))?;
            output::answer(arguments.output, &jobs, |jobs| {
                let last =
                    |job: &JobSummary| job.last_run.as_ref().map(|run| show::state(run.state)).unwrap_or_default();
                let row = |job: &JobSummary| {
                    vec![
                        job.node.name.clone(),
                        job.node.namespace.clone(),
                        last(job),
                        job.runs.to_string(),
                        when(job.last_event_at, now_ns()),
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
            let dataset: Dataset = known(api.get("/v1/dataset", &[("node", node.clone())]))?;
            output::answer(arguments.output, &dataset, |dataset| show::dataset(dataset, now_ns()))
        }
        arguments::Dataset::List(names) => {
            let datasets: Page<DatasetSummary> = api.get("/v1/datasets", &by_name(names))?;
            output::answer(arguments.output, &datasets, |datasets| {
                let written = |dataset: &DatasetSummary| {
                    dataset.last_write_at.map_or("never".to_owned(), |time| when(time, now_ns()))
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
