//! `snapshot …`: flags of the commands about copies of stores.

use clap::{Args, Subcommand};

/// `snapshot`
#[derive(Debug, Subcommand)]
pub enum Snapshot {
    /// Make a snapshot of each partition of the server, or of the folder
    Create,
    /// Snapshots that are there, the newest last
    List(Where),
    /// Read snapshots back: signature, and every byte; the newest of each partition
    Verify {
        /// This one: INCARNATION/PARTITION/OFFSET, as `list` prints it
        snapshot: Option<String>,
        /// All that are there
        #[arg(long, conflicts_with = "snapshot")]
        all: bool,
        /// Where they are
        #[command(flatten)]
        place: Where,
    },
    /// Make missing stores from snapshots: of each partition the newest that verifies
    Restore {
        /// This one: INCARNATION/PARTITION/OFFSET, as `list` prints it
        snapshot: Option<String>,
        /// Where they are
        #[command(flatten)]
        place: Where,
    },
}

/// Where snapshots are, and whose count.
#[derive(Debug, Args)]
pub struct Where {
    /// Folder or s3://BUCKET/PREFIX, instead of snapshots.url; asks no server
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Only of this partition
    #[arg(long, value_name = "N")]
    pub partition: Option<u32>,
    /// Key to check signatures with, instead of the deployment's: its text, or a file that holds it
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}
