//! Paths of tiles: `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`.
//! Never accepts two spellings of one path, so that a cache or a WORM bucket holds each tile once.

use std::fmt;

use super::TILE_WIDTH;

/// Highest level that the format names; no tree of ours comes near it.
const LEVEL_MAX: u8 = 63;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Hashes of tree level 8 × this.
    Level(u8),
    /// Leaves: an entry bundle.
    Entries,
}

/// The place of one tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    part: Part,
    number: u64,
    width: u16,
}

/// The text, or the numbers, name no tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile: tile/LEVEL/NUMBER or tile/entries/NUMBER, with .p/WIDTH for a partial one")]
pub struct TilePathFault;

impl TilePath {
    /// Names a tile: its number from the left, and its width: 256 for a full one, 1 to 255 for a partial one.
    ///
    /// # Errors
    /// [`TilePathFault`] for a level over 63 or a width out of range.
    pub fn new(part: Part, number: u64, width: u16) -> Result<Self, TilePathFault> {
        let level = !matches!(part, Part::Level(level) if level > LEVEL_MAX);
        if level && (1..=TILE_WIDTH).contains(&width) { Ok(Self { part, number, width }) } else { Err(TilePathFault) }
    }

    /// Reads a path, in the one spelling that `Display` gives; no leading slash.
    ///
    /// # Errors
    /// [`TilePathFault`].
    pub fn parse(text: &str) -> Result<Self, TilePathFault> {
        let path = Self::read(text).ok_or(TilePathFault)?;
        if path.to_string() == text { Ok(path) } else { Err(TilePathFault) }
    }

    fn read(text: &str) -> Option<Self> {
        let (part, rest) = text.strip_prefix("tile/")?.split_once('/')?;
        let part = if part == "entries" { Part::Entries } else { Part::Level(part.parse().ok()?) };
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, width.parse().ok().filter(|width| *width < TILE_WIDTH)?),
            None => (rest, TILE_WIDTH),
        };
        let mut number = 0_u64;
        for group in groups.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            let three = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
            let value = digits.parse().ok().filter(|_| three)?;
            number = number.checked_mul(1000)?.checked_add(value)?;
        }
        Self::new(part, number, width).ok()
    }

    /// What the tile holds.
    #[must_use]
    pub const fn part(&self) -> Part {
        self.part
    }

    /// Its number from the left, from 0.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Hashes or leaves in it, 1 to 256.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether it will never grow.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Part::Level(level) => write!(f, "tile/{level}/")?,
            Part::Entries => f.write_str("tile/entries/")?,
        }
        // u64::MAX has 20 digits, so seven groups of three at most.
        for power in (1..7).rev() {
            let above = self.number / 1000_u64.pow(power);
            if above > 0 {
                write!(f, "x{:03}/", above % 1000)?;
            }
        }
        write!(f, "{:03}", self.number % 1000)?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}
