//! `keys`: the words of its commands.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

/// `keys`
#[derive(Clone, Debug, Subcommand)]
pub enum Keys {
    /// Make the keys that are missing
    Init,
    /// Make the keys of newly configured tenants and enrol them in the log
    Enrol,
    /// The keys that sign the ledgers: where each stands, who holds it, what it signed
    List,
    /// Make the file key that the next rotation takes up, to be copied to the other processes first
    New,
    /// Put a new key in place of the one that signs; both sign during the overlap
    Rotate(Rotate),
    /// Have what a key alone signed believed no more; the root key orders it
    Revoke(Revoke),
    /// Read keys back from a copy: restore missing files, or check the copy with --drill
    Recover(RecoverKeys),
    /// Sign printed orders where the root key is; needs no server
    Sign(SignOrders),
}

/// `keys rotate`
#[derive(Clone, Debug, Args)]
pub struct Rotate {
    /// How long both keys sign, by the log's time: 90s, 30m, 24h, 7d; ledger.rotate_overlap_hours unless given
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub overlap: Option<Duration>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Who authorises it, and how it is sent
    #[command(flatten)]
    pub way: Way,
}

/// `keys revoke`
#[derive(Clone, Debug, Args)]
pub struct Revoke {
    /// Id of the key, as `keys list` shows it; a shared key is revoked in every ledger that has it
    #[arg(value_name = "KEYID", required_unless_present = "signed")]
    pub key: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", required_unless_present = "signed")]
    pub reason: Option<String>,
    /// Who authorises it, and how it is sent
    #[command(flatten)]
    pub way: Way,
}

/// `keys recover`
#[derive(Clone, Debug, Args)]
pub struct RecoverKeys {
    /// Folder with the copies
    #[arg(long, value_name = "DIR", required_unless_present = "signed")]
    pub from: Option<PathBuf>,
    /// Check that every key's copy can be read and is the key that is enrolled; restore nothing
    #[arg(long)]
    pub drill: bool,
    /// Who authorises the record of it, and how it is sent
    #[command(flatten)]
    pub way: Way,
}

/// The root key's part in an order.
#[derive(Clone, Debug, Args)]
pub struct Way {
    /// File of the root key
    #[arg(long, value_name = "FILE")]
    pub root: Option<PathBuf>,
    /// Write the orders to standard output, to be signed elsewhere with `keys sign`; send nothing
    #[arg(long, conflicts_with_all = ["root", "signed"])]
    pub print: bool,
    /// Send the orders in this file, which `keys sign` wrote
    #[arg(long, value_name = "FILE", conflicts_with = "root")]
    pub signed: Option<PathBuf>,
}

/// `keys sign`
#[derive(Clone, Debug, Args)]
pub struct SignOrders {
    /// Orders, as --print wrote them; `-` is standard input
    #[arg(value_name = "ORDERS")]
    pub orders: PathBuf,
    /// File of the root key
    #[arg(long, value_name = "FILE")]
    pub root: PathBuf,
}

/// A number and a unit: s, m, h or d.
fn duration(text: &str) -> Result<Duration, String> {
    let wanted = || "write a number and a unit: 90s, 30m, 24h, 7d".to_owned();
    let unit = text.chars().last().ok_or_else(wanted)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wanted()),
    };
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wanted())?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wanted)
}
