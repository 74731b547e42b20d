//! A tenant's Merkle tree as C2SP tiles: a row holds the hashes of one tile, full or partial, of 256 at most.
//! Owns the growing edge in memory. What is stored is a function of the size alone, however the log was cut into batches.

use ledger::tree::{EMPTY_ROOT, Hash, node_hash};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::read::Read;
use crate::table::Table;

const TILE_WIDTH: usize = 256;

/// Key: tenant number, level, number of the tile; all big-endian.
fn key(tenant: u32, level: u8, number: u64) -> [u8; 13] {
    let mut bytes = [0; 13];
    bytes[..4].copy_from_slice(&tenant.to_be_bytes());
    bytes[4] = level;
    bytes[5..].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// The hashes of a tile: 32 bytes each, those that the tree has.
///
/// # Errors
/// When the store fails.
pub fn tile(state: &impl Read, tenant: u32, level: u8, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
    state.get(Table::Tiles, &key(tenant, level, number))
}

/// The growing edge of a tree: the partial tile of each level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    levels: Vec<Level>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Level {
    number: u64,
    hashes: Vec<Hash>,
    changed: bool,
}

impl Tree {
    /// Reads the edge of a stored tree of `size` leaves.
    ///
    /// # Errors
    /// When the store fails or lacks a tile that this size needs.
    pub fn load(state: &impl Read, tenant: u32, size: u64) -> Result<Self, StoreError> {
        let mut levels = Vec::new();
        let mut hashes_at_level = size;
        while hashes_at_level > 0 {
            let (number, width) = (hashes_at_level / TILE_WIDTH as u64, (hashes_at_level % TILE_WIDTH as u64) as usize);
            let mut level = Level { number, hashes: Vec::with_capacity(TILE_WIDTH), changed: false };
            if width > 0 {
                let depth = u8::try_from(levels.len()).unwrap_or(u8::MAX);
                let row = tile(state, tenant, depth, number)?.unwrap_or_default();
                let (stored, _) = row.as_chunks::<32>();
                level.hashes.extend_from_slice(stored.get(..width).ok_or_else(|| super::undecodable(Table::Tiles))?);
            }
            levels.push(level);
            hashes_at_level = number;
        }
        Ok(Tree { size, levels })
    }

    /// Leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash; full tiles go to the batch at once, partial ones with [`Tree::store`].
    pub fn push(&mut self, batch: &mut Batch<'_>, tenant: u32, leaf: Hash) {
        self.size += 1;
        let mut hash = leaf;
        for depth in 0_u8.. {
            let depth_index = usize::from(depth);
            if self.levels.len() == depth_index {
                self.levels.push(Level::default());
            }
            let level = &mut self.levels[depth_index];
            level.hashes.push(hash);
            level.changed = true;
            if level.hashes.len() < TILE_WIDTH {
                return;
            }
            batch.put(Table::Tiles, &key(tenant, depth, level.number), level.hashes.as_flattened());
            hash = subtree(&level.hashes);
            level.number += 1;
            level.hashes.clear();
            level.changed = false;
        }
    }

    /// Writes the partial tiles that have changed: once per batch.
    pub fn store(&mut self, batch: &mut Batch<'_>, tenant: u32) {
        for (depth, level) in (0_u8..).zip(&mut self.levels) {
            if std::mem::take(&mut level.changed) {
                batch.put(Table::Tiles, &key(tenant, depth, level.number), level.hashes.as_flattened());
            }
        }
    }

    /// Root, as RFC 6962 has it: each level's partial tile, with what lies to its right below it as its last hash.
    pub fn root(&self) -> Hash {
        let mut right: Option<Hash> = None;
        for level in &self.levels {
            right = match (level.hashes.is_empty(), right) {
                (true, right) => right,
                (false, None) => Some(subtree(&level.hashes)),
                (false, Some(last)) => {
                    let mut hashes = level.hashes.clone();
                    hashes.push(last);
                    Some(subtree(&hashes))
                }
            };
        }
        right.unwrap_or(EMPTY_ROOT)
    }
}

/// RFC 6962's hash over hashes of equal subtrees, the last of which may be smaller.
pub(super) fn subtree(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => EMPTY_ROOT,
        [one] => *one,
        more => {
            let half = more.len().next_power_of_two() / 2;
            node_hash(&subtree(&more[..half]), &subtree(&more[half..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use ledger::tree::{Frontier, leaf_hash};

    use super::*;
    use crate::{Durability, Store, StoreOptions};

    #[test]
    fn roots_are_those_of_the_frontier_and_survive_a_reload() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &StoreOptions::default()).unwrap();
        let (mut tree, mut frontier) = (Tree::default(), Frontier::new());
        assert_eq!(tree.root(), frontier.root());
        for size in 1..=66_000_u64 {
            let leaf = leaf_hash(&size.to_be_bytes());
            let mut batch = store.batch();
            tree.push(&mut batch, 7, leaf);
            frontier.push(leaf, |_, _| {});
            if size < 600 || size % 251 == 0 || size > 65_500 && size < 65_600 {
                tree.store(&mut batch, 7);
                assert_eq!(tree.root(), frontier.root(), "size {size}");
                batch.commit(Durability::Written).unwrap();
                assert_eq!(Tree::load(&store, 7, size).unwrap().root(), frontier.root(), "reloaded at {size}");
            } else {
                batch.commit(Durability::Written).unwrap();
            }
        }
    }
}
