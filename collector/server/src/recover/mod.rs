//! A new ledger after a real loss of the log: what survived is recorded again under a new name, and leaf 0 of each tree cites
//! the last checkpoint of the tree that it goes on from. The lost ledger stays as it is, for whoever examines it.
//!
//! What survives is in two places: the lost log, as far as it can be read, and the stores, which may hold events that the log
//! does not. Each event keeps its body, its opening and so its commitment; its leaf is another, for that names the new position.
//! Rejections and ticks come along from the log. Progress does not: sources are read again from their beginning, which brings
//! back what only they still hold, and records nothing twice. Control records do not: they were signed for the lost ledger.
//!
//! Commit point: each append. Everything is made from what is read and from nothing else, so that another attempt makes the same
//! records, compares those that are there and goes on after them.

mod citation;
mod survivors;
mod target;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ledger::leaf::{Hex, Previous};
use ledger::{LedgerName, Tenant};
use lineage::decode::Limits;
use lineage::frame::EncodeError;
use lineage::schema::Schemas;
use serde::Serialize;
use store::StoreError;

use self::citation::Citations;
use self::survivors::Survivors;
use self::target::Target;
use crate::genesis::{Beginning, GenesisError};
use crate::intake::{Desk, WrittenVersion};
use crate::keyring::Keyring;
use crate::log::{AppendError, Log, LogError, Names};
use crate::random::Random;

/// What a ledger is recovered from, and to.
pub struct Recovery<'a> {
    /// The lost ledger's log.
    pub from: &'a dyn Log,
    /// Its topics.
    pub lost: &'a Names,
    /// Stores of its partitions.
    pub stores: &'a [PathBuf],
    /// Signed checkpoints of it that were kept elsewhere.
    pub notes: &'a [Vec<u8>],
    /// The new ledger's log.
    pub to: &'a dyn Log,
    /// Its topics.
    pub names: &'a Names,
    /// Its name.
    pub ledger: &'a LedgerName,
    /// Its partitions.
    pub partitions: u32,
    /// Tenants that configuration names; those of the lost ledger are added.
    pub tenants: &'a [Tenant],
    /// The keys of both.
    pub keyring: &'a Arc<Keyring>,
    /// Bounds of intake, for what is taken from stores.
    pub limits: Limits,
    /// For incarnations.
    pub random: &'a dyn Random,
    /// ns UTC.
    pub now_ns: i64,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recovered {
    /// The checkpoints that are cited.
    pub previous: Vec<Previous>,
    /// By partition of the new ledger.
    pub partitions: Vec<Counts>,
    /// Records of the lost ledger that have no place in the new one, by reason.
    pub left_behind: BTreeMap<&'static str, u64>,
}

/// What one partition holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The partition.
    pub partition: u32,
    /// Events that the lost log still held.
    pub from_log: u64,
    /// Events that only a store held.
    pub from_stores: u64,
    /// Rejections and ticks.
    pub others: u64,
    /// Records, of all these, that an earlier attempt had written.
    pub there: u64,
    /// What follows from records below this offset is published already, and is not told again.
    pub published_below: u64,
}

/// Why a ledger was not recovered. What was written stays; another attempt goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// A log can't be read.
    #[error("{0}")]
    Log(#[from] LogError),
    /// The new log did not take the records.
    #[error("{topic} did not take records: {error}; run the command again, it goes on where it stopped")]
    Append {
        /// The topic.
        topic: String,
        /// Why.
        error: AppendError,
    },
    /// The new ledger can't be begun.
    #[error("{0}")]
    Genesis(#[from] GenesisError),
    /// A store can't be read.
    #[error("the store {} can't be read: {error}", path.display())]
    Store {
        /// The store.
        path: PathBuf,
        /// Why.
        error: StoreError,
    },
    /// There is nothing to cite.
    #[error(
        "no checkpoint of the lost ledger was found that our key has signed: not in {checkpoints}, not in {stores} stores, not in \
         {notes} files"
    )]
    Uncited {
        /// Topic that was looked in.
        checkpoints: String,
        /// Stores that were looked in.
        stores: usize,
        /// Files that were looked in.
        notes: usize,
    },
    /// A file holds no checkpoint of ours.
    #[error("checkpoint file {number} of {of} is not one that this deployment's key has signed")]
    Note {
        /// Which, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// The new ledger has the lost one's name.
    #[error("ledger.name is still {0:?}, the name of the lost ledger: two trees of one name would be a fork")]
    SameName(String),
    /// The keys of a tenant are not here.
    #[error("tenant {0} of the lost ledger has no identity key here")]
    NoKey(String),
    /// The new log holds something else.
    #[error(
        "{topic}/{partition} holds another record at offset {offset}: a ledger is recovered into topics of its own"
    )]
    Differs {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The first offset that differs.
        offset: u64,
    },
    /// A record could not be made.
    #[error("a record can't be made: {0}")]
    Encode(#[from] EncodeError),
}

impl Recovery<'_> {
    /// Recovers. Nothing may be at work on either log.
    ///
    /// # Errors
    /// See [`RecoverError`].
    pub fn run(&self) -> Result<Recovered, RecoverError> {
        let survivors = Survivors::open(self)?;
        let previous = Citations::find(self, &survivors)?;
        if let Some(same) = previous.values().find(|last| last.origin.ledger() == *self.ledger) {
            return Err(RecoverError::SameName(same.origin.ledger().as_str().to_owned()));
        }
        let tenants = self.all_tenants(&previous, &survivors)?;
        let appender = self.to.appender()?;
        let beginning = Beginning {
            log: self.to,
            appender: appender.as_ref(),
            names: self.names,
            keyring: self.keyring,
            ledger: self.ledger,
            partitions: self.partitions,
            tenants: &tenants,
            random: self.random,
            now_ns: self.now_ns,
            previous: previous.clone(),
        };
        let homes = Arc::new(beginning.ensure()?);
        let desk = Arc::new(Desk {
            schemas: Arc::new(Schemas::built_in().expect("a test compiles the shipped schemas")),
            limits: self.limits,
            keyring: Arc::clone(self.keyring),
            homes: Arc::clone(&homes),
            version: WrittenVersion::default(),
        });
        let mut target = Target::new(self, Arc::clone(&homes), appender)?;
        let left_behind = survivors.hand_over(&desk, &mut target)?;
        let partitions = target.finish()?;
        Ok(Recovered { previous: previous.into_values().collect(), partitions, left_behind })
    }

    /// Those of configuration and of the lost ledger, partitions' own left out.
    fn all_tenants(
        &self,
        previous: &BTreeMap<String, Previous>,
        survivors: &Survivors<'_>,
    ) -> Result<Vec<Tenant>, RecoverError> {
        let mut names: Vec<&str> = self.tenants.iter().map(Tenant::as_str).collect();
        names.extend(previous.keys().map(String::as_str));
        names.extend(survivors.tenants());
        names.sort_unstable();
        names.dedup();
        let mut tenants = Vec::new();
        for tenant in names.into_iter().filter_map(|name| Tenant::parse(name).ok()) {
            if self.keyring.identity(&tenant).is_none() {
                return Err(RecoverError::NoKey(tenant.as_str().to_owned()));
            }
            tenants.push(tenant);
        }
        Ok(tenants)
    }
}

/// How far a publisher had come in one life of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    incarnation: Hex<16>,
    partition: u32,
    next_offset: u64,
}

#[cfg(test)]
mod tests;
