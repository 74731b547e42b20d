//! `ledger …`: flags of the commands about the signed record.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Witness;

/// `ledger`
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// The newest published checkpoint, its signature checked
    Checkpoint(Checkpoint),
    /// Write a file that proves an event, a leaf, a run, a dataset, an edge or an alert
    Prove(Prove),
    /// Check proof files, from the files and a key alone: nobody is asked
    Verify(Verify),
    /// Write a file that links two checkpoints: the newer tree goes on from the older one
    Consistency(Consistency),
    /// Watch a ledger from outside
    #[command(subcommand)]
    Witness(Witness),
}

/// `ledger checkpoint`
#[derive(Debug, Args)]
pub struct Checkpoint {
    /// Key to check it with, instead of the one that the server names: its text, or a file that holds it
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Compare it with the newest that this file remembers of the tree, and remember it; made where it is missing
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

/// `ledger prove`
#[derive(Debug, Args)]
pub struct Prove {
    /// Event id, leaf index, run:UUID, dataset:NAMESPACE:NAME, alert:ID, "NODE -> NODE" for an edge, or keys
    pub subject: String,
    /// Where to write it; `-` is standard output; named for the subject when absent
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Without openings and bodies: it proves that the leaves are there, and shows nothing of what they commit to
    #[arg(long)]
    pub no_bodies: bool,
}

/// `ledger verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// Proof files, consistency files, checkpoints, or .tlog-proof files with --leaf
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Verifier key that you trust: its text, or a file that holds it; repeatable
    #[arg(long, env = "LEDGERLINE_VERIFIER_KEY", required = true, value_name = "KEY")]
    pub key: Vec<String>,
    /// Key of a witness that you trust, to see since when the leaves have been there; repeatable
    #[arg(long, value_name = "KEY")]
    pub witness: Vec<String>,
    /// Note that revokes a key, signed by a root key that is one of the keys given; repeatable
    #[arg(long, value_name = "FILE")]
    pub revoked: Vec<PathBuf>,
    /// Checkpoint or consistency file, kept elsewhere, that the checked ones must belong together with; repeatable
    #[arg(long, value_name = "FILE")]
    pub anchor: Vec<PathBuf>,
    /// Compare with the newest checkpoint that this file remembers of each tree, and remember newer ones; made where it is missing
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// The bytes of the leaf that a .tlog-proof is about
    #[arg(long, value_name = "FILE")]
    pub leaf: Option<PathBuf>,
}

/// `ledger consistency`
#[derive(Debug, Args)]
pub struct Consistency {
    /// The older checkpoint: a file that holds it, or its size
    pub old: String,
    /// The newer one: a file that holds it; the newest published one when absent
    pub new: Option<PathBuf>,
    /// Where to write it; `-` is standard output; named for the sizes when absent
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}
