//! A row of the fault table: how often it is tried, and the line that says what came of it (`docs/reliability.md`).

use anyhow::{Result, ensure};

/// How often a fault is tried: `LEDGERLINE_FAULT_ROUNDS`, or the short slice of `make test`.
///
/// # Panics
/// When the variable is no number.
pub fn rounds(short: u64) -> u64 {
    match std::env::var("LEDGERLINE_FAULT_ROUNDS") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("LEDGERLINE_FAULT_ROUNDS={text:?} is no number")),
        Err(_) => short,
    }
}

/// What came of a row on one log.
#[derive(Clone, Debug, Default)]
pub struct Fault {
    /// Number in the fault table.
    pub row: u32,
    /// `embedded` or `kafka`.
    pub log: &'static str,
    /// How often the fault struck.
    pub rounds: u64,
    /// Distinct events that were recorded meanwhile.
    pub events: u64,
    /// What must not have happened, each in a sentence.
    pub violations: Vec<String>,
}

impl Fault {
    /// Prints the row's line.
    ///
    /// # Errors
    /// When there were violations; they are named.
    pub fn told(self) -> Result<()> {
        let Fault { row, log, rounds, events, violations } = self;
        println!("FAULTS row={row} log={log} rounds={rounds} events={events} violations={}", violations.len());
        let shown = violations.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
        ensure!(violations.is_empty(), "row {row} on the {log} log, {} violations:\n{shown}", violations.len());
        Ok(())
    }
}
