//! One byte of a snapshot that is another one, or missing: `verify` and restoring find it, wherever it is.

use std::path::{Path, PathBuf};

use ledger::manifest::{Manifest, StoredFile, object_path};
use server::snapshot::{Restored, SnapshotError, Target, restore, restore_newest, verify};

use super::shelf::Shelf;
use super::{feed, lose, over, runtime, snapshot, started};

/// A stopped site with one snapshot, whose store is small.
struct Kept {
    data: tempfile::TempDir,
    shelf: Shelf,
    manifest: Manifest,
}

async fn kept(runs: u32) -> Kept {
    let (server, shelf) = started(&[]).await;
    feed(&server, 0..runs).await;
    snapshot(&server, "snapshot-one").await;
    let data = server.stop_and_keep().await;
    let name = shelf.names()[0];
    let manifest = verify(&shelf.remote(), &name, &Shelf::trust(data.path())).await.unwrap();
    Kept { data, shelf, manifest }
}

impl Kept {
    fn target(&self, folder: &Path) -> Target {
        let incarnation = Some(self.manifest.incarnation.0);
        Target { folder: folder.to_owned(), partition: 0, incarnation, generation: self.manifest.generation }
    }

    /// What both say of the snapshot as it is now: nothing, or the fault.
    async fn said(&self) -> [Option<String>; 2] {
        let (remote, name, trust) = (self.shelf.remote(), self.manifest.name(), Shelf::trust(self.data.path()));
        let fault = |result: Result<(), SnapshotError>| {
            result.err().map(|error| {
                assert!(error.is_unsound(), "{error}");
                error.to_string()
            })
        };
        let verified = verify(&remote, &name, &trust).await.map(drop);
        let elsewhere = tempfile::tempdir().unwrap();
        let target = self.target(elsewhere.path());
        let restored = restore(&remote, &name, &trust, &target).await;
        assert_eq!(restored.is_ok(), target.has_store(), "a store is there when it was restored, and only then");
        [fault(verified), fault(restored)]
    }

    fn object(&self, file: &StoredFile) -> PathBuf {
        self.shelf.path().join(object_path(&file.digest))
    }

    /// The damage is found by both, and once it is mended both are content.
    async fn check(&self, path: &Path, damaged: &[u8], what: &str) {
        let sound = std::fs::read(path).unwrap();
        std::fs::write(path, damaged).unwrap();
        let said = self.said().await;
        assert!(said.iter().all(Option::is_some), "{what} of {}: {said:?}", path.display());
        std::fs::write(path, sound).unwrap();
    }
}

/// Every byte of every object, by what reads an object for both commands.
#[test]
fn every_flipped_or_cut_byte_of_an_object_is_found() {
    runtime().block_on(async {
        let kept = kept(1).await;
        let (remote, name) = (kept.shelf.remote(), kept.manifest.name());
        let mut tried = 0_u64;
        for file in &kept.manifest.files {
            let path = kept.object(file);
            let sound = std::fs::read(&path).unwrap();
            remote.get_object(&name, file, None).await.unwrap();
            let mut bytes = sound.clone();
            for at in 0..sound.len() {
                bytes[at] ^= 1 << (at % 8);
                std::fs::write(&path, &bytes).unwrap();
                let found = remote.get_object(&name, file, None).await;
                assert!(found.is_err_and(|error| error.is_unsound()), "byte {at} of {}", file.name);
                bytes[at] = sound[at];
                tried += 1;
            }
            for length in (0..sound.len()).step_by(61).chain([sound.len().saturating_sub(1)]) {
                std::fs::write(&path, &sound[..length]).unwrap();
                let found = remote.get_object(&name, file, None).await;
                let is_whole = length == sound.len();
                assert_eq!(found.is_err(), !is_whole, "{} cut at {length}", file.name);
            }
            std::fs::write(&path, &sound).unwrap();
        }
        assert!(tried > 10_000, "only {tried} bytes");
    });
}

