//! The hashes of a stored tree, read by their index. A row holds every eighth level; the levels between are hashed again from
//! the row below them. Never caches between questions: a proof takes one row a level, and RocksDB keeps those near.

use std::collections::BTreeMap;
use std::path::Path;

use ledger::tree::{Hash, HashReader, split_index};

use super::tile;
use super::tiles::subtree;
use crate::error::StoreError;
use crate::read::Read;

/// Tree levels from one row of tiles to the next.
const ROW_LEVELS: u8 = 8;

/// Hashes in a row, a power of two.
const ROW_BITS: u32 = 8;

/// A tenant's stored hashes.
pub struct TreeHashes<'a, S> {
    /// Where they are.
    pub state: &'a S,
    /// The tenant's number.
    pub tenant: u32,
}

impl<S: Read> TreeHashes<'_, S> {
    /// The full subtree of `1 << inner` hashes that begins at `number << inner` of a tile level.
    fn within(row: &[u8], inner: u8, number: u64) -> Option<Hash> {
        let (hashes, _) = row.as_chunks::<32>();
        let first = usize::try_from((number << inner) & ((1 << ROW_BITS) - 1)).ok()?;
        hashes.get(first..first + (1 << inner)).map(subtree)
    }
}

impl<S: Read> HashReader for TreeHashes<'_, S> {
    type Error = StoreError;

    fn read(&self, index: u64) -> Result<Hash, StoreError> {
        self.read_many(&[index]).map(|hashes| hashes[0])
    }

    fn read_many(&self, indexes: &[u64]) -> Result<Vec<Hash>, StoreError> {
        let mut rows: BTreeMap<(u8, u64), Vec<u8>> = BTreeMap::new();
        let mut hashes = Vec::with_capacity(indexes.len());
        for index in indexes {
            let (level, number) = split_index(*index);
            let (row_level, inner) = (level / ROW_LEVELS, level % ROW_LEVELS);
            let row_number = (number << inner) >> ROW_BITS;
            let missing = || {
                let what = format!(
                    "tile {row_level}/{row_number} of tree {} lacks hash {number} of level {level}",
                    self.tenant
                );
                StoreError::damaged(Path::new("."), what)
            };
            let row = match rows.entry((row_level, row_number)) {
                std::collections::btree_map::Entry::Occupied(row) => row.into_mut(),
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(tile(self.state, self.tenant, row_level, row_number)?.ok_or_else(missing)?)
                }
            };
            hashes.push(Self::within(row, inner, number).ok_or_else(missing)?);
        }
        Ok(hashes)
    }
}

#[cfg(test)]
mod tests {
    use ledger::tree::{Frontier, leaf_hash, prove_consistency, prove_inclusion, verify_consistency, verify_inclusion};

    use super::*;
    use crate::tables::Tree;
    use crate::{Durability, Store, StoreOptions};

    #[test]
    fn proofs_from_rows_lead_to_the_roots() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &StoreOptions::default()).unwrap();
        let (mut tree, mut frontier) = (Tree::default(), Frontier::new());
        let mut roots = vec![frontier.root()];
        let sizes = 66_100_u64;
        let mut batch = store.batch();
        for n in 0..sizes {
            tree.push(&mut batch, 3, leaf_hash(&n.to_be_bytes()));
            frontier.push(leaf_hash(&n.to_be_bytes()), |_, _| {});
            roots.push(frontier.root());
        }
        tree.store(&mut batch, 3);
        batch.commit(Durability::Written).unwrap();
        let hashes = TreeHashes { state: &store, tenant: 3 };
        let root = |size: u64| &roots[usize::try_from(size).unwrap()];
        for size in [1, 2, 3, 255, 256, 257, 511, 513, 65_535, 65_536, 65_537, sizes] {
            for index in [0, 1, size / 3, size / 2, size.saturating_sub(2), size - 1] {
                if index < size {
                    let proof = prove_inclusion(size, index, &hashes).unwrap();
                    verify_inclusion(&proof, size, root(size), index, &leaf_hash(&index.to_be_bytes())).unwrap();
                }
            }
            for old in [1, 255, 256, 300, 65_536] {
                if old <= size {
                    let proof = prove_consistency(old, size, &hashes).unwrap();
                    verify_consistency(&proof, old, root(old), size, root(size)).unwrap();
                }
            }
        }
        assert!(prove_inclusion(sizes + 1, 0, &hashes).is_err(), "a hash that is not stored is an error");
    }
}
