//! The tree against the definitions of RFC 6962 (`naive`), the published roots, and proofs that must not pass.

use proptest::prelude::*;

use super::*;

/// Stored hashes in memory; an index out of range is its error.
#[derive(Clone, Default)]
struct Stored(Vec<Hash>);

impl HashReader for Stored {
    type Error = u64;

    fn read(&self, index: u64) -> Result<Hash, u64> {
        usize::try_from(index).ok().and_then(|at| self.0.get(at)).copied().ok_or(index)
    }
}

fn grow(leaves: &[Hash]) -> (Frontier, Stored) {
    let (mut frontier, mut stored) = (Frontier::new(), Stored::default());
    for leaf in leaves {
        frontier.push(*leaf, |index, hash| {
            assert_eq!(index, stored.0.len() as u64, "hashes are stored in order, none left out");
            stored.0.push(*hash);
        });
    }
    (frontier, stored)
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count as u64).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

/// Roots for the leaves of the RFC 6962 reference implementation's test suite (`merkle_tree_test.cc`).
#[test]
fn published_roots() {
    let inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    assert_eq!(hex::encode(frontier.root()), roots[0]);
    for (input, root) in inputs.iter().zip(&roots[1..]) {
        frontier.push(leaf_hash(&hex::decode(input).unwrap()), |_, _| {});
        assert_eq!(hex::encode(frontier.root()), *root, "after {input:?}");
    }
}

#[test]
fn every_small_tree_is_the_one_of_the_definition() {
    let all = leaves(130);
    let (_, stored) = grow(&all);
    for size in 0..=all.len() {
        let (frontier, _) = grow(&all[..size]);
        let expected = naive::root(&all[..size]);
        assert_eq!(frontier.root(), expected, "size {size}");
        assert_eq!(root(size as u64, &stored), Ok(expected), "size {size}, read back");
        assert_eq!(frontier.next_index(), stored_count(size as u64), "size {size}");
    }
}

#[test]
fn every_small_proof_is_the_one_of_the_definition() {
    let all = leaves(34);
    let (_, stored) = grow(&all);
    for size in 1..=all.len() {
        let now = naive::root(&all[..size]);
        for index in 0..size {
            let proof = prove_inclusion(size as u64, index as u64, &stored).unwrap();
            assert_eq!(proof, naive::path(index, &all[..size]), "leaf {index} of {size}");
            assert_eq!(verify_inclusion(&proof, size as u64, &now, index as u64, &all[index]), Ok(()));
        }
        for old in 1..=size {
            let proof = prove_consistency(old as u64, size as u64, &stored).unwrap();
            assert_eq!(proof, naive::consistency(old, &all[..size]), "{old} in {size}");
            let then = naive::root(&all[..old]);
            assert_eq!(verify_consistency(&proof, old as u64, &then, size as u64, &now), Ok(()));
        }
    }
}

#[test]
fn an_append_reads_the_edge_and_stores_what_the_frontier_does() {
    let mut stored = Stored::default();
    for size in 0..70_u64 {
        let added = append(size, &size.to_be_bytes(), &stored).unwrap();
        for (index, hash) in added {
            assert_eq!(index, stored.0.len() as u64);
            stored.0.push(hash);
        }
    }
    assert_eq!(stored.0, grow(&leaves(70)).1.0);
}

#[test]
fn a_missing_hash_is_the_readers_error() {
    let (_, mut stored) = grow(&leaves(5));
    stored.0.pop();
    assert_eq!(Frontier::from_reader(5, &stored).map(drop), Err(7));
    assert!(matches!(prove_inclusion(5, 0, &stored), Err(ProveError::Read(7))));
    assert!(matches!(prove_consistency(4, 5, &stored), Err(ProveError::Read(7))));
}

#[test]
fn wrong_questions_are_named() {
    use ProofFault::{IndexBeyondSize, Mismatch, SizeTooLarge, SizeZero, SizesReversed};
    let zero = [0; 32];
    let inclusion = |size, index, fault| {
        assert_eq!(verify_inclusion(&[], size, &zero, index, &zero), Err(fault), "leaf {index} of {size}");
        assert!(matches!(prove_inclusion(size, index, &Stored::default()), Err(ProveError::Fault(f)) if f == fault));
    };
    inclusion(0, 0, SizeZero);
    inclusion(1, 1, IndexBeyondSize);
    inclusion(5, u64::MAX, IndexBeyondSize);
    inclusion(LEAVES_MAX + 1, 0, SizeTooLarge);
    inclusion(u64::MAX, 0, SizeTooLarge);
    let consistency = |old, new, fault| {
        assert_eq!(verify_consistency(&[], old, &zero, new, &zero), Err(fault), "{old} in {new}");
        assert!(matches!(prove_consistency(old, new, &Stored::default()), Err(ProveError::Fault(f)) if f == fault));
    };
    consistency(0, 0, SizeZero);
    consistency(0, 5, SizeZero);
    consistency(6, 5, SizesReversed);
    consistency(1, u64::MAX, SizeTooLarge);
    assert_eq!(verify_inclusion(&[zero; 65], 5, &zero, 0, &zero), Err(Mismatch));
    assert_eq!(verify_inclusion(&vec![zero; 100_000], LEAVES_MAX, &zero, 0, &zero), Err(Mismatch));
    assert_eq!(verify_consistency(&vec![zero; 100_000], 1, &zero, LEAVES_MAX, &zero), Err(Mismatch));
}

