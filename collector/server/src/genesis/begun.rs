//! Reading the beginning of a ledger back: the genesis record of each partition, or, where the log was trimmed below a
//! snapshot, the incarnation that every envelope names. Never writes one.

use std::collections::BTreeSet;

use ledger::checkpoint::Checkpoint;
use ledger::{LedgerName, Origin, Tenant};
use lineage::frame::{self, Opened};

use super::{GenesisError, Homes, contradiction, reading};
use crate::keyring::Keyring;
use crate::log::{Log, Names, Record, Start, Whole};
use crate::recorder::control::GenesisContent;

/// A ledger that was begun, as its log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Where tenants live.
    pub homes: Homes,
    /// The name that origins begin with; `None` where no partition's log holds its genesis record any more.
    pub ledger_name: Option<String>,
}

impl Begun {
    /// Reads it from the log.
    ///
    /// # Errors
    /// When the log can't be read, or a partition has no genesis record.
    pub fn read(log: &dyn Log, names: &Names, keyring: &Keyring) -> Result<Self, GenesisError> {
        let partitions = log.partitions(&names.events).map_err(|error| reading(&names.events, 0, error))?;
        let search = Search { log, names, keyring };
        let (mut incarnations, mut ledger_name) = (Vec::new(), None);
        for partition in 0..partitions {
            let Some(Found { incarnation, content }) = search.find(partition)? else {
                return Err(contradiction(
                    format!("{}/{partition} holds no genesis record", names.events),
                    "start `ledgerline serve` on it once, or name another folder",
                ));
            };
            incarnations.push(incarnation);
            ledger_name = content.map(|content| content.ledger_name).or(ledger_name);
        }
        Ok(Self { homes: Homes(incarnations), ledger_name })
    }
}

/// The beginning of a partition, as far as its log still tells.
pub(super) struct Found {
    pub incarnation: [u8; 16],
    /// What the genesis record says; `None` where it was trimmed away.
    pub content: Option<GenesisContent>,
}

/// Looks for genesis records.
pub(super) struct Search<'a> {
    pub log: &'a dyn Log,
    pub names: &'a Names,
    pub keyring: &'a Keyring,
}

impl Search<'_> {
    /// The first genesis record of a partition, if it has one. Of a log that was trimmed the incarnation alone is left, in
    /// whatever was sealed for it since.
    pub fn find(&self, partition: u32) -> Result<Option<Found>, GenesisError> {
        let failed = |error| reading(&self.names.events, partition, error);
        let trimmed = self.log.range(&self.names.events, partition).map_err(failed)?.start > 0;
        self.first(&self.names.events, partition, |record| {
            let value = record.value.as_deref().unwrap_or_default();
            let Opened::Envelope(envelope) = frame::open(value, self.keyring.intake_keys()) else { return None };
            if let Some(control) = envelope.control.as_ref().filter(|control| control.name == "genesis")
                && let Ok(content) = serde_json::from_slice::<GenesisContent>(control.content)
            {
                return Some(Found { incarnation: envelope.incarnation, content: Some(content) });
            }
            trimmed.then_some(Found { incarnation: envelope.incarnation, content: None })
        })
    }

    /// Tenants of which our own key has signed a published checkpoint.
    pub fn published_tenants(&self, ledger: &LedgerName) -> Result<BTreeSet<String>, GenesisError> {
        let topic = &self.names.checkpoints;
        let partitions = self.log.partitions(topic).map_err(|error| reading(topic, 0, error))?;
        let mut tenants = BTreeSet::new();
        for partition in 0..partitions {
            self.first::<()>(topic, partition, |record| {
                let key = std::str::from_utf8(record.key.as_deref()?).ok()?;
                let tenant = Tenant::parse_recorded(key.rsplit_once('/')?.0).ok()?;
                let origin = Origin::new(ledger, &tenant);
                let known = tenants.contains(tenant.as_str());
                if !known && Checkpoint::verify(record.value.as_deref()?, &self.keyring.verifiers(&origin)).is_ok() {
                    tenants.insert(tenant.as_str().to_owned());
                }
                None
            })?;
        }
        Ok(tenants)
    }

    /// What `find` makes of the first record of a partition of which it makes something; reads to its end otherwise.
    fn first<T>(
        &self,
        topic: &str,
        partition: u32,
        mut find: impl FnMut(&Record) -> Option<T>,
    ) -> Result<Option<T>, GenesisError> {
        let failed = |error| reading(topic, partition, error);
        let mut reading = Whole::new((self.log, topic, partition), Start::Earliest).map_err(failed)?;
        loop {
            let records = reading.next().map_err(failed)?;
            if records.is_empty() {
                return Ok(None);
            }
            if let Some(found) = records.iter().find_map(&mut find) {
                return Ok(Some(found));
            }
        }
    }
}
