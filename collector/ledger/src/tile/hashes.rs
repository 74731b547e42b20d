//! The hashes of a tile, read from the stored ones. Never serves a width that the tree does not have.

use super::{Part, TILE_WIDTH, TilePath};
use crate::tree::{HashReader, stored_index};

/// How wide the tile is in a tree of `size` leaves: 0 where it does not exist yet, 256 where it is full.
/// A partial tile may be asked for at any width up to this one.
#[must_use]
pub fn width_at(part: Part, number: u64, size: u64) -> u16 {
    let level = match part {
        Part::Level(level) => u32::from(level) * 8,
        Part::Entries => 0,
    };
    let hashes = size.checked_shr(level).unwrap_or(0);
    let before = number.saturating_mul(u64::from(TILE_WIDTH));
    u16::try_from(hashes.saturating_sub(before)).map_or(TILE_WIDTH, |width| width.min(TILE_WIDTH))
}

/// The bytes of a tile of hashes in a tree of `size` leaves: 32 for each. Nothing for a bundle of leaves, nor for a
/// tile, or a width, that the tree does not have.
///
/// # Errors
/// The reader's.
pub fn tile_hashes<R: HashReader>(path: &TilePath, size: u64, reader: &R) -> Result<Option<Vec<u8>>, R::Error> {
    let Part::Level(level) = path.part() else { return Ok(None) };
    if path.width() > width_at(path.part(), path.number(), size) {
        return Ok(None);
    }
    let first = path.number() * u64::from(TILE_WIDTH);
    let indexes: Vec<u64> =
        (first..first + u64::from(path.width())).map(|number| stored_index(level * 8, number)).collect();
    Ok(Some(reader.read_many(&indexes)?.concat()))
}
