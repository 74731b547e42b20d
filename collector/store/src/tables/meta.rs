//! The partition itself: who it is, how far it has come, what time it is there.

use serde::{Deserialize, Serialize};

use super::Row;
use crate::error::StoreError;
use crate::read::Read;
use crate::table::Table;

/// Whether this build can use a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFormat {
    /// It has applied nothing, and has none yet.
    None,
    /// It is the one that this build reads and writes.
    Current,
    /// An older one, with its number.
    Older(u32),
    /// A newer one.
    Newer,
}

impl StoreFormat {
    /// Why this build does not open the store, and what to do; nothing where it does.
    pub fn refusal(self) -> Option<(String, &'static str)> {
        let ours = Meta::FORMAT;
        match self {
            StoreFormat::None | StoreFormat::Current => None,
            StoreFormat::Newer => Some((
                format!("the store is of a newer format than {ours}, which this build reads"),
                "Upgrade this process.",
            )),
            StoreFormat::Older(older) => Some((
                format!("the store is of format {older}, older than {ours}, which this build reads"),
                "Move the store's folder away and start again: it is made anew from the newest snapshot and the log.",
            )),
        }
    }
}

/// The one row of `meta`, under the empty key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Format of the store; another one is refused.
    pub format: u32,
    /// Generation of the rule code that derived it.
    pub generation: u32,
    /// This partition.
    pub partition: u32,
    /// Incarnation, from the genesis record; `None` before it.
    pub incarnation: Option<[u8; 16]>,
    /// Name of the ledger, from the genesis record.
    pub ledger_name: String,
    /// Partitions of `lineage.events`, from the genesis record.
    pub partition_count: u32,
    /// Offset of the next record to apply.
    pub next_offset: u64,
    /// BLAKE3 of the last record applied, compared on assignment.
    pub last_record: [u8; 32],
    /// Greatest tick so far, ns UTC; 0 before the first.
    pub time_ns: i64,
    /// Ticks that jumped further than is believed.
    pub jumped_ticks: u64,
    /// Records that stood before the genesis record and were passed over.
    pub before_genesis: u64,
    /// Verifier key that signs this partition's checkpoints, as text.
    pub verifier_key: String,
    /// Root key, as text.
    pub root_key: String,
}

impl Meta {
    /// The format that this build reads and writes. 2 keeps the keys of each tree, and the content of control records.
    pub const FORMAT: u32 = 2;

    /// The format of a store. Looks at the first bytes of the row alone, which every version of it begins with.
    ///
    /// # Errors
    /// When the store fails, or holds no such row as any build wrote.
    pub fn format_of(state: &impl Read) -> Result<StoreFormat, StoreError> {
        let format = |row: &[u8]| match row.split_first() {
            Some((&super::VERSION, rest)) => postcard::take_from_bytes::<u32>(rest).ok().map(|(format, _)| format),
            Some((version, _)) if *version > super::VERSION => Some(u32::MAX),
            _ => None,
        };
        match state.with(Table::Meta, &[], format)? {
            None => Ok(StoreFormat::None),
            Some(None) => Err(super::undecodable(Table::Meta)),
            Some(Some(Self::FORMAT)) => Ok(StoreFormat::Current),
            Some(Some(newer)) if newer > Self::FORMAT => Ok(StoreFormat::Newer),
            Some(Some(older)) => Ok(StoreFormat::Older(older)),
        }
    }

    /// A store that has applied nothing.
    pub fn new(partition: u32, generation: u32) -> Self {
        Meta {
            format: Self::FORMAT,
            generation,
            partition,
            incarnation: None,
            ledger_name: String::new(),
            partition_count: 0,
            next_offset: 0,
            last_record: [0; 32],
            time_ns: 0,
            jumped_ticks: 0,
            before_genesis: 0,
            verifier_key: String::new(),
            root_key: String::new(),
        }
    }
}

impl Row for Meta {
    const TABLE: Table = Table::Meta;
}
