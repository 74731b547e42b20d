//! Reading stored hashes back. Never caches: how hashes are kept near is the store's to know.

use super::{Frontier, Hash};

/// Gives the hash stored at an index.
pub trait HashReader {
    /// What can go wrong while reading; an index that is not there is such an error.
    type Error;

    /// The hash at `index`.
    ///
    /// # Errors
    /// The store's own.
    fn read(&self, index: u64) -> Result<Hash, Self::Error>;

    /// The hashes at `indexes`, in their order; for stores that read many at once more cheaply than one by one.
    ///
    /// # Errors
    /// The store's own. Giving another number of hashes than asked for is a fault of the implementation.
    fn read_many(&self, indexes: &[u64]) -> Result<Vec<Hash>, Self::Error> {
        indexes.iter().map(|&index| self.read(index)).collect()
    }
}

impl<R: HashReader + ?Sized> HashReader for &R {
    type Error = R::Error;

    fn read(&self, index: u64) -> Result<Hash, R::Error> {
        (**self).read(index)
    }

    fn read_many(&self, indexes: &[u64]) -> Result<Vec<Hash>, R::Error> {
        (**self).read_many(indexes)
    }
}

/// Root of the tree of the first `size` leaves; any size up to the number stored.
///
/// # Errors
/// The reader's.
///
/// # Panics
/// Where `size` is over [`super::LEAVES_MAX`].
pub fn root<R: HashReader>(size: u64, reader: &R) -> Result<Hash, R::Error> {
    Ok(Frontier::from_reader(size, reader)?.root())
}
