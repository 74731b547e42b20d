//! What makes the record provable: leaves, the Merkle tree over them, signed checkpoints, and the keys behind both.
//!
//! Everything here is a function of its arguments. Never does I/O, never reads a clock, never draws randomness:
//! positions, times and random bytes enter as values, and whoever owns the disk writes what is returned.
//! Formats are C2SP's (`tlog-tiles`, `tlog-checkpoint`, `signed-note`, `tlog-cosignature`, `tlog-witness`), so that verifiers
//! we did not write accept them.

#![forbid(unsafe_code)]

pub mod checkpoint;
pub mod commitment;
pub mod cosignature;
pub mod digest;
pub mod key;
pub mod leaf;
pub mod manifest;
pub mod note;
pub mod origin;
pub mod proof;
pub mod tenant;
pub mod tile;
pub mod tree;
pub mod witness;

pub use checkpoint::Checkpoint;
pub use commitment::{Commitment, Opening};
pub use leaf::Leaf;
pub use manifest::{Manifest, SnapshotName};
pub use origin::{LedgerName, Origin};
pub use tenant::Tenant;
