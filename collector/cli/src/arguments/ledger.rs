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
    /// Keep the tree in an object store, where it is checked without a server
    Archive(Archive),
    /// Read a stopped deployment's ledger anew, leaf by leaf, and name the first thing wrong; with --data
    Fsck(Fsck),
}

/// `ledger fsck`
#[derive(Debug, Args)]
pub struct Fsck {
    /// Threads
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: u8,
}

/// `ledger archive`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Archive {
    /// Folder or s3://BUCKET/PREFIX to keep it in; nothing in it but the newest checkpoint is ever replaced
    #[arg(long, required = true, value_name = "URL")]
    pub to: Option<String>,
    /// Archive what there is and end, instead of going on until a signal
    #[arg(long)]
    pub once: bool,
    /// Seconds between two looks at the tree
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub interval: u64,
    /// Seconds between two archived checkpoints with their partial tiles; full tiles are archived as they complete
    #[arg(long, value_name = "S", default_value_t = 3_600, value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub partial_interval: u64,
    /// Verifier key to check the tree with, instead of those that the server names; repeatable
    #[arg(long, value_name = "KEY")]
    pub key: Vec<String>,
    /// What else is done with an archive
    #[command(subcommand)]
    pub command: Option<ArchiveCommand>,
}

/// `ledger archive …`
#[derive(Debug, Subcommand)]
pub enum ArchiveCommand {
    /// Make a plain tlog-tiles folder of an archive, for tools that know nothing of archives
    Checkout {
        /// Folder to write to
        to: PathBuf,
        /// Where the archive is
        #[command(flatten)]
        from: Archived,
    },
}

/// An archive to read.
#[derive(Debug, Args)]
pub struct Archived {
    /// Folder or s3://BUCKET/PREFIX that it is in
    #[arg(long, value_name = "URL")]
    pub from: String,
    /// Only this tree: LEDGER/TENANT; needed where several are archived
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Option<String>,
    /// Verifier key that you trust: its text, or a file that holds it; repeatable
    #[arg(long, env = "LEDGERLINE_VERIFIER_KEY", required = true, value_name = "KEY")]
    pub key: Vec<String>,
}

/// `audit`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check an archive on any machine: every leaf against its body, every root from the leaves, every signed checkpoint
    Recompute {
        /// Folder or s3://BUCKET/PREFIX that it is in
        archive: String,
        /// Only this tree: LEDGER/TENANT; all that are archived when absent
        #[arg(long, value_name = "ORIGIN")]
        origin: Option<String>,
        /// Verifier key that you trust: its text, or a file that holds it; repeatable
        #[arg(long, env = "LEDGERLINE_VERIFIER_KEY", required = true, value_name = "KEY")]
        key: Vec<String>,
    },
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
