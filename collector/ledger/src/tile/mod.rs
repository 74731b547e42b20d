//! The tree cut into tiles (`c2sp.org/tlog-tiles`): their paths, their hashes, and bundles of leaves.
//! Never decides what may be served: which sizes are published, the caller knows.

mod bundle;
mod hashes;
mod path;
mod reader;

pub use bundle::{BundleFault, ENTRY_BYTES_MAX, decode_bundle, encode_bundle};
pub use hashes::{tile_hashes, width_at};
pub use path::{Part, TilePath, TilePathFault};
pub use reader::{TileFault, TileHashes, full_subtree};

/// Hashes in a full tile, and leaves in a full bundle.
pub const TILE_WIDTH: u16 = 256;

#[cfg(test)]
mod tests;
