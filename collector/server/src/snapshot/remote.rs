//! The object store: files under the digest of their bytes, manifests under their names. Owns every request to it.
//! Never believes what it is given: a file is what its digest says or is refused; whether a manifest is ours others decide.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path as FilePath;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use ledger::SnapshotName;
use ledger::digest::object_hasher;
use ledger::leaf::Hex;
use ledger::manifest::{object_path, objects_prefix, read_object_path};
use ledger::note::NOTE_BYTES_MAX;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};

use super::crypto::Sha2;
use super::sink::Sink;
use super::{Place, SnapshotError};

/// A file up to this long goes in one request; a longer one in parts of this length.
const PART_BYTES: u64 = 8 << 20;
/// What is read of a file at once.
pub(super) const PIECE_BYTES: usize = 1 << 20;
/// Manifests or objects that one listing takes: far beyond what `snapshots.keep` leaves.
const LISTED_MAX: usize = 1_000_000;

/// What a snapshot store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To be read: it must be there.
    Read,
    /// To be written, too: a folder is made.
    Write,
}

/// An object store that holds snapshots. Clones are the same one.
#[derive(Clone)]
pub struct Remote {
    store: Arc<dyn ObjectStore>,
    place: Place,
}

/// A manifest or an object that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored<T> {
    /// Which.
    pub what: T,
    /// When it was written, by the store's clock, ns UTC.
    pub written_at_ns: i64,
    /// Its length.
    pub length_bytes: u64,
}

/// What writing a manifest came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is there now.
    Written,
    /// One of that name was there, and stays.
    Existed,
}

impl Remote {
    /// Opens it. S3 takes `options` by the names that `object_store` gives them, over `AWS_…` variables.
    ///
    /// # Errors
    /// When a folder is not there or can't be made, or an option can't be used. S3 itself is not asked yet.
    pub fn open(place: &Place, options: &BTreeMap<String, String>, access: Access) -> Result<Self, SnapshotError> {
        Ok(Self { store: open_store(place, options, access)?, place: place.clone() })
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    fn failed(&self, doing: &'static str, error: object_store::Error) -> SnapshotError {
        SnapshotError::reach(&self.place, doing, &error)
    }

    /// Writes a file under `digest`, which its bytes must have; gives its length. Writing it again changes nothing.
    ///
    /// # Errors
    /// When the file can't be read, has other bytes by now, or the store fails.
    pub async fn put_object(&self, path: &FilePath, digest: &Hex<32>) -> Result<u64, SnapshotError> {
        let reading = |error: std::io::Error| SnapshotError::disk(path, "be read", &error);
        let mut file = File::open(path).map_err(reading)?;
        let length = file.metadata().map_err(reading)?.len();
        let to = Path::from(object_path(digest));
        let mut hasher = object_hasher();
        if length <= PART_BYTES {
            let bytes = part(&mut file, &mut hasher).map_err(reading)?;
            same(path, digest, hasher.finalize().as_bytes())?;
            self.store.put(&to, PutPayload::from(bytes)).await.map_err(|error| self.failed("written", error))?;
            return Ok(length);
        }
        let mut upload = self.store.put_multipart(&to).await.map_err(|error| self.failed("written", error))?;
        let sent = async {
            for _ in 0..length.div_ceil(PART_BYTES) {
                let bytes = part(&mut file, &mut hasher).map_err(reading)?;
                upload.put_part(PutPayload::from(bytes)).await.map_err(|error| self.failed("written", error))?;
                // Whoever waits for a stop is asked between two parts.
                tokio::task::yield_now().await;
            }
            same(path, digest, hasher.finalize().as_bytes())
        };
        match sent.await {
            Ok(()) => upload.complete().await.map(|_| length).map_err(|error| self.failed("written", error)),
            Err(error) => {
                // What was sent is of no use; a store that keeps it all the same only wastes space.
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }

    /// Reads the object of a snapshot, into a file where one is named, which is synced. Its bytes must have the digest and
    /// the length that the manifest gives.
    ///
    /// # Errors
    /// [`SnapshotError::Unsound`] where it is not there or is another one; when the disk or the store fails.
    pub async fn get_object(
        &self,
        name: &SnapshotName,
        file: &ledger::manifest::StoredFile,
        to: Option<&FilePath>,
    ) -> Result<(), SnapshotError> {
        let got = match self.store.get(&Path::from(object_path(&file.digest))).await {
            Err(object_store::Error::NotFound { .. }) => {
                return Err(SnapshotError::unsound(name, format!("object {} ({}) is missing", file.digest, file.name)));
            }
            got => got.map_err(|error| self.failed("read", error))?,
        };
        let mut sink = Sink::new(name, file, to)?;
        sink.expect(got.meta.size)?;
        match got.payload {
            GetResultPayload::File(mut from, path) => {
                let mut piece = vec![0; PIECE_BYTES];
                loop {
                    let read = from.read(&mut piece).map_err(|error| SnapshotError::disk(&path, "be read", &error))?;
                    if read == 0 {
                        break;
                    }
                    sink.take(&piece[..read])?;
                    tokio::task::yield_now().await;
                }
            }
            GetResultPayload::Stream(mut from) => {
                while let Some(piece) = from.try_next().await.map_err(|error| self.failed("read", error))? {
                    sink.take(&piece)?;
                }
            }
        }
        sink.finish()
    }

    /// Writes a manifest, unless one of that name is there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put_manifest(&self, name: &SnapshotName, bytes: Vec<u8>) -> Result<Put, SnapshotError> {
        let to = Path::from(name.path());
        match self.store.put_opts(&to, PutPayload::from(bytes), PutMode::Create.into()).await {
            Ok(_) => Ok(Put::Written),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(Put::Existed)
            }
            Err(error) => Err(self.failed("written", error)),
        }
    }

    /// The bytes of a manifest, as they are.
    ///
    /// # Errors
    /// [`SnapshotError::Absent`], [`SnapshotError::Unsound`] where it is too long to be one; when the store fails.
    pub async fn manifest(&self, name: &SnapshotName) -> Result<Vec<u8>, SnapshotError> {
        let got = match self.store.get(&Path::from(name.path())).await {
            Err(object_store::Error::NotFound { .. }) => {
                let (what, place) = (format!("snapshot {name}"), self.place.to_string());
                return Err(SnapshotError::Absent { what, place });
            }
            got => got.map_err(|error| self.failed("read", error))?,
        };
        if got.meta.size > NOTE_BYTES_MAX as u64 {
            return Err(SnapshotError::unsound(name, format!("its manifest has {} bytes", got.meta.size)));
        }
        Ok(got.bytes().await.map_err(|error| self.failed("read", error))?.to_vec())
    }

    /// The manifests below `prefix` ([`SnapshotName::prefix_of`]), oldest first. What is no manifest's name is passed over.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn manifests(&self, prefix: &str) -> Result<Vec<Stored<SnapshotName>>, SnapshotError> {
        let mut found = self.list(prefix, SnapshotName::of_path).await?;
        found.sort_by_key(|stored| stored.what);
        Ok(found)
    }

