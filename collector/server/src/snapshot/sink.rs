//! Where an object's bytes go while they are read: counted, hashed, and written where a file is named. Owns the verdict.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ledger::SnapshotName;
use ledger::digest::object_hasher;
use ledger::manifest::StoredFile;

use super::SnapshotError;

/// Takes the bytes of one object.
pub(super) struct Sink<'a> {
    name: &'a SnapshotName,
    expected: &'a StoredFile,
    hasher: blake3::Hasher,
    taken_bytes: u64,
    to: Option<(File, PathBuf)>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(
        name: &'a SnapshotName,
        expected: &'a StoredFile,
        to: Option<&Path>,
    ) -> Result<Self, SnapshotError> {
        let made = to.map(|path| {
            let file = File::create_new(path).map_err(|error| SnapshotError::disk(path, "be made", &error))?;
            Ok::<_, SnapshotError>((file, path.to_owned()))
        });
        Ok(Self { name, expected, hasher: object_hasher(), taken_bytes: 0, to: made.transpose()? })
    }

    /// Refuses an object of another length before it is read.
    pub(super) fn expect(&self, length_bytes: u64) -> Result<(), SnapshotError> {
        if length_bytes == self.expected.length_bytes { Ok(()) } else { Err(self.wrong_length(length_bytes)) }
    }

    pub(super) fn take(&mut self, piece: &[u8]) -> Result<(), SnapshotError> {
        self.taken_bytes += piece.len() as u64;
        if self.taken_bytes > self.expected.length_bytes {
            return Err(self.wrong_length(self.taken_bytes));
        }
        self.hasher.update(piece);
        match &mut self.to {
            None => Ok(()),
            Some((file, path)) => {
                file.write_all(piece).map_err(|error| SnapshotError::disk(path, "be written", &error))
            }
        }
    }

    /// What was taken is the object, and is on disk where it was to be written.
    pub(super) fn finish(self) -> Result<(), SnapshotError> {
        if self.taken_bytes != self.expected.length_bytes {
            return Err(self.wrong_length(self.taken_bytes));
        }
        if *self.hasher.finalize().as_bytes() != self.expected.digest.0 {
            let what =
                format!("the bytes of {} are not those of its digest {}", self.expected.name, self.expected.digest);
            return Err(SnapshotError::unsound(self.name, what));
        }
        match self.to {
            None => Ok(()),
            Some((file, path)) => file.sync_all().map_err(|error| SnapshotError::disk(&path, "be synced", &error)),
        }
    }

    fn wrong_length(&self, found: u64) -> SnapshotError {
        let expected = self.expected;
        let what = format!("{} has {found} bytes or more, and {} were written", expected.name, expected.length_bytes);
        SnapshotError::unsound(self.name, what)
    }
}
