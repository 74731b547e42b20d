//! `integrity.*`: how a server at work checks its own ledgers.

use super::keys::Keys;

/// `integrity.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integrity {
    /// `integrity.interval_ms`: between two looks, each at one tile of 256 leaves and what lies behind them; 0: none.
    pub interval_ms: u64,
    /// `integrity.period_ms`: the whole of every ledger is read once in this time, evenly; looks come closer where that asks for
    /// it, up to fifty a second.
    pub period_ms: u64,
}

impl Integrity {
    pub(super) fn read(keys: &mut Keys) -> Self {
        let interval_ms = keys.taken("integrity.interval_ms", 1_000, |ms: &u64| match *ms {
            0 | 20..=3_600_000 => Ok(()),
            _ => Err("must be 0, or lie between 20 and 3600000".to_owned()),
        });
        Self { interval_ms, period_ms: keys.bounded("integrity.period_ms", 86_400_000, 1_000..=31_536_000_000) }
    }
}
