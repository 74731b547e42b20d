//! `publisher.*`: how alerts, checkpoints and watermarks leave the process.

use super::keys::Keys;

/// `publisher.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// `publisher.batch_rows_max`: outbox rows in one transaction.
    pub batch_rows_max: usize,
    /// `publisher.linger_ms`: how long rows may wait for company. Adds to the way from event to alert.
    pub linger_ms: u64,
    /// `publisher.transaction_timeout_ms`: at most 15 s, for a hung transaction holds up every reader.
    pub transaction_timeout_ms: u64,
    /// `publisher.retry_interval_max_ms`: longest wait between attempts while a broker is away.
    pub retry_interval_max_ms: u64,
    /// `publisher.advertised_url`: where other processes and people reach this one; empty means the listener's.
    pub advertised_url: Option<String>,
}

impl Publisher {
    pub(super) fn read(keys: &mut Keys) -> Self {
        Self {
            batch_rows_max: keys.bounded("publisher.batch_rows_max", 1_000, 1..=100_000),
            linger_ms: keys.bounded("publisher.linger_ms", 5, 0..=1_000),
            transaction_timeout_ms: keys.bounded("publisher.transaction_timeout_ms", 10_000, 1_000..=15_000),
            retry_interval_max_ms: keys.bounded("publisher.retry_interval_max_ms", 5_000, 10..=60_000),
            advertised_url: keys.taken("publisher.advertised_url", None::<String>, |url| match url.as_deref() {
                None => Ok(()),
                Some(url) if url.starts_with("http://") || url.starts_with("https://") => Ok(()),
                Some(_) => Err("write an URL that begins with http:// or https://".to_owned()),
            }),
        }
    }
}
