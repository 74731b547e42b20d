//! The command line: every command, its flags, their help. Owns the names, which are promises.

mod keys;
mod ledger;
mod lists;
mod snapshot;
#[cfg(test)]
mod tests;
mod witness;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::keys::{Keys, RecoverKeys, Revoke, Rotate, Way};
pub use self::ledger::{
    Archive, ArchiveCommand, Archived, Audit, Checkpoint, Consistency, Fsck, Ledger, Prove, Verify,
};
pub use self::lists::{AlertFilter, Alerts, Dataset, Events, Job, Names, Paging, Rejected, Run};
pub use self::snapshot::{Snapshot, Where};
pub use self::witness::{Witness, WitnessFollow, WitnessServe};

/// Records OpenLineage events once, in a signed ledger; answers what fed what; raises alerts.
#[derive(Debug, Parser)]
#[command(name = "ledgerline", version, propagate_version = true, disable_help_subcommand = true)]
#[command(after_help = "Exit status: 0 yes · 1 the answer is no · 2 usage · 3 could not ask")]
pub struct Arguments {
    /// Server to ask
    #[arg(long, global = true, env = "LEDGERLINE_SERVER", default_value = "http://127.0.0.1:5000", value_name = "URL")]
    pub server: String,
    /// Folder of a stopped deployment on the embedded log: the command works on it in this process
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Tenant to ask about, for tokens that may name one
    #[arg(long, global = true, env = "LEDGERLINE_TENANT", value_name = "NAME")]
    pub tenant: Option<String>,
    /// Bearer token
    #[arg(long, global = true, env = "LEDGERLINE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Form of the answer
    #[arg(short, long, global = true, value_enum, default_value = "table")]
    pub output: Form,
    /// Configuration file
    #[arg(long, global = true, env = "LEDGERLINE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// No colours, as with NO_COLOR; without a terminal there are none anyway
    #[arg(long, global = true)]
    pub no_color: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people; lineage as a tree
    Table,
    /// For people, as a tree where there is one
    Tree,
    /// For scripts; stable
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// A sample pipeline in; its lineage, an alert, a rejection and a checkpoint out
    Demo(Demo),
    /// Run the collector: intake, recorder, publisher, API
    Serve(Serve),
    /// Send events from files or standard input
    Ingest(Ingest),
    /// What fed a node, or what it feeds
    #[command(subcommand)]
    Lineage(Lineage),
    /// Runs
    #[command(subcommand)]
    Run(Run),
    /// Jobs
    #[command(subcommand)]
    Job(Job),
    /// Datasets
    #[command(subcommand)]
    Dataset(Dataset),
    /// Find datasets, jobs and columns by the beginning of their names
    Search {
        /// Beginning of a name, or of a part of it
        text: String,
        /// Only of this kind
        #[arg(long, value_parser = ["dataset", "job", "column"])]
        kind: Option<String>,
        /// How many
        #[command(flatten)]
        page: Paging,
    },
    /// Recorded events
    #[command(subcommand)]
    Events(Events),
    /// Alerts
    #[command(subcommand)]
    Alerts(Alerts),
    /// Events that were refused
    #[command(subcommand)]
    Rejected(Rejected),
    /// The signed record
    #[command(subcommand)]
    Ledger(Ledger),
    /// The record checked where it was archived
    #[command(subcommand)]
    Audit(Audit),
    /// Signed copies of the stores in an object store
    #[command(subcommand)]
    Snapshot(Snapshot),
    /// The Kafka topics
    #[command(subcommand)]
    Topics(Topics),
    /// Keys of ledger, intake and tenants
    #[command(subcommand)]
    Keys(Keys),
    /// What is recorded, lagging or halted
    Status,
    /// Move a stopped deployment from the embedded log to Kafka; the root stays the same
    Migrate {
        /// Its data folder
        #[arg(value_name = "DIR")]
        from: PathBuf,
    },
    /// Begin a new ledger after a real loss of the log; its trees cite the lost ones
    Recover(Recover),
    /// Tell a standby, named by --server, to take over from its primary
    Takeover,
    /// Check configuration, keys, disk, log, topics, server; say what to do
    Doctor,
    /// Print a completion script
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
    /// Write man pages
    Man {
        /// Folder to write to
        folder: PathBuf,
    },
}

/// `recover`
#[derive(Debug, Args)]
pub struct Recover {
    /// Confirm that trees of a new name begin: ledger.name, and deployment.name or data_dir, are the new ledger's
    #[arg(long)]
    pub new_origin: bool,
    /// The lost ledger's deployment.name, on the same cluster; empty where it had none
    #[arg(long, value_name = "NAME", default_value = "")]
    pub lost_deployment: String,
    /// A data folder of the lost ledger: its stores, and its embedded log where it had one; repeatable
    #[arg(long, value_name = "DIR")]
    pub lost_data: Vec<PathBuf>,
    /// A signed checkpoint of the lost ledger that was kept elsewhere; repeatable
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,
}

/// `demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// Exit when it is shown, instead of staying up to be explored
    #[arg(long)]
    pub once: bool,
}

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Print the configuration and where each value came from, then exit
    #[arg(long)]
    pub print_config: bool,
    /// Address to listen on
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Parts to run, all by default; one process of the embedded log runs them all
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ROLE,…")]
    pub roles: Vec<Role>,
    /// Keep the partitions of that node current, and take them over when its seat falls free or `takeover` says so
    #[arg(long, value_name = "NODE", conflicts_with = "leave")]
    pub standby_for: Option<String>,
    /// Give the seat among several processes up on SIGTERM, instead of keeping it for the restart
    #[arg(long)]
    pub leave: bool,
}

/// A part of the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Takes events from the input topics
    Intake,
    /// Records the partitions that fall to it, and publishes
    Recorder,
    /// The same as recorder: the two share a store
    Publisher,
    /// Answers over HTTP, and takes events there
    Api,
}

impl Role {
    /// As the configuration names it.
    pub fn name(self) -> &'static str {
        match self {
            Role::Intake => "intake",
            Role::Recorder => "recorder",
            Role::Publisher => "publisher",
            Role::Api => "api",
        }
    }
}

/// `ingest`
#[derive(Debug, Args)]
pub struct Ingest {
    /// JSON events: one, an array, or one a line, plain or gzip; a folder stands for its files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Mark the events as history: they make facts, and fire no rule about time
    #[arg(long)]
    pub backfill: bool,
    /// Go on where an earlier call with this flag was interrupted, and remember how far this one comes
    #[arg(long)]
    pub resume: bool,
    /// Where to remember it; with --data a file in that folder
    #[arg(long, value_name = "FILE", requires = "resume")]
    pub state: Option<PathBuf>,
}

/// `lineage`
#[derive(Debug, Subcommand)]
pub enum Lineage {
    /// What fed it
    Upstream(Walk),
    /// What it feeds
    Downstream(Walk),
}

/// A walk through the graph.
#[derive(Debug, Args)]
pub struct Walk {
    /// dataset:NAMESPACE:NAME, job:NAMESPACE:NAME, run:UUID or column:NAMESPACE:NAME:FIELD
    pub node: String,
    /// Dataset hops at most
    #[arg(long, value_name = "N")]
    pub depth: Option<u32>,
    /// Of a dataset: each of its columns
    #[arg(long)]
    pub columns: bool,
    /// Historical edges too
    #[arg(long)]
    pub ever: bool,
}

/// `topics`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Topics {
    /// Make the topics that are missing and begin the ledger on them
    Create,
    /// Compare the topics with what they must be
    Check,
}