proptest! {
    #[test]
    fn larger_trees_agree_with_the_definition(size in 1_usize..700, index in 0_usize..700, old in 1_usize..700) {
        let (index, old) = (index % size, (old - 1) % size + 1);
        let all = leaves(size);
        let (frontier, stored) = grow(&all);
        prop_assert_eq!(frontier.root(), naive::root(&all));
        prop_assert_eq!(prove_inclusion(size as u64, index as u64, &stored).unwrap(), naive::path(index, &all));
        prop_assert_eq!(prove_consistency(old as u64, size as u64, &stored).unwrap(), naive::consistency(old, &all));
    }

    #[test]
    fn a_frontier_opened_anywhere_goes_on_the_same(size in 0_usize..300, more in 0_usize..40) {
        let all = leaves(size + more);
        let (whole, stored) = grow(&all);
        let mut opened = Frontier::from_reader(size as u64, &stored).unwrap();
        for leaf in &all[size..] {
            opened.push(*leaf, |index, hash| assert_eq!(stored.0[index as usize], *hash));
        }
        prop_assert_eq!(opened.root(), whole.root());
        prop_assert_eq!(opened.next_index(), whole.next_index());
    }

    /// Anything at all changed in a proof, or in what it is held against, makes it fail.
    #[test]
    fn a_changed_inclusion_proof_fails(size in 2_usize..200, index in 0_usize..200, bit in 0_usize..256, at in 0_usize..64) {
        let index = index % size;
        let all = leaves(size);
        let (frontier, stored) = grow(&all);
        let (root, n, i) = (frontier.root(), size as u64, index as u64);
        let proof = prove_inclusion(n, i, &stored).unwrap();
        prop_assert_eq!(verify_inclusion(&proof, n, &root, i, &all[index]), Ok(()));
        let flip = |hash: &Hash| { let mut hash = *hash; hash[bit / 8] ^= 1 << (bit % 8); hash };
        let mut flipped = proof.clone();
        let at = at % proof.len();
        flipped[at] = flip(&flipped[at]);
        let longer = [&proof[..], &[root]].concat();
        let other = (index + 1) % size;
        prop_assert!(verify_inclusion(&flipped, n, &root, i, &all[index]).is_err());
        prop_assert!(verify_inclusion(&proof[1..], n, &root, i, &all[index]).is_err());
        prop_assert!(verify_inclusion(&proof[..proof.len() - 1], n, &root, i, &all[index]).is_err());
        prop_assert!(verify_inclusion(&longer, n, &root, i, &all[index]).is_err());
        prop_assert!(verify_inclusion(&proof, n, &flip(&root), i, &all[index]).is_err());
        prop_assert!(verify_inclusion(&proof, n, &root, i, &flip(&all[index])).is_err());
        prop_assert!(verify_inclusion(&proof, n, &root, other as u64, &all[index]).is_err());
        prop_assert!(verify_inclusion(&proof, n, &root, i, &all[other]).is_err());
    }

    #[test]
    fn a_changed_consistency_proof_fails(size in 2_usize..200, old in 1_usize..200, bit in 0_usize..256, at in 0_usize..64) {
        let old = (old - 1) % (size - 1) + 1;
        let all = leaves(size);
        let (frontier, stored) = grow(&all);
        let (then, now, m, n) = (naive::root(&all[..old]), frontier.root(), old as u64, size as u64);
        let proof = prove_consistency(m, n, &stored).unwrap();
        prop_assert_eq!(verify_consistency(&proof, m, &then, n, &now), Ok(()));
        let flip = |hash: &Hash| { let mut hash = *hash; hash[bit / 8] ^= 1 << (bit % 8); hash };
        let mut flipped = proof.clone();
        let at = at % proof.len();
        flipped[at] = flip(&flipped[at]);
        let longer = [&proof[..], &[now]].concat();
        prop_assert!(verify_consistency(&flipped, m, &then, n, &now).is_err());
        prop_assert!(verify_consistency(&proof[1..], m, &then, n, &now).is_err());
        prop_assert!(verify_consistency(&longer, m, &then, n, &now).is_err());
        prop_assert!(verify_consistency(&proof, m, &flip(&then), n, &now).is_err());
        prop_assert!(verify_consistency(&proof, m, &then, n, &flip(&now)).is_err());
    }

    /// A proof that a stranger wrote is refused, not a reason to fall over.
    #[test]
    fn no_proof_panics(
        proof in prop::collection::vec(any::<[u8; 32]>(), 0..80),
        a in any::<u64>(), b in any::<u64>(), root in any::<[u8; 32]>(), leaf in any::<[u8; 32]>(),
    ) {
        prop_assert!(verify_inclusion(&proof, a, &root, b, &leaf).is_err());
        prop_assert!(verify_consistency(&proof, a, &root, b, &leaf).is_err());
    }
}
