//! `ledger.*`: the name under which the record is signed, how often, and where the keys are that sign.

use super::keys::Keys;
use crate::keyring::{SIGNER_FORMS, SignerPlace};
use ledger::Tenant;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `ledger.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// `ledger.name`: first part of every origin, `<ledger.name>/<tenant>`. Leaf 0 pins it: it can't be changed
    /// once a partition has its genesis. Up to 128 characters, no space, no `+`, no scheme, host or port.
    pub name: String,
    /// `ledger.checkpoint_interval_ms`: a tree that grew is signed at most this often, in milliseconds of log time.
    pub checkpoint_interval_ms: u64,
    /// `ledger.keys_dir`: the folder of the file keys; `<data_dir>/keys` when empty.
    pub keys_dir: Option<PathBuf>,
    /// `ledger.signer`: where the keys are that sign checkpoints; of several places the last has the newest key.
    pub signer: Vec<SignerPlace>,
    /// `ledger.signers.<tenant>`: the same for one tenant's tree.
    pub signers: BTreeMap<Tenant, Vec<SignerPlace>>,
    /// `ledger.rotate_every_days`: a key that has signed for so long is rotated; 0: only when ordered. File keys alone.
    pub rotate_every_days: u32,
    /// `ledger.rotate_overlap_hours`: how long the replaced key goes on signing beside the new one.
    pub rotate_overlap_hours: u32,
}

impl Ledger {
    pub(super) fn read(keys: &mut Keys) -> Self {
        let name = keys.taken("ledger.name", "ledgerline".to_owned(), |name: &String| match name_is_sound(name) {
            true => Ok(()),
            false => Err("use 1 to 128 visible ASCII characters without space, '+' or ':'".to_owned()),
        });
        let places = |texts: &[String]| texts.iter().map(|text| text.parse()).collect::<Result<Vec<SignerPlace>, _>>();
        let signer = keys.taken("ledger.signer", vec!["file".to_owned()], |texts: &Vec<String>| match places(texts) {
            Ok(places) if places.is_empty() => Err(SIGNER_FORMS.to_owned()),
            places => places.map(drop),
        });
        let mut signers = BTreeMap::new();
        for (name, texts) in keys.take_all::<Vec<String>>("ledger.signers") {
            match (Tenant::parse_recorded(&name), places(&texts)) {
                (Ok(tenant), Ok(places)) => drop(signers.insert(tenant, places)),
                (Err(fault), _) => {
                    keys.fault(&format!("ledger.signers.{name}"), "names no tenant".to_owned(), fault.to_string())
                }
                (_, Err(forms)) => {
                    keys.fault(&format!("ledger.signers.{name}"), "is no list of places".to_owned(), forms);
                }
            }
        }
        Self {
            name,
            signer: places(&signer).unwrap_or_default(),
            signers,
            rotate_every_days: keys.bounded("ledger.rotate_every_days", 0, 0..=3_650),
            rotate_overlap_hours: keys.bounded("ledger.rotate_overlap_hours", 24, 1..=8_760),
            checkpoint_interval_ms: keys.bounded("ledger.checkpoint_interval_ms", 10_000, 100..=3_600_000),
            keys_dir: keys.take("ledger.keys_dir", None::<String>).map(PathBuf::from),
        }
    }
}

/// A key name of a signed note may hold neither space nor `+`; an origin of ours holds no scheme or port.
fn name_is_sound(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'+' | b':'))
        && !name.starts_with('/')
        && !name.ends_with('/')
}
