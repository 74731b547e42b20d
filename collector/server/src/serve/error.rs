//! Why a server does not start, each with what to do.

use crate::genesis::GenesisError;
use crate::http;
use crate::keyring::KeyringError;
use crate::log::LogError;

/// A server that did not start. Nothing was left half-open.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log can't be opened or reached.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The keys can't be used.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// The ledger can't be begun or gone on with.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The listener can't be had.
    #[error(transparent)]
    Http(#[from] http::Failed),
    /// Our topics are not there.
    #[error("these topics are missing: {}; run `ledgerline topics create`", .0.join(", "))]
    Topics(Vec<String>),
    /// A store can't be opened.
    #[error("the store of partition {partition} can't be opened: {why}")]
    Store {
        /// The partition.
        partition: u32,
        /// Why.
        why: String,
    },
    /// Configuration that only shows to be wrong here.
    #[error("{what}; {remedy}")]
    Config {
        /// What is wrong.
        what: String,
        /// What to change.
        remedy: String,
    },
    /// The operating system.
    #[error("{what}: {error}")]
    System {
        /// What was asked of it.
        what: &'static str,
        /// Its answer.
        error: std::io::Error,
    },
}
