//! A folder of snapshots, looked at from outside.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::{LedgerName, SnapshotName};
use serde_json::Value;
use server::keyring::Keyring;
use server::snapshot::{Access, Place, Remote, Trust};
use tempfile::TempDir;

pub struct Shelf {
    folder: TempDir,
}

impl Shelf {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The setting that names it.
    pub fn setting(&self) -> String {
        format!("snapshots.url={}", self.path().display())
    }

    pub fn remote(&self) -> Remote {
        let place = Place::parse(self.path().to_str().unwrap()).unwrap();
        Remote::open(&place, &Default::default(), Access::Write).unwrap()
    }

    /// The deployment's own key, from its data folder.
    pub fn trust(data: &Path) -> Trust {
        let keyring = Keyring::load(&data.join("keys")).unwrap();
        Trust::Own(Arc::new(keyring), LedgerName::parse("ledgerline").unwrap())
    }

    /// Every file below a folder of it, by its path there.
    pub fn files(&self, below: &str) -> Vec<PathBuf> {
        let (mut files, mut folders) = (Vec::new(), vec![self.path().join(below)]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }

    /// Its snapshots, oldest first.
    pub fn names(&self) -> Vec<SnapshotName> {
        let relative = |path: &PathBuf| path.strip_prefix(self.path()).unwrap().to_str().unwrap().to_owned();
        let manifests = self.files("manifests");
        manifests.iter().map(|path| SnapshotName::of_path(&relative(path)).unwrap()).collect()
    }

    pub fn manifest_path(&self, name: &SnapshotName) -> PathBuf {
        self.path().join(name.path())
    }

    /// Whether a store was made from this snapshot: it still has files of it, byte by byte.
    pub fn made_from(&self, store: &Path, made: &Value) -> bool {
        let name: SnapshotName = made["snapshot"].as_str().unwrap().parse().unwrap();
        let text = std::fs::read_to_string(self.manifest_path(&name)).unwrap();
        let manifest: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        let tables = manifest["files"].as_array().unwrap().iter().filter(|file| {
            let name = file["name"].as_str().unwrap();
            name.ends_with(".sst")
        });
        let same = |file: &Value| {
            let kept = std::fs::read(self.path().join("objects").join(file["digest"].as_str().unwrap())).unwrap();
            std::fs::read(store.join(file["name"].as_str().unwrap())).is_ok_and(|bytes| bytes == kept)
        };
        tables.filter(|file| same(file)).count() > 0
    }
}
