//! RFC 6962 written down as its definitions read: recursive, over a list of leaf hashes, sharing nothing with the code
//! under test but the two hash functions.

use super::{EMPTY_ROOT, Hash, node_hash};

/// Largest power of two smaller than `n`, for n > 1.
fn split(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

/// MTH(D[n]), section 2.1.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// PATH(m, D[n]), section 2.1.1.
pub fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return vec![];
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, other) = if m < k { (path(m, left), root(right)) } else { (path(m - k, right), root(left)) };
    proof.push(other);
    proof
}

/// PROOF(m, D[n]), section 2.1.2.
pub fn consistency(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    subproof(m, leaves, true)
}

fn subproof(m: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if known { vec![] } else { vec![root(leaves)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, other) =
        if m <= k { (subproof(m, left, known), root(right)) } else { (subproof(m - k, right, false), root(left)) };
    proof.push(other);
    proof
}
