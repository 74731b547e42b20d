//! Proofs that leave the server and are checked elsewhere: one leaf's as C2SP has it, files of several with what they open, and
//! that one tree is the beginning of another. Formats: `docs/ledger-format.md`.
//! Never reads a file and never asks anybody: texts and keys come in, a verdict goes out.

mod check;
mod consistency;
mod file;
mod memory;
mod tlog;
mod trust;
mod verdict;

pub use check::{Checked, CheckedLeaf, commitment};
pub use consistency::ConsistencyFile;
pub use file::{ENTRIES_MAX, Entry, ProofFile, Subject, SubjectKind, Withheld};
pub use memory::{Memory, Seen};
pub use tlog::{PATH_HASHES_MAX, TlogProof, TlogProofFault};
pub use trust::{Believed, Trust};
pub use verdict::{Fault, Verdict};

pub(crate) use tlog::exact;
pub use tlog::hash;

#[cfg(test)]
mod tests;
