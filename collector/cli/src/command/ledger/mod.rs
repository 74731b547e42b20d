//! `ledger …`: the signed record, and proofs that are checked without us.

mod archive;
mod checkpoint;
mod consistency;
mod fsck;
mod prove;
mod verify;

pub use archive::{failed, origins, shelf};
pub use checkpoint::checked;
pub use prove::proof_of;
pub use verify::told;

use std::path::{Path, PathBuf};

use ledger::key::VerifierKey;

use crate::arguments::{Arguments, Ledger};
use crate::failure::Failure;
use crate::output;

pub fn run(arguments: &Arguments, ledger: &Ledger) -> Result<(), Failure> {
    match ledger {
        Ledger::Checkpoint(checkpoint) => checkpoint::run(arguments, checkpoint),
        Ledger::Prove(prove) => prove::run(arguments, prove),
        Ledger::Verify(verify) => verify::run(arguments, verify),
        Ledger::Consistency(consistency) => consistency::run(arguments, consistency),
        Ledger::Witness(witness) => super::witness::run(arguments, witness),
        Ledger::Archive(archive) => archive::run(arguments, archive),
        Ledger::Fsck(fsck) => fsck::run(arguments, fsck),
    }
}

/// A key as text, or a file that holds one.
pub fn given(text: &str) -> Result<VerifierKey, Failure> {
    match std::fs::read_to_string(Path::new(text)) {
        Ok(content) => parsed(content.trim()),
        Err(_) => parsed(text),
    }
}

fn parsed(text: &str) -> Result<VerifierKey, Failure> {
    VerifierKey::from_text(text).map_err(|fault| {
        Failure::Usage(format!("{text:?} is neither a verifier key (name+id+key) nor a file that holds one: {fault}"))
    })
}

/// Longest file that is read.
const FILE_BYTES_MAX: u64 = 1 << 30;

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unread = |error: std::io::Error| Failure::unasked(format!("{} can't be read: {error}", path.display()));
    let length = std::fs::metadata(path).map_err(unread)?.len();
    if length > FILE_BYTES_MAX {
        return Err(Failure::Usage(format!("{} has {length} bytes, and no proof has so many", path.display())));
    }
    std::fs::read(path).map_err(unread)
}

/// Writes an answer to a file, or to standard output; says where.
fn write(file: Option<&PathBuf>, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let path = match file {
        Some(path) if path.as_os_str() == "-" => return output::bytes(bytes),
        Some(path) => path.clone(),
        None => PathBuf::from(name),
    };
    std::fs::write(&path, bytes)
        .map_err(|error| Failure::unasked(format!("{} can't be written: {error}", path.display())))?;
    output::text(&path.display().to_string())
}