/// The whole way of both commands: the ends and the middle of each object, and the manifest byte by byte.
#[test]
fn verify_and_restore_refuse_what_is_damaged() {
    runtime().block_on(async {
        let kept = kept(2).await;
        assert_eq!(kept.said().await, [None, None], "it is sound: the oracle can say so");
        for file in &kept.manifest.files {
            let (path, sound) = (kept.object(file), std::fs::read(kept.object(file)).unwrap());
            for at in [0, sound.len() / 2, sound.len().saturating_sub(1)].into_iter().filter(|at| *at < sound.len()) {
                let mut bytes = sound.clone();
                bytes[at] ^= 0x10;
                kept.check(&path, &bytes, &format!("byte {at}")).await;
            }
            kept.check(&path, &[&sound[..], b"x"].concat(), "a byte too many").await;
            std::fs::remove_file(&path).unwrap();
            let said = kept.said().await;
            assert!(said.iter().all(|said| said.as_ref().is_some_and(|said| said.contains("missing"))), "{said:?}");
            std::fs::write(&path, &sound).unwrap();
        }
        let path = kept.shelf.manifest_path(&kept.manifest.name());
        let sound = std::fs::read(&path).unwrap();
        for at in 0..sound.len() {
            let mut bytes = sound.clone();
            bytes[at] ^= 1 << (at % 8);
            kept.check(&path, &bytes, &format!("byte {at}")).await;
            if at % 16 == 0 {
                kept.check(&path, &sound[..at], &format!("cut at {at}")).await;
            }
        }
        assert_eq!(kept.said().await, [None, None], "all is mended");
    });
}

/// A manifest that is well signed, and says something else than the store that its objects make.
#[test]
fn a_store_that_is_not_the_manifests_is_refused() {
    runtime().block_on(async {
        let kept = kept(2).await;
        let trust = Shelf::trust(kept.data.path());
        let server::snapshot::Trust::Own(keyring, _) = &trust else { panic!("its own key") };
        let path = kept.shelf.manifest_path(&kept.manifest.name());
        let check = async |change: &dyn Fn(&mut Manifest), part: &str| {
            let mut manifest = kept.manifest.clone();
            change(&mut manifest);
            std::fs::write(&path, manifest.seal(&[&keyring.signer(&manifest.origin).unwrap()]).unwrap()).unwrap();
            let elsewhere = tempfile::tempdir().unwrap();
            let target = kept.target(elsewhere.path());
            let error = restore(&kept.shelf.remote(), &kept.manifest.name(), &trust, &target).await.unwrap_err();
            assert!(error.is_unsound() && error.to_string().contains(part), "{error} lacks {part}");
            assert!(!target.has_store());
        };
        check(&|manifest| manifest.trees[0].root.0[31] ^= 1, "a tree").await;
        check(&|manifest| manifest.trees[0].size += 1, "a tree").await;
        check(&|manifest| drop(manifest.trees.pop()), "a tree").await;
        check(&|manifest| manifest.last_record.0[0] ^= 1, "the last record").await;
        check(&|manifest| manifest.partition_count += 1, "the partition").await;
        check(&|manifest| manifest.published.next_offset += 1, "the watermark").await;
        check(&|manifest| manifest.store_format += 1, "Upgrade this process").await;
        check(&|manifest| manifest.store_format = 0, "format 0").await;
        check(&|manifest| manifest.generation += 1, "rules of generation 2 derived it and this build's are of 1").await;
        // A file of the store that is left out is not noticed by its absence alone.
        check(&|manifest| manifest.files.retain(|file| !file.name.as_str().ends_with(".sst")), "not sound").await;
    });
}

/// One that does not verify is told, the next older one is tried; where none is left and the log is whole, the log alone.
#[test]
fn the_newest_sound_snapshot_is_restored() {
    runtime().block_on(async {
        let (server, shelf) = started(&[]).await;
        for round in 0..3 {
            feed(&server, round..round + 1).await;
            snapshot(&server, &format!("snapshot-{round}")).await;
        }
        let data = server.stop_and_keep().await;
        lose(data.path());
        let (names, trust) = (shelf.names(), Shelf::trust(data.path()));
        let newest = async || {
            let elsewhere = tempfile::tempdir().unwrap();
            let target = Target { folder: elsewhere.path().to_owned(), partition: 0, incarnation: None, generation: 1 };
            match restore_newest(&shelf.remote(), &trust, &target).await.unwrap() {
                Restored::From(name) => Some(name),
                Restored::Nothing(unsound) => {
                    assert_eq!(unsound.len(), names.len());
                    None
                }
            }
        };
        for at in (0..names.len()).rev() {
            assert_eq!(newest().await, Some(names[at]));
            let path = shelf.manifest_path(&names[at]);
            let mut bytes = std::fs::read(&path).unwrap();
            let last = bytes.len() - 2;
            bytes[last] ^= 1;
            std::fs::write(&path, bytes).unwrap();
        }
        assert_eq!(newest().await, None);
        // The log is whole: the server makes the store from it.
        let server = over(data, &shelf, &[]).await;
        server.until("/v1/status", |status| status["recorded"] == 3).await;
        assert!(server.stop().await);
    });
}
