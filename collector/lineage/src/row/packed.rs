//! Registers on disk share their stamps: most facets of a node come from one event. Owns that form; used by
//! `#[serde(with = ...)]` only.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{FacetKey, Register, Stamp, Value};

/// Writes the distinct stamps, then the registers with the number of theirs.
pub fn serialize<S: Serializer>(registers: &[Register], serializer: S) -> Result<S::Ok, S::Error> {
    let mut stamps: Vec<Stamp> = registers.iter().map(|register| register.stamp).collect();
    stamps.sort_unstable();
    stamps.dedup();
    let rows: Vec<(FacetKey, usize, &Value)> = registers
        .iter()
        .map(|register| {
            let stamp = stamps.binary_search(&register.stamp).expect("every stamp was collected above");
            (register.facet, stamp, &register.value)
        })
        .collect();
    (stamps, rows).serialize(serializer)
}

/// Reads them back.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Register>, D::Error> {
    let (stamps, rows) = <(Vec<Stamp>, Vec<(FacetKey, usize, Value)>)>::deserialize(deserializer)?;
    rows.into_iter()
        .map(|(facet, stamp, value)| match stamps.get(stamp) {
            Some(&stamp) => Ok(Register { facet, stamp, value }),
            None => Err(serde::de::Error::custom("a register without its stamp")),
        })
        .collect()
}
