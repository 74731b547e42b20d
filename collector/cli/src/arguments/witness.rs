//! `ledger witness …`: flags of the commands that stand outside of a ledger and watch it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `ledger witness`
#[derive(Debug, Subcommand)]
pub enum Witness {
    /// Cosign the checkpoints of logs, each only if it goes on from what was cosigned before (C2SP tlog-witness)
    Serve(WitnessServe),
    /// Look at a log's checkpoint, keep the newest that proves itself, and report a rollback or a fork
    Follow(WitnessFollow),
}

/// `ledger witness serve`
#[derive(Debug, Args)]
pub struct WitnessServe {
    /// Verifier key of a log to witness, its text or a file that holds it: its name is the log's origin; repeatable
    #[arg(long, required = true, value_name = "KEY")]
    pub log: Vec<String>,
    /// Folder of its key and of what it has cosigned; one process at a time
    #[arg(long, value_name = "DIR")]
    pub state: PathBuf,
    /// Its name, needed at the first start, which makes its key: an URL without the scheme, such as witness.example.org/1
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:5010", value_name = "HOST:PORT")]
    pub listen: SocketAddr,
}

/// `ledger witness follow`
#[derive(Debug, Args)]
pub struct WitnessFollow {
    /// Prefix of the log, before /checkpoint: http(s)://…, file:///PATH, or a folder
    #[arg(value_name = "URL")]
    pub log: String,
    /// Verifier key of the log, its text or a file that holds it; repeatable, for a log that changes its key
    #[arg(long, required = true, value_name = "KEY")]
    pub key: Vec<String>,
    /// Folder of the newest checkpoint and of evidence; one process at a time for each log
    #[arg(long, value_name = "DIR")]
    pub state: PathBuf,
    /// Look once, and end
    #[arg(long)]
    pub once: bool,
    /// Seconds between two looks
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=604_800), conflicts_with = "once", value_name = "S")]
    pub interval: u64,
}
