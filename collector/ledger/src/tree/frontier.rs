//! The right edge of a growing tree: one hash per full subtree, all that an append needs.
//! Never reads storage after it was opened, and allocates nothing while it grows.

use super::{EMPTY_ROOT, Hash, HashReader, LEAVES_MAX, node_hash, stored_count, stored_index};

/// One slot for each level that a full subtree can have.
const LEVELS: usize = 63;

/// The full subtrees that a tree of `size` leaves is made of: one for each bit set in `size`.
#[derive(Clone)]
pub struct Frontier {
    size: u64,
    /// Index of the next hash to store: `stored_count(size)`.
    next_index: u64,
    /// Root of the full subtree of 2^level leaves. Meaningful only where that bit of `size` is set.
    peaks: [Hash; LEVELS],
}

impl Frontier {
    /// The edge of the empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, next_index: 0, peaks: [[0; 32]; LEVELS] }
    }

    /// Reads the edge of a stored tree: one hash for each bit set in `size`.
    ///
    /// # Errors
    /// The reader's.
    ///
    /// # Panics
    /// Where `size` is over [`LEAVES_MAX`].
    pub fn from_reader<R: HashReader>(size: u64, reader: &R) -> Result<Self, R::Error> {
        let mut frontier = Self { size, next_index: stored_count(size), ..Self::new() };
        let levels = || levels(size);
        let indexes: Vec<u64> = levels().map(|level| stored_index(level, (size >> level) - 1)).collect();
        let hashes = reader.read_many(&indexes)?;
        assert_eq!(hashes.len(), indexes.len(), "a reader gives as many hashes as it is asked for");
        for (level, hash) in levels().zip(hashes) {
            frontier.peaks[usize::from(level)] = hash;
        }
        Ok(frontier)
    }

    /// Leaves in the tree.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Index that the next stored hash gets.
    #[must_use]
    pub const fn next_index(&self) -> u64 {
        self.next_index
    }

    /// Appends a leaf by its hash and hands every hash to be stored to `store`, with its index: the leaf's first, then
    /// each subtree that it completes. Two on average, `1 + log2(size)` at most.
    ///
    /// # Panics
    /// Where the tree is full ([`LEAVES_MAX`]).
    pub fn push(&mut self, leaf: Hash, mut store: impl FnMut(u64, &Hash)) {
        assert!(self.size < LEAVES_MAX, "the tree has room for another leaf");
        let mut hash = leaf;
        let mut level = 0;
        store(self.next_index, &hash);
        self.next_index += 1;
        // Adding one to `size` carries through its trailing ones: each carry joins two subtrees of one size.
        while self.size >> level & 1 == 1 {
            hash = node_hash(&self.peaks[level], &hash);
            level += 1;
            store(self.next_index, &hash);
            self.next_index += 1;
        }
        self.peaks[level] = hash;
        self.size += 1;
    }

    /// Root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = levels(self.size).map(|level| &self.peaks[usize::from(level)]);
        let Some(&smallest) = peaks.next() else { return EMPTY_ROOT };
        peaks.fold(smallest, |right, left| node_hash(left, &right))
    }
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Frontier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frontier(size {}, root {})", self.size, hex::encode(self.root()))
    }
}

/// Levels of the full subtrees in a tree of `size` leaves, smallest first.
fn levels(size: u64) -> impl Iterator<Item = u8> {
    (0..64_u8).filter(move |level| size >> level & 1 == 1)
}
