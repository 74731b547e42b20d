//! `ledger.*`: the name under which the record is signed, and how often.

use super::keys::Keys;
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
}

impl Ledger {
    pub(super) fn read(keys: &mut Keys) -> Self {
        let name = keys.taken("ledger.name", "ledgerline".to_owned(), |name: &String| match name_is_sound(name) {
            true => Ok(()),
            false => Err("use 1 to 128 visible ASCII characters without space, '+' or ':'".to_owned()),
        });
        Self {
            name,
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
