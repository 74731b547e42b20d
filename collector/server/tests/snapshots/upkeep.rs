//! What is given up: manifests, objects, the log below a snapshot that verified. And what never is.

use server::snapshot::{Collected, collect};

use super::running::Running;
use super::shelf::Shelf;
use super::{QUIET, Seen, feed, lose, over, runtime, snapshot, started, tick};

const DAY_NS: i64 = 24 * 3_600 * 1_000_000_000;

fn now_ns() -> i64 {
    use server::clock::Clock as _;
    server::clock::SystemClock::new().now_ns()
}

#[test]
fn what_a_kept_manifest_names_and_what_is_young_stays() {
    runtime().block_on(async {
        let (server, shelf) = started(&[]).await;
        for round in 0..4 {
            feed(&server, round..round + 1).await;
            snapshot(&server, &format!("snapshot-{round}")).await;
        }
        let data = server.stop_and_keep().await;
        let (remote, trust) = (shelf.remote(), Shelf::trust(data.path()));
        let stray = shelf.path().join("objects").join("ab".repeat(32));
        std::fs::write(&stray, b"an upload that came to nothing").unwrap();
        let (names, objects) = (shelf.names(), shelf.files("objects").len());

        assert_eq!(
            collect(&remote, 2, now_ns()).await.unwrap(),
            Collected::default(),
            "all of it is younger than a day"
        );
        let tomorrow = now_ns() + DAY_NS + 1_000_000_000;
        assert_eq!(collect(&remote, 4, tomorrow).await.unwrap().manifests, 0, "four are kept");
        assert!(!stray.exists(), "what nothing names is gone");
        let collected = collect(&remote, 2, tomorrow).await.unwrap();
        assert_eq!(collected.manifests, 2);
        assert!(collected.objects > 0 && collected.bytes > 0, "{collected:?}");
        assert_eq!(shelf.names(), names[2..]);
        for name in shelf.names() {
            server::snapshot::verify(&remote, &name, &trust).await.unwrap();
        }
        assert!(shelf.files("objects").len() < objects);
        assert_eq!(collect(&remote, 2, tomorrow).await.unwrap(), Collected::default(), "nothing is left to do");

        // A manifest that can't be read may name anything: then nothing is removed.
        std::fs::write(shelf.manifest_path(&names[2]), b"unreadable").unwrap();
        std::fs::write(&stray, b"again").unwrap();
        assert!(collect(&remote, 2, tomorrow).await.is_err());
        assert!(stray.exists());
    });
}

/// The log is trimmed below a snapshot that verified; a lost store then comes from it, and from nothing else.
#[test]
fn a_trimmed_log_and_its_snapshot_make_the_store_again() {
    runtime().block_on(async {
        let (server, shelf) = started(&["snapshots.trim=true"]).await;
        feed(&server, 0..6).await;
        let made = snapshot(&server, "snapshot-one").await;
        let name = shelf.names()[0];
        feed(&server, 6..9).await;
        tick(&server, "tick-after").await;
        let before = Seen::of(&server).await;
        let start = || server.records("lineage.events").first().map(|record| record.offset);
        assert_eq!(start(), Some(name.next_offset - 1), "trimmed but for the last record that the snapshot holds");
        let data = server.stop_and_keep().await;

        // With its store: it starts as ever, though the log's beginning is gone.
        let url = shelf.setting();
        let settings = [&QUIET[..], &[&url]].concat();
        let server = over(data, &shelf, &[]).await;
        assert_eq!(Seen::of(&server).await.events, before.events);
        let data = server.stop_and_keep().await;

        // Without it: from the snapshot and the rest of the log.
        lose(data.path());
        let server = over(data, &shelf, &[]).await;
        let after = Seen::of(&server).await;
        assert_eq!((&after.events, &after.lineage), (&before.events, &before.lineage));
        assert_eq!(after.checkpoint, before.checkpoint);
        assert!(shelf.made_from(&server.folder().join("partition-0"), &made));
        let data = server.stop_and_keep().await;

        // Without both there is nothing to make it from, and it says so.
        lose(data.path());
        for (settings, part) in [(&QUIET[..], "snapshots.url is not set"), (&settings[..], "is not sound")] {
            let path = shelf.manifest_path(&name);
            std::fs::write(&path, b"damaged").unwrap();
            let refused = Running::try_start(data.path(), settings).await.err().map(|error| error.to_string());
            let refused = refused.unwrap();
            assert!(refused.contains("begins at offset") && refused.contains(part), "{refused}");
        }
    });
}

/// Nothing is trimmed for a snapshot that does not read back.
#[test]
fn an_unsound_snapshot_trims_nothing() {
    runtime().block_on(async {
        let (server, shelf) = started(&[]).await;
        feed(&server, 0..3).await;
        snapshot(&server, "snapshot-one").await;
        let (names, data) = (shelf.names(), server.stop_and_keep().await);
        let largest = shelf.files("objects").into_iter().max_by_key(|path| path.metadata().unwrap().len()).unwrap();
        let sound = std::fs::read(&largest).unwrap();
        let trimmed = async || {
            let (remote, trust) = (shelf.remote(), Shelf::trust(data.path()));
            let life = (names[0].incarnation, 0);
            server::snapshot::trimmable(&remote, &trust, life, &mut Default::default()).await.unwrap()
        };
        let mut bytes = sound.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&largest, bytes).unwrap();
        assert_eq!(trimmed().await, None);
        std::fs::write(&largest, sound).unwrap();
        assert_eq!(trimmed().await, Some(names[0].next_offset - 1), "once it is mended: the oracle can say so");
    });
}
