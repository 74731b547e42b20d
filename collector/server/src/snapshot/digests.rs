//! Digests of files that were hashed before: files of a store never change, so that a snapshot reads what is new alone.
//! Kept in memory; a process that starts reads its stores once. Never believed where length, place or time of a file differ.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;

use ledger::digest::object_hasher;
use ledger::leaf::Hex;
use ledger::manifest::{FileName, StoredFile};
use store::CopiedFile;

use super::SnapshotError;
use super::remote::PIECE_BYTES;

/// What says that a file is the one that was hashed: length, file number on its disk, time of its last change, ns.
type Mark = (u64, u64, i128);

/// The digests of one partition's files.
#[derive(Default)]
pub struct Digests {
    known: HashMap<String, (Mark, Hex<32>)>,
}

impl Digests {
    /// The files of a copy with their digests, by name. Afterwards these files are known and no others.
    ///
    /// # Errors
    /// When a file can't be read, or has a name that no store's file has.
    pub async fn of(&mut self, files: &[CopiedFile]) -> Result<Vec<StoredFile>, SnapshotError> {
        let mut known = HashMap::new();
        let mut stored = Vec::with_capacity(files.len());
        for file in files {
            let failed = |error: std::io::Error| SnapshotError::disk(&file.path, "be read", &error);
            let name = FileName::parse(&file.name)
                .map_err(|fault| SnapshotError::Disk { path: file.path.clone(), what: fault.to_string() })?;
            let meta = std::fs::metadata(&file.path).map_err(failed)?;
            let changed_ns = i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec());
            let mark = (meta.len(), meta.ino(), changed_ns);
            let digest = match self.known.get(&file.name) {
                Some((found, digest)) if *found == mark => *digest,
                _ => hash(file).await?,
            };
            known.insert(file.name.clone(), (mark, digest));
            stored.push(StoredFile { name, digest, length_bytes: meta.len() });
        }
        self.known = known;
        Ok(stored)
    }
}

async fn hash(file: &CopiedFile) -> Result<Hex<32>, SnapshotError> {
    let failed = |error: std::io::Error| SnapshotError::disk(&file.path, "be read", &error);
    let mut from = File::open(&file.path).map_err(failed)?;
    let (mut hasher, mut piece) = (object_hasher(), vec![0; PIECE_BYTES]);
    loop {
        let read = from.read(&mut piece).map_err(failed)?;
        if read == 0 {
            return Ok(Hex(*hasher.finalize().as_bytes()));
        }
        hasher.update(&piece[..read]);
        tokio::task::yield_now().await;
    }
}