    /// Every object.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn objects(&self) -> Result<Vec<Stored<Hex<32>>>, SnapshotError> {
        self.list(&objects_prefix(), read_object_path).await
    }

    async fn list<T>(&self, prefix: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<Stored<T>>, SnapshotError> {
        let mut listed = self.store.list(Some(&Path::from(prefix)));
        let mut found = Vec::new();
        while let Some(meta) = listed.try_next().await.map_err(|error| self.failed("listed", error))? {
            if found.len() == LISTED_MAX {
                let what = format!("more than {LISTED_MAX} lie below {prefix}");
                return Err(SnapshotError::Unreachable { place: self.place.to_string(), doing: "listed", what });
            }
            let Some(what) = read(meta.location.as_ref()) else { continue };
            let written_at_ns = meta.last_modified.timestamp_nanos_opt().unwrap_or(i64::MAX);
            found.push(Stored { what, written_at_ns, length_bytes: meta.size });
        }
        Ok(found)
    }

    /// Removes a manifest. What it names is collected later.
    ///
    /// # Errors
    /// When the store fails; one that is gone already is none.
    pub async fn delete_manifest(&self, name: &SnapshotName) -> Result<(), SnapshotError> {
        self.delete(&name.path()).await
    }

    /// Removes an object.
    ///
    /// # Errors
    /// As [`Remote::delete_manifest`].
    pub async fn delete_object(&self, digest: &Hex<32>) -> Result<(), SnapshotError> {
        self.delete(&object_path(digest)).await
    }

    async fn delete(&self, path: &str) -> Result<(), SnapshotError> {
        match self.store.delete(&Path::from(path)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("deleted from", error)),
        }
    }
}

/// Opens an object store. S3 takes `options` by the names that `object_store` gives them, over `AWS_…` variables.
///
/// # Errors
/// When a folder is not there or can't be made, or an option can't be used. S3 itself is not asked yet.
pub(crate) fn open_store(
    place: &Place,
    options: &BTreeMap<String, String>,
    access: Access,
) -> Result<Arc<dyn ObjectStore>, SnapshotError> {
    let failed = |error: object_store::Error| SnapshotError::reach(place, "opened", &error);
    let store: Arc<dyn ObjectStore> = match place {
        Place::Folder(folder) => {
            if access == Access::Read && !folder.is_dir() {
                return Err(SnapshotError::Absent { what: "folder".to_owned(), place: place.to_string() });
            }
            if access == Access::Write {
                std::fs::create_dir_all(folder).map_err(|error| SnapshotError::disk(folder, "be made", &error))?;
            }
            Arc::new(LocalFileSystem::new_with_prefix(folder).map_err(failed)?.with_fsync(true))
        }
        Place::S3 { bucket, prefix } => {
            let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
            for (name, value) in options {
                builder = builder.with_config(name.parse().map_err(failed)?, value);
            }
            let bucket = builder.with_crypto_provider(Arc::new(Sha2)).build().map_err(failed)?;
            Arc::new(PrefixStore::new(bucket, prefix.as_str()))
        }
    };
    Ok(store)
}

/// The next part of a file, hashed.
fn part(file: &mut File, hasher: &mut blake3::Hasher) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(PART_BYTES).read_to_end(&mut bytes)?;
    hasher.update(&bytes);
    Ok(bytes)
}

/// A file that reads otherwise than it did a moment ago lies on a disk that can't be trusted.
fn same(path: &FilePath, expected: &Hex<32>, found: &[u8; 32]) -> Result<(), SnapshotError> {
    if expected.0 == *found {
        return Ok(());
    }
    let what = "it changed between two readings, and files of a copy never do: check the disk".to_owned();
    Err(SnapshotError::Disk { path: path.to_owned(), what })
}
