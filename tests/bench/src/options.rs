//! What to run, from the command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Measures ledgerline beside the least that could do its job.
#[derive(Clone, Debug, Parser)]
#[command(name = "ledgerline-bench")]
pub struct Options {
    /// What to measure; everything when nothing is named.
    pub subjects: Vec<Subject>,
    /// A few seconds for each subject instead of minutes: shows that it runs, not how fast.
    #[arg(long)]
    pub quick: bool,
    /// Seed of the event mix.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Events of the memory run.
    #[arg(long)]
    pub memory_events: Option<usize>,
    /// Events of the ledger that is started again.
    #[arg(long)]
    pub restart_events: Option<usize>,
    /// Where to write the rows.
    #[arg(long, default_value = "bench.json")]
    pub out: PathBuf,
    /// A part of a measurement, in a process of its own.
    #[arg(long, hide = true)]
    pub child: Option<Child>,
    /// Events for the child.
    #[arg(long, hide = true, default_value_t = 0)]
    pub events: usize,
}

/// A subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// Cost of deciding an event.
    Validate,
    /// Both hops on the embedded log.
    Ingest,
    /// Instructions an event, by stage.
    Instructions,
    /// From event to committed alert.
    Alert,
    /// Memory after many events.
    Memory,
    /// Bytes on disk.
    Disk,
    /// Snapshots and restores.
    Snapshot,
    /// From `kill -9` to serving.
    Restart,
    /// Two processes, and a standby that takes over.
    Scale,
    /// What the ledger costs, its proofs, and reading it anew.
    Ledger,
}

/// A measurement that needs a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Child {
    /// Decide and seal.
    Prepare,
    /// Decide, seal, and record.
    Record,
    /// Run everything and tell the memory.
    Memory,
    /// Print events of the mix, one a line.
    Mix,
}

impl Options {
    /// One of two sizes.
    pub fn pick<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    /// Whether a subject is to run.
    pub fn wants(&self, subject: Subject) -> bool {
        self.subjects.is_empty() || self.subjects.contains(&subject)
    }
}
