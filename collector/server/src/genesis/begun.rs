//! Reading the beginning of a ledger back: the genesis record of each partition. Never writes one.

use lineage::frame::{self, Opened};

use super::{EMPTY_READS_MAX, GenesisError, Homes, READ, contradiction, reading};
use crate::keyring::Keyring;
use crate::log::{Log, LogError, Names, Start};
use crate::recorder::control::GenesisContent;

/// A ledger that was begun, as its log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Where tenants live.
    pub homes: Homes,
    /// The name that origins begin with.
    pub ledger_name: String,
}

impl Begun {
    /// Reads it from the log.
    ///
    /// # Errors
    /// When the log can't be read, or a partition has no genesis record.
    pub fn read(log: &dyn Log, names: &Names, keyring: &Keyring) -> Result<Self, GenesisError> {
        let partitions = log.partitions(&names.events).map_err(|error| reading(names, 0, error))?;
        let search = Search { log, names, keyring };
        let (mut incarnations, mut ledger_name) = (Vec::new(), String::new());
        for partition in 0..partitions {
            let Some((incarnation, content)) = search.find(partition)? else {
                return Err(contradiction(
                    format!("{}/{partition} holds no genesis record", names.events),
                    "start `ledgerline serve` on it once, or name another folder",
                ));
            };
            incarnations.push(incarnation);
            ledger_name = content.ledger_name;
        }
        Ok(Self { homes: Homes(incarnations), ledger_name })
    }
}

/// Looks for genesis records.
pub(super) struct Search<'a> {
    pub log: &'a dyn Log,
    pub names: &'a Names,
    pub keyring: &'a Keyring,
}

impl Search<'_> {
    /// The first genesis record of a partition, if it has one.
    pub fn find(&self, partition: u32) -> Result<Option<([u8; 16], GenesisContent)>, GenesisError> {
        let failed = |error| reading(self.names, partition, error);
        let mut reader = self.log.reader(&self.names.events).map_err(failed)?;
        reader.assign(&[(partition, Start::Earliest)]).map_err(failed)?;
        let mut empty = 0;
        loop {
            let batch = reader.read(READ).map_err(failed)?;
            for record in &batch.records {
                let value = record.value.as_deref().unwrap_or_default();
                if let Opened::Envelope(envelope) = frame::open(value, self.keyring.intake_keys())
                    && let Some(control) = envelope.control.as_ref().filter(|control| control.name == "genesis")
                    && let Ok(content) = serde_json::from_slice::<GenesisContent>(control.content)
                {
                    return Ok(Some((envelope.incarnation, content)));
                }
            }
            empty = if batch.records.is_empty() { empty + 1 } else { 0 };
            if batch.at_end {
                return Ok(None);
            }
            if empty > EMPTY_READS_MAX {
                return Err(failed(LogError::Retry { what: "its end was not reached".to_owned() }));
            }
        }
    }
}
