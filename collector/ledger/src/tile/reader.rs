//! The hashes of a tree, read by their index from tiles that somebody serves. Believes no tile for itself: what is read is worth
//! something once a proof made of it leads to a root that is believed.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Part, TILE_WIDTH, TilePath, width_at};
use crate::tree::{EMPTY_ROOT, Hash, HashReader, node_hash, split_index};

/// Tree levels from one tile level to the next, and bits of a hash's place in its tile.
const LEVELS: u8 = 8;

/// Hashes of a tree of `size` leaves over tiles that `fetch` gives, or says not to be there; each is fetched once. Meant for
/// one proof: it takes some tiles a level.
pub struct TileHashes<F> {
    size: u64,
    fetch: F,
    fetched: RefCell<BTreeMap<(u8, u64), Vec<u8>>>,
}

/// Why a hash could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TileFault<E> {
    /// The tile could not be fetched.
    #[error("tile {0} could not be fetched")]
    Fetch(TilePath, #[source] E),
    /// It is not there, or not as long as it is in a tree of this size.
    #[error("tile {0} is missing or of another length than the tree gives it")]
    Missing(TilePath),
    /// The index lies beyond the tree.
    #[error("the tree has no such hash")]
    Beyond,
}

impl<E, F: Fn(&TilePath) -> Result<Option<Vec<u8>>, E>> TileHashes<F> {
    /// Hashes of a tree of `size` leaves.
    pub fn new(size: u64, fetch: F) -> Self {
        Self { size, fetch, fetched: RefCell::default() }
    }

    /// The tile's bytes: as wide as the tree has it, cut from the full one where a log has given up the partial one.
    fn tile(&self, level: u8, number: u64) -> Result<Vec<u8>, TileFault<E>> {
        let width = width_at(Part::Level(level), number, self.size);
        let path = TilePath::new(Part::Level(level), number, width).map_err(|_| TileFault::Beyond)?;
        let full = TilePath::new(Part::Level(level), number, TILE_WIDTH).map_err(|_| TileFault::Beyond)?;
        let fetch = |path| (self.fetch)(path).map_err(|error| TileFault::Fetch(*path, error));
        let exact = |bytes: &Vec<u8>, path: &TilePath| bytes.len() == usize::from(path.width()) * 32;
        if let Some(bytes) = fetch(&path)?.filter(|bytes| exact(bytes, &path)) {
            return Ok(bytes);
        }
        let mut bytes = match path.is_full() {
            true => None,
            false => fetch(&full)?.filter(|bytes| exact(bytes, &full)),
        };
        bytes.iter_mut().for_each(|bytes| bytes.truncate(usize::from(width) * 32));
        bytes.ok_or(TileFault::Missing(path))
    }
}

impl<E, F: Fn(&TilePath) -> Result<Option<Vec<u8>>, E>> HashReader for TileHashes<F> {
    type Error = TileFault<E>;

    fn read(&self, index: u64) -> Result<Hash, Self::Error> {
        let (level, number) = split_index(index);
        let (tile_level, inner) = (level / LEVELS, level % LEVELS);
        // Beyond the largest tree, for which there are no indexes, nothing is shifted out.
        let first = number.checked_mul(1 << inner).ok_or(TileFault::Beyond)?;
        let tile_number = first >> LEVELS;
        let place = (tile_level, tile_number);
        if !self.fetched.borrow().contains_key(&place) {
            let bytes = self.tile(tile_level, tile_number)?;
            self.fetched.borrow_mut().insert(place, bytes);
        }
        let fetched = self.fetched.borrow();
        let (hashes, _) = fetched.get(&place).map(|bytes| bytes.as_chunks::<32>()).unwrap_or_default();
        let at = usize::from(u8::try_from(first & 0xff).unwrap_or(u8::MAX));
        hashes.get(at..at + (1 << inner)).map(full_subtree).ok_or(TileFault::Beyond)
    }
}

/// Root over a power of two of hashes, such as a full tile; of none, that of the empty tree.
#[must_use]
pub fn full_subtree(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => EMPTY_ROOT,
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len() / 2);
            node_hash(&full_subtree(left), &full_subtree(right))
        }
    }
}
