//! What became of the records of one batch: the named outcomes, counted.

/// Counts of one commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Records applied, of every kind.
    pub records: u64,
    /// Events that are leaves now.
    pub recorded: u64,
    /// Events that were leaves before.
    pub duplicates: u64,
    /// Control records that took effect.
    pub controls: u64,
    /// Control records that did not.
    pub controls_refused: u64,
    /// Records without our magic.
    pub foreign: u64,
    /// Records with our magic that are not to be trusted.
    pub refused: u64,
    /// Trusted records that can't be applied.
    pub unappliable: u64,
    /// Events that intake refused.
    pub rejected: u64,
    /// Events whose facts could not be folded.
    pub faults: u64,
    /// Alert messages put into the outbox.
    pub alerts: u64,
    /// Whether the outbox has rows for the publisher.
    pub outbox: bool,
    /// The partition's next offset, after it.
    pub next_offset: u64,
    /// The time of the log, after it, ns UTC.
    pub time_ns: i64,
}
