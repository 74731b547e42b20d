//! The Merkle tree of RFC 6962, over SHA-256, appended to one leaf at a time.
//! Owns which hashes exist and how they combine; never where they are kept: the caller stores and reads them by index.
//!
//! A *stored hash* is the root of a full subtree. Each has one index, in the order of the appends that complete them
//! (Crosby and Wallach 2009, section 3.3; the order of `golang.org/x/mod/sumdb/tlog`): leaf n first, then every subtree
//! that leaf n completes, from the smallest up. A hash once stored never changes.

mod frontier;
mod proof;
mod reader;

pub use frontier::Frontier;
pub use proof::{
    PROOF_HASHES_MAX, ProofFault, ProveError, prove_consistency, prove_inclusion, verify_consistency, verify_inclusion,
};
pub use reader::{HashReader, root};
use sha2::{Digest, Sha256};

/// A SHA-256 hash of the tree.
pub type Hash = [u8; 32];

/// Leaves in the largest tree; beyond it an index of a stored hash could overflow.
pub const LEAVES_MAX: u64 = 1 << 62;

/// Root of the tree without leaves: SHA-256 of nothing (RFC 6962, section 2.1).
pub const EMPTY_ROOT: Hash = tlog_tiles::EMPTY_HASH.0;

/// SHA-256(0x00 ‖ leaf) (RFC 6962, section 2.1).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// SHA-256(0x01 ‖ left ‖ right) (RFC 6962, section 2.1).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Index of the `number`th stored hash of `level`; level 0 holds the leaves.
///
/// # Panics
/// Where the subtree would lie beyond [`LEAVES_MAX`].
#[must_use]
pub fn stored_index(level: u8, number: u64) -> u64 {
    let end = u128::from(number).saturating_add(1) << level.min(64);
    assert!(end <= u128::from(LEAVES_MAX), "the subtree lies within the largest tree");
    tlog_tiles::stored_hash_index(level, number)
}

/// Level and number of the hash stored at `index`: the other way round.
///
/// # Panics
/// Where the index lies beyond those of [`LEAVES_MAX`] leaves.
#[must_use]
pub fn split_index(index: u64) -> (u8, u64) {
    assert!(index < stored_count(LEAVES_MAX), "the index is one of the largest tree's");
    tlog_tiles::split_stored_hash_index(index)
}

/// How many hashes are stored for a tree of `size` leaves, which is the index that the next append begins at.
///
/// # Panics
/// Where `size` is over [`LEAVES_MAX`].
#[must_use]
pub fn stored_count(size: u64) -> u64 {
    assert!(size <= LEAVES_MAX, "the tree is no larger than the largest tree");
    tlog_tiles::stored_hash_count(size)
}

/// Appends one leaf to a tree of `size` leaves: every hash to store, with its index.
/// For more than one leaf keep a [`Frontier`], which reads nothing.
///
/// # Errors
/// The reader's.
///
/// # Panics
/// Where the tree is full ([`LEAVES_MAX`]).
pub fn append<R: HashReader>(size: u64, leaf: &[u8], reader: &R) -> Result<Vec<(u64, Hash)>, R::Error> {
    let mut stored = Vec::new();
    Frontier::from_reader(size, reader)?.push(leaf_hash(leaf), |index, hash| stored.push((index, *hash)));
    Ok(stored)
}

#[cfg(test)]
pub(crate) mod naive;
#[cfg(test)]
mod tests;
