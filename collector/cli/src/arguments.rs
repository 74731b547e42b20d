//! The command line: every command, its flags, their help. Owns the names, which are promises.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Records OpenLineage events once, in a signed ledger; answers what fed what; raises alerts.
#[derive(Debug, Parser)]
#[command(name = "ledgerline", version, propagate_version = true, disable_help_subcommand = true)]
#[command(after_help = "Exit status: 0 yes · 1 the answer is no · 2 usage · 3 could not ask")]
pub struct Arguments {
    /// Server to ask
    #[arg(long, global = true, env = "LEDGERLINE_SERVER", default_value = "http://127.0.0.1:5000", value_name = "URL")]
    pub server: String,
    /// Folder of an offline store: the command runs on it in this process
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
    Run(Listed),
    /// Jobs
    #[command(subcommand)]
    Job(Listed),
    /// Datasets
    #[command(subcommand)]
    Dataset(Listed),
    /// Find datasets, jobs and columns by the beginning of their names
    Search {
        /// Beginning of a name
        text: String,
        /// How many at most
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
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
    /// The Kafka topics
    #[command(subcommand)]
    Topics(Topics),
    /// Keys of ledger, intake and tenants
    #[command(subcommand)]
    Keys(Keys),
    /// What is recorded, lagging or halted
    Status,
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
}

/// `ingest`
#[derive(Debug, Args)]
pub struct Ingest {
    /// Files of JSON events: one event, an array, or one event a line; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Mark the events as history: they make facts, and fire no rule about time
    #[arg(long)]
    pub backfill: bool,
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
    /// Down to the columns
    #[arg(long)]
    pub columns: bool,
    /// Historical edges too
    #[arg(long)]
    pub ever: bool,
}

/// `run`, `job`, `dataset`
#[derive(Debug, Subcommand)]
pub enum Listed {
    /// What is known of one
    Show {
        /// A run's UUID, or a node
        node: String,
    },
    /// All of them
    List(Paging),
}

/// A list.
#[derive(Debug, Args)]
pub struct Paging {
    /// How many at most
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// Go on after the page that printed this
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
}

/// `events`
#[derive(Debug, Subcommand)]
pub enum Events {
    /// The newest leaves
    Tail {
        /// How many
        #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
        limit: u32,
        /// Go on printing as they come
        #[arg(short, long)]
        follow: bool,
    },
    /// One leaf
    Show {
        /// Leaf index or event id
        key: String,
    },
}

/// `alerts`
#[derive(Debug, Subcommand)]
pub enum Alerts {
    /// Alerts, the newest first
    List(Paging),
    /// Print alerts as they come
    Watch,
    /// Send a test alert through the whole path
    Test {
        /// What it says
        #[arg(default_value = "A test alert: nothing is wrong.")]
        message: String,
    },
}

/// `rejected`
#[derive(Debug, Subcommand)]
pub enum Rejected {
    /// Refused events, the newest first
    List(Paging),
    /// One refused event
    Show {
        /// Its key, as `list` prints it
        key: String,
    },
    /// Send a refused event again, as it was or from a corrected file
    Replay {
        /// Its key, as `list` prints it
        key: String,
        /// The corrected event
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// `ledger`
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// The newest published checkpoint, signed
    Checkpoint,
}

/// `topics`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Topics {
    /// Make the topics that are missing and begin the ledger on them
    Create,
    /// Compare the topics with what they must be
    Check,
}

/// `keys`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Keys {
    /// Make the keys that are missing
    Init,
    /// Make the keys of newly configured tenants and enrol them in the log
    Enrol,
}
