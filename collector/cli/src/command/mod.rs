//! The commands, one file each. Each asks, prints its answer, and says how it failed; none keeps anything.

mod alerts;
mod demo;
mod doctor;
mod events;
mod generate;
mod ingest;
mod keys;
mod ledger;
mod lineage;
mod nodes;
mod rejected;
mod search;
mod serve;
mod status;
mod topics;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;

/// Runs the command that was given.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Demo(demo) => demo::run(arguments, demo),
        Command::Serve(serve) => serve::run(arguments, serve),
        Command::Ingest(ingest) => ingest::run(arguments, ingest),
        Command::Lineage(lineage) => lineage::run(arguments, lineage),
        Command::Run(run) => nodes::runs(arguments, run),
        Command::Job(job) => nodes::jobs(arguments, job),
        Command::Dataset(dataset) => nodes::datasets(arguments, dataset),
        Command::Search { text, limit } => search::run(arguments, text, *limit),
        Command::Events(events) => events::run(arguments, events),
        Command::Alerts(alerts) => alerts::run(arguments, alerts),
        Command::Rejected(rejected) => rejected::run(arguments, rejected),
        Command::Ledger(ledger) => ledger::run(arguments, ledger),
        Command::Topics(topics) => topics::run(arguments, *topics),
        Command::Keys(keys) => keys::run(arguments, *keys),
        Command::Status => status::run(arguments),
        Command::Doctor => doctor::run(arguments),
        Command::Completions { shell } => generate::completions(*shell),
        Command::Man { folder } => generate::man(folder),
    }
}

/// Now, for "how long ago"; never part of an answer.
fn now_ns() -> i64 {
    use server::clock::Clock as _;
    server::clock::SystemClock::new().now_ns()
}

/// The query of a list.
fn paging(paging: &crate::arguments::Paging) -> Vec<(&'static str, String)> {
    let limit = paging.limit.map(|limit| ("limit", limit.to_string()));
    let cursor = paging.cursor.clone().map(|cursor| ("cursor", cursor));
    limit.into_iter().chain(cursor).collect()
}

/// Says on standard error that there is more, and how to see it.
fn more(next: Option<&String>) {
    if let Some(next) = next {
        eprintln!("more: --cursor {next}");
    }
}
