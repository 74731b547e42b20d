//! Registers on disk share their events: most facets of a node come from one. Owns that form; used by
//! `#[serde(with = ...)]` only.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{FacetKey, Register, Stamp, Value};

/// Writes the distinct beginnings and the distinct events, then the registers with the numbers of theirs.
pub fn serialize<S: Serializer>(registers: &[Register], serializer: S) -> Result<S::Ok, S::Error> {
    let firsts = distinct(registers.iter().map(first));
    let lasts = distinct(registers.iter().map(last));
    let rows: Vec<(FacetKey, usize, usize, &Value)> = registers
        .iter()
        .map(|register| {
            let first = firsts.binary_search(&first(register)).expect("every beginning was collected above");
            let last = lasts.binary_search(&last(register)).expect("every event was collected above");
            (register.facet, first, last, &register.value)
        })
        .collect();
    (firsts, lasts, rows).serialize(serializer)
}

fn first(register: &Register) -> (i64, u64) {
    (register.first_ns, register.first_leaf)
}

fn last(register: &Register) -> (Stamp, u64) {
    (register.stamp, register.leaf)
}

fn distinct<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Beginnings, events, and registers by the numbers of theirs.
type Packed = (Vec<(i64, u64)>, Vec<(Stamp, u64)>, Vec<(FacetKey, usize, usize, Value)>);

/// Reads them back.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Register>, D::Error> {
    let (firsts, lasts, rows) = Packed::deserialize(deserializer)?;
    rows.into_iter()
        .map(|(facet, first, last, value)| match (firsts.get(first), lasts.get(last)) {
            (Some(&(first_ns, first_leaf)), Some(&(stamp, leaf))) => {
                Ok(Register { facet, first_ns, first_leaf, stamp, leaf, value })
            }
            _ => Err(D::Error::custom("a register without its event")),
        })
        .collect()
}
