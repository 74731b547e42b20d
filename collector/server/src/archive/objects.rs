//! The object store of an archive. Owns every request to it. Never replaces an object but the newest checkpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use ledger::proof::{Fault, Verdict};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};
use tokio::runtime::Runtime;

use super::ArchiveError;
use crate::snapshot::{Access, Place, SnapshotError, open_store};

/// Objects that one listing takes.
const LISTED_MAX: usize = 10_000_000;

/// Bytes of the longest object that is read: 256 bodies of the longest kind.
const OBJECT_BYTES_MAX: u64 = 1 << 30;

/// An object store that holds archives.
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    place: Place,
    runtime: Runtime,
}

impl Objects {
    /// Opens it. S3 takes `options` by the names that `object_store` gives them, over `AWS_…` variables.
    ///
    /// # Errors
    /// When it is not there, or an option can't be used.
    pub fn open(place: &Place, options: &BTreeMap<String, String>, access: Access) -> Result<Self, ArchiveError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| ArchiveError::Source(format!("the system gives no runtime: {error}")))?;
        Ok(Self { store: open_store(place, options, access)?, place: place.clone(), runtime })
    }

    /// The bytes of an object, where it is there.
    ///
    /// # Errors
    /// When the store fails.
    pub fn get(&self, path: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        self.runtime.block_on(async {
            let got = match self.store.get(&Path::from(path)).await {
                Err(object_store::Error::NotFound { .. }) => return Ok(None),
                got => got.map_err(|error| self.failed("read", &error))?,
            };
            if got.meta.size > OBJECT_BYTES_MAX {
                let what = format!("{path} has {} bytes, and nothing of an archive is so long", got.meta.size);
                return Err(Fault::new(Verdict::Malformed, what).into());
            }
            Ok(Some(got.bytes().await.map_err(|error| self.failed("read", &error))?.to_vec()))
        })
    }

    /// Creates an object; one that is there already stays, and `same` says whether it will do. Gives the bytes written.
    ///
    /// # Errors
    /// When another object is there, or the store fails.
    pub fn create(&self, path: &str, bytes: Vec<u8>, same: impl Fn(&[u8]) -> bool) -> Result<u64, ArchiveError> {
        let length = bytes.len() as u64;
        let to = Path::from(path);
        let put = self.store.put_opts(&to, PutPayload::from(bytes), PutMode::Create.into());
        match self.runtime.block_on(put) {
            Ok(_) => Ok(length),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                match self.get(path)? {
                    Some(there) if same(&there) => Ok(0),
                    _ => {
                        let what = format!("{path} is in {} already, with other content", self.place);
                        Err(Fault::new(Verdict::Fork, what).into())
                    }
                }
            }
            Err(error) => Err(self.failed("written", &error)),
        }
    }

    /// Writes the one object that is replaced.
    ///
    /// # Errors
    /// When the store fails.
    pub fn replace(&self, path: &str, bytes: Vec<u8>) -> Result<(), ArchiveError> {
        let to = Path::from(path);
        let put = self.store.put_opts(&to, PutPayload::from(bytes), PutMode::Overwrite.into());
        self.runtime.block_on(put).map(drop).map_err(|error| self.failed("written", &error))
    }

    /// The paths below a prefix, in their order.
    ///
    /// # Errors
    /// When the store fails, or there are more than anyone archives.
    pub fn list(&self, prefix: &str) -> Result<Vec<String>, ArchiveError> {
        self.runtime.block_on(async {
            let below = Path::from(prefix);
            let mut listed = self.store.list(Some(&below));
            let mut found = Vec::new();
            while let Some(meta) = listed.try_next().await.map_err(|error| self.failed("listed", &error))? {
                if found.len() == LISTED_MAX {
                    return Err(ArchiveError::Source(format!("more than {LISTED_MAX} objects lie below {prefix}")));
                }
                found.push(meta.location.to_string());
            }
            found.sort_unstable();
            Ok(found)
        })
    }

    fn failed(&self, doing: &'static str, error: &object_store::Error) -> ArchiveError {
        SnapshotError::reach(&self.place, doing, error).into()
    }
}
