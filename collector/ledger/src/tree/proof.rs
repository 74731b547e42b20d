//! Inclusion and consistency proofs: making them from stored hashes, and checking them from nothing but themselves.
//! Never accepts a proof with a hash too many or too few, and never panics on one that a stranger wrote.

use std::cell::RefCell;

use tlog_tiles::Hash as TlogHash;

use super::{Hash, HashReader, LEAVES_MAX};

/// Hashes in the longest proof that is looked at; a proof for the largest tree has fewer.
pub const PROOF_HASHES_MAX: usize = 64;

/// Why a proof proves nothing. The input's fault: asking again gives the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// The leaf's index is not below the tree's size.
    #[error("the leaf's index is not below the tree's size")]
    IndexBeyondSize,
    /// A tree without leaves proves nothing.
    #[error("a tree of size 0 proves nothing")]
    SizeZero,
    /// The older tree is larger than the newer one.
    #[error("the older tree is larger than the newer one")]
    SizesReversed,
    /// Beyond [`LEAVES_MAX`].
    #[error("the tree is larger than any that this format allows")]
    SizeTooLarge,
    /// Too many or too few hashes, or they lead to another root.
    #[error("the proof does not lead to the root")]
    Mismatch,
}

/// Why a proof could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProveError<E> {
    /// The question is wrong.
    #[error(transparent)]
    Fault(#[from] ProofFault),
    /// The store could not be read.
    #[error("a stored hash could not be read")]
    Read(#[source] E),
}

/// Proves that leaf `index` is in the tree of the first `size` leaves: its audit path, leaf side first
/// (RFC 6962, section 2.1.1).
///
/// # Errors
/// [`ProveError`].
pub fn prove_inclusion<R: HashReader>(size: u64, index: u64, reader: &R) -> Result<Vec<Hash>, ProveError<R::Error>> {
    inclusion_bounds(size, index)?;
    through(reader, |adapter| tlog_tiles::prove_record(size, index, adapter))
}

/// Proves that the tree of the first `old` leaves is a prefix of that of the first `new` leaves
/// (RFC 6962, section 2.1.2). Empty where both are one.
///
/// # Errors
/// [`ProveError`].
pub fn prove_consistency<R: HashReader>(old: u64, new: u64, reader: &R) -> Result<Vec<Hash>, ProveError<R::Error>> {
    consistency_bounds(old, new)?;
    through(reader, |adapter| tlog_tiles::prove_tree(new, old, adapter))
}

/// Checks that the leaf with hash `leaf` is number `index` in the tree of `size` leaves with this root.
///
/// # Errors
/// [`ProofFault`]: the proof, or what it is held against, is wrong.
pub fn verify_inclusion(proof: &[Hash], size: u64, root: &Hash, index: u64, leaf: &Hash) -> Result<(), ProofFault> {
    inclusion_bounds(size, index)?;
    let proof = bounded(proof)?;
    tlog_tiles::check_record(&proof, size, TlogHash(*root), index, TlogHash(*leaf)).map_err(|_| ProofFault::Mismatch)
}

/// Checks that the tree of `old` leaves with `old_root` is a prefix of the tree of `new` leaves with `new_root`.
///
/// # Errors
/// [`ProofFault`]: the proof, or what it is held against, is wrong.
pub fn verify_consistency(
    proof: &[Hash],
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
) -> Result<(), ProofFault> {
    consistency_bounds(old, new)?;
    let proof = bounded(proof)?;
    tlog_tiles::check_tree(&proof, new, TlogHash(*new_root), old, TlogHash(*old_root)).map_err(|_| ProofFault::Mismatch)
}

fn inclusion_bounds(size: u64, index: u64) -> Result<(), ProofFault> {
    match size {
        0 => Err(ProofFault::SizeZero),
        _ if size > LEAVES_MAX => Err(ProofFault::SizeTooLarge),
        _ if index >= size => Err(ProofFault::IndexBeyondSize),
        _ => Ok(()),
    }
}

fn consistency_bounds(old: u64, new: u64) -> Result<(), ProofFault> {
    match old {
        0 => Err(ProofFault::SizeZero),
        _ if old > new => Err(ProofFault::SizesReversed),
        _ if new > LEAVES_MAX => Err(ProofFault::SizeTooLarge),
        _ => Ok(()),
    }
}

/// The library copies what is left of a proof at every level, so its length is bounded before it sees it.
fn bounded(proof: &[Hash]) -> Result<Vec<TlogHash>, ProofFault> {
    if proof.len() > PROOF_HASHES_MAX {
        return Err(ProofFault::Mismatch);
    }
    Ok(proof.iter().copied().map(TlogHash).collect())
}

/// Runs the library over our reader, and gives back our reader's own error where that was the trouble.
fn through<R: HashReader>(
    reader: &R,
    prove: impl FnOnce(&Adapter<'_, R>) -> Result<Vec<TlogHash>, tlog_tiles::tlog::Error>,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    let adapter = Adapter { reader, failed: RefCell::new(None) };
    match prove(&adapter) {
        Ok(proof) => Ok(proof.into_iter().map(|hash| hash.0).collect()),
        // Bounds were checked before, so the library itself has nothing to complain of.
        Err(_) => Err(adapter.failed.into_inner().map_or(ProofFault::Mismatch.into(), ProveError::Read)),
    }
}

/// The library's reader over ours. Its error type can't carry ours, so ours waits beside it.
struct Adapter<'a, R: HashReader> {
    reader: &'a R,
    failed: RefCell<Option<R::Error>>,
}

impl<R: HashReader> tlog_tiles::HashReader for Adapter<'_, R> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<TlogHash>, tlog_tiles::tlog::Error> {
        match self.reader.read_many(indexes) {
            Ok(hashes) => Ok(hashes.into_iter().map(TlogHash).collect()),
            Err(error) => {
                *self.failed.borrow_mut() = Some(error);
                Err(tlog_tiles::tlog::Error::IndexesNotInTree)
            }
        }
    }
}
