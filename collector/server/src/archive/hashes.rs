//! Hashes of a tree that lies in tiles, wherever those come from.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ledger::proof::{Fault, Verdict};
use ledger::tile::{Part, TILE_WIDTH, TilePath, width_at};
use ledger::tree::{EMPTY_ROOT, Hash, HashReader, node_hash, split_index};

use super::{ArchiveError, Source};

/// Reads the hashes of a tree of `size` leaves out of its tiles.
pub struct TileHashes<'a> {
    /// Leaves of the tree: which partial tiles there are.
    pub size: u64,
    /// Gives a tile by its path.
    pub source: &'a dyn Source,
    /// Tiles that were read, by level and number.
    pub seen: RefCell<BTreeMap<(u8, u64), Vec<u8>>>,
}

impl<'a> TileHashes<'a> {
    pub fn new(size: u64, source: &'a dyn Source) -> Self {
        Self { size, source, seen: RefCell::default() }
    }

    fn tile(&self, level: u8, number: u64) -> Result<Vec<u8>, ArchiveError> {
        if let Some(tile) = self.seen.borrow().get(&(level, number)) {
            return Ok(tile.clone());
        }
        let width = width_at(Part::Level(level), number, self.size);
        let path = TilePath::new(Part::Level(level), number, width.max(1));
        let path = path.map_err(|fault| Fault::new(Verdict::Malformed, fault.to_string()))?.to_string();
        let tile = self.source.get(&path)?.ok_or_else(|| Fault::new(Verdict::Missing, path.clone()))?;
        if tile.len() != usize::from(width) * 32 {
            let what = format!("{path} has {} bytes, and {} hashes have {}", tile.len(), width, u32::from(width) * 32);
            return Err(Fault::new(Verdict::TileMismatch, what).into());
        }
        self.seen.borrow_mut().insert((level, number), tile.clone());
        Ok(tile)
    }
}

impl HashReader for TileHashes<'_> {
    type Error = ArchiveError;

    fn read(&self, index: u64) -> Result<Hash, ArchiveError> {
        let (level, number) = split_index(index);
        let (tile_level, inner) = (level / 8, level % 8);
        let first = number << inner;
        let tile = self.tile(tile_level, first / u64::from(TILE_WIDTH))?;
        let (hashes, _) = tile.as_chunks::<32>();
        let at = usize::try_from(first % u64::from(TILE_WIDTH)).unwrap_or(usize::MAX);
        let within = hashes.get(at..at + (1 << inner));
        let within = within.ok_or_else(|| Fault::new(Verdict::Missing, format!("hash {number} of level {level}")))?;
        Ok(full(within))
    }
}

/// The root of a full subtree.
pub(crate) fn full(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => EMPTY_ROOT,
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len() / 2);
            node_hash(&full(left), &full(right))
        }
    }
}
