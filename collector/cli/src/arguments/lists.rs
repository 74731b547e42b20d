//! The commands that list and show, with their filters.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use server::http::model::Time;

use crate::since;

/// `run`
#[derive(Debug, Subcommand)]
pub enum Run {
    /// What is known of one run
    Show {
        /// The run's UUID
        run: String,
    },
    /// Runs, the newest first
    List {
        /// Only this job's: a name, or job:NAMESPACE:NAME
        #[arg(long, value_name = "NODE")]
        job: Option<String>,
        /// Only in this state
        #[arg(long, value_parser = ["unknown", "started", "running", "completed", "failed", "aborted"])]
        state: Option<String>,
        /// Only those heard of since: a time, a day, or a span back from now (2h, 7d)
        #[arg(long, value_parser = since::parse, value_name = "TIME")]
        since: Option<Time>,
        /// How many
        #[command(flatten)]
        page: Paging,
    },
}

/// `job`
#[derive(Debug, Subcommand)]
pub enum Job {
    /// What is known of one job
    Show {
        /// Its name, or job:NAMESPACE:NAME
        node: String,
    },
    /// Jobs by name
    List(Names),
}

/// `dataset`
#[derive(Debug, Subcommand)]
pub enum Dataset {
    /// What is known of one dataset
    Show {
        /// Its name, or dataset:NAMESPACE:NAME
        node: String,
    },
    /// Datasets by name
    List(Names),
}

/// A list of names.
#[derive(Debug, Args)]
pub struct Names {
    /// Only of this namespace
    #[arg(long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// Only names that begin so
    #[arg(long, value_name = "TEXT")]
    pub prefix: Option<String>,
    /// How many
    #[command(flatten)]
    pub page: Paging,
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
        /// Only this job's: job:NAMESPACE:NAME
        #[arg(long, value_name = "NODE")]
        job: Option<String>,
        /// Only this run's
        #[arg(long, value_name = "UUID")]
        run: Option<String>,
        /// Only leaves of this kind: event, control, rejections, …
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// Go on printing as they come
        #[arg(short, long)]
        follow: bool,
    },
    /// One leaf
    Show {
        /// Leaf index or event id
        key: String,
        /// The event as it was received, and nothing else
        #[arg(long)]
        body: bool,
    },
}

/// `alerts`
#[derive(Debug, Subcommand)]
pub enum Alerts {
    /// Alerts as they stand, the newest first
    List(AlertFilter),
    /// One alert: what it rests on, whom it concerns, what to do
    Show {
        /// Its id, or the beginning of it as `list` prints it
        alert: String,
    },
    /// Print alert messages as they come
    Watch(AlertFilter),
    /// Send a test alert through the whole path
    Test {
        /// What it says
        #[arg(default_value = "A test alert: nothing is wrong.")]
        message: String,
    },
}

/// Which alerts.
#[derive(Debug, Args)]
pub struct AlertFilter {
    /// Only in this state
    #[arg(long, value_parser = ["firing", "updated", "resolved"])]
    pub state: Option<String>,
    /// Only this bad, or worse
    #[arg(long, value_parser = ["info", "warning", "critical"])]
    pub severity: Option<String>,
    /// Only of this rule
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// Only those that began since: a time, a day, or a span back from now (2h, 7d)
    #[arg(long, value_parser = since::parse, value_name = "TIME")]
    pub since: Option<Time>,
    /// How many
    #[command(flatten)]
    pub page: Paging,
}

/// `rejected`
#[derive(Debug, Subcommand)]
pub enum Rejected {
    /// Refused events, the newest first
    List {
        /// Only with this code
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
        /// Only from this source: a topic, http or file
        #[arg(long, value_name = "SOURCE")]
        source: Option<String>,
        /// Only those received since: a time, a day, or a span back from now (2h, 7d)
        #[arg(long, value_parser = since::parse, value_name = "TIME")]
        since: Option<Time>,
        /// How many
        #[command(flatten)]
        page: Paging,
    },
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
