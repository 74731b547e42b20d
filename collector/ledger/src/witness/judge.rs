//! The decision: does a tree go on from the newest one that is known? Never changes what is known: that is the caller's, in one
//! step with this.

use super::TreeHead;
use crate::tree::{EMPTY_ROOT, Hash, verify_consistency};

/// Why a tree is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The size that the proof begins at is over the checkpoint's.
    #[error("the proof begins at a larger tree than it leads to")]
    Reversed,
    /// The proof does not begin at the newest known tree, which has this size.
    #[error("the newest known tree has {0} leaves")]
    Behind(u64),
    /// The newest known tree has the same size and another root: the log shows two trees.
    #[error("another tree of {0} leaves is known: the log has forked")]
    Forked(u64),
    /// The proof does not lead from the known tree to the new one.
    #[error("the proof does not lead from the known tree to this one")]
    Inconsistent,
}

/// Whether `new` goes on from the newest known tree of its log, as `proof` from its first `old_size` leaves is to show. `known`
/// is nothing where the log was never seen: then any tree goes on from the empty one. Checks stand in the order of C2SP's.
///
/// # Errors
/// [`Refusal`].
pub fn judge(known: Option<&TreeHead>, old_size: u64, proof: &[Hash], new: &TreeHead) -> Result<(), Refusal> {
    let (size, root) = known.map_or((0, &EMPTY_ROOT), |head| (head.size, &head.root));
    if old_size > new.size {
        return Err(Refusal::Reversed);
    }
    if old_size != size {
        return Err(Refusal::Behind(size));
    }
    if old_size == new.size && *root != new.root {
        return Err(Refusal::Forked(size));
    }
    let holds = match old_size {
        // Nothing is to be proved: what has no leaves, or the same ones, is a beginning of anything.
        _ if old_size == new.size => proof.is_empty(),
        0 => proof.is_empty(),
        _ => verify_consistency(proof, size, root, new.size, &new.root).is_ok(),
    };
    if holds { Ok(()) } else { Err(Refusal::Inconsistent) }
}
