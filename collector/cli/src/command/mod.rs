//! The commands, one file each. Each asks, prints its answer, and says how it failed; none keeps anything.

mod alerts;
mod audit;
mod demo;
mod doctor;
mod events;
mod generate;
mod ingest;
mod keys;
mod ledger;
mod lineage;
mod migrate;
mod nodes;
mod recover;
mod rejected;
mod search;
mod serve;
mod snapshot;
mod status;
mod takeover;
mod topics;
mod witness;

use std::sync::Arc;

use server::clock::SystemClock;
use server::http::model::Page;
use server::random::SystemRandom;
use server::serve::Host;

use crate::arguments::{Arguments, Command, Paging};
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
        Command::Search { text, kind, page } => search::run(arguments, text, kind.as_ref(), page),
        Command::Events(events) => events::run(arguments, events),
        Command::Alerts(alerts) => alerts::run(arguments, alerts),
        Command::Rejected(rejected) => rejected::run(arguments, rejected),
        Command::Ledger(ledger) => ledger::run(arguments, ledger),
        Command::Audit(audit) => audit::run(arguments, audit),
        Command::Snapshot(snapshot) => snapshot::run(arguments, snapshot),
        Command::Topics(topics) => topics::run(arguments, *topics),
        Command::Keys(keys) => keys::run(arguments, keys),
        Command::Status => status::run(arguments),
        Command::Migrate { from } => migrate::run(arguments, from),
        Command::Recover(recover) => recover::run(arguments, recover),
        Command::Takeover => takeover::run(arguments),
        Command::Doctor => doctor::run(arguments),
        Command::Completions { shell } => generate::completions(*shell),
        Command::Man { folder } => generate::man(folder),
    }
}

/// The clocks and the randomness of this machine.
pub fn host() -> Host {
    Host { clock: Arc::new(SystemClock::new()), random: Arc::new(SystemRandom) }
}

/// Now, for "how long ago"; never part of an answer.
fn now_ns() -> i64 {
    use server::clock::Clock as _;
    SystemClock::new().now_ns()
}

/// The query of a list: its filters that were given, then its paging.
fn listing(filters: &[(&'static str, Option<String>)], paging: &Paging) -> Vec<(&'static str, String)> {
    let given = filters.iter().filter_map(|(name, value)| Some((*name, value.clone()?)));
    let limit = paging.limit.map(|limit| ("limit", limit.to_string()));
    let cursor = paging.cursor.clone().map(|cursor| ("cursor", cursor));
    given.chain(limit).chain(cursor).collect()
}

/// An answer about a node; of one that is not known, with the way to find what is.
fn known<T>(answer: Result<T, Failure>) -> Result<T, Failure> {
    answer.map_err(|failure| match failure {
        Failure::No(what) => Failure::No(format!("{what}; `ledgerline search TEXT` finds names that begin so")),
        failure => failure,
    })
}

/// Says on standard error that there is more, and how to see it.
fn more<T>(page: &Page<T>) {
    if let Some(next) = &page.next {
        eprintln!("more: --cursor {next}");
    }
    if page.truncated {
        eprintln!("older ones are in the topic only: this list does not hold them");
    }
}
