//! What only the embedded log has: its lock, its syncs, its files and its upkeep.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::database::Database;
use super::writer::WriteSynced;
use super::{Bounds, Embedded};
use crate::clock::{ManualClock, SystemClock};
use crate::log::{
    AppendAction, Cleanup, Log, LogError, NewRecord, Outcome, Pending, Position, ReadBound, Start, TopicSpec,
};

const BOUND: ReadBound = ReadBound { records_max: 10_000, bytes_max: 1 << 24, wait: Duration::ZERO };

fn open(folder: &Path) -> Result<Embedded, LogError> {
    Embedded::open(folder, Arc::new(SystemClock::new()), Bounds::default())
}

fn topic(log: &Embedded, cleanup: Cleanup) -> Arc<str> {
    let name: Arc<str> = Arc::from("topic");
    let spec = TopicSpec {
        name: Arc::clone(&name),
        partitions: 1,
        replication: 1,
        min_insync_replicas: 1,
        cleanup,
        message_bytes_max: 1 << 20,
    };
    log.create(&spec).expect("created");
    name
}

fn append(log: &Embedded, records: Vec<NewRecord>) -> Vec<Position> {
    log.appender().expect("an appender").append(records).expect("appended")
}

/// Offset and value of every record that is left.
fn left(log: &Embedded) -> Vec<(u64, String)> {
    let mut reader = log.reader("topic").expect("a reader");
    reader.assign(&[(0, Start::Earliest)]).expect("assigned");
    let text = |value: Option<bytes::Bytes>| String::from_utf8(value.unwrap_or_default().to_vec()).expect("text");
    let records = reader.read(BOUND).expect("read").records;
    records.into_iter().map(|record| (record.offset, text(record.value))).collect()
}

#[test]
fn a_second_opener_is_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = open(folder.path()).expect("opened");
    assert!(matches!(open(folder.path()), Err(LogError::Locked { .. })));
    drop(first);
    open(folder.path()).expect("opened once the first is gone");
}

#[test]
fn another_format_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(open(folder.path()).expect("opened"));
    let rocks = rocksdb::DB::open_default(folder.path()).expect("opened");
    rocks.put(super::format::format_key(), 2_u32.to_be_bytes()).expect("put");
    drop(rocks);
    let refused = open(folder.path()).map(drop).expect_err("it is of another format");
    assert!(refused.to_string().contains("format 00000002"), "{refused}");
}

/// A disk whose syncs fail once told to.
fn failing_disk() -> (Arc<AtomicBool>, WriteSynced) {
    let fails = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&fails);
    let disk = move |database: &Database, batch| {
        // The batch is written; it is the sync that fails.
        database.write_synced(batch)?;
        if told.load(Ordering::SeqCst) { Err("fdatasync: Input/output error".to_owned()) } else { Ok(()) }
    };
    (fails, Box::new(disk))
}

#[test]
fn after_a_failed_sync_nothing_is_written_or_read_until_opened_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let (fails, disk) = failing_disk();
    let log = Embedded::open_on(folder.path(), Arc::new(SystemClock::new()), Bounds::default(), disk).expect("opened");
    let name = topic(&log, Cleanup::Keep);
    append(&log, vec![NewRecord::new(&name, "answered")]);
    let mut reader = log.reader(&name).expect("a reader");
    reader.assign(&[(0, Start::Earliest)]).expect("assigned");
    let mut transactor = log.transactor("id").expect("a transactor");
    transactor.init().expect("taken over");

    fails.store(true, Ordering::SeqCst);
    let appender = log.appender().expect("an appender");
    let failed = appender.append(vec![NewRecord::new(&name, "unsure")]).expect_err("the sync failed");
    assert_eq!((failed.action, failed.outcomes), (AppendAction::Halt, vec![Outcome::Unknown]));

    fails.store(false, Ordering::SeqCst);
    let refused = appender.append(vec![NewRecord::new(&name, "later")]).expect_err("the log is closed");
    assert_eq!(refused.action, AppendAction::Halt);
    assert!(matches!(reader.read(BOUND), Err(LogError::Halt { .. })));
    assert!(transactor.commit(&[NewRecord::new(&name, "later")], None).is_err());
    assert!(log.trim(&name, 0, 1).is_err());
    drop((log, reader, appender, transactor));

    let log = open(folder.path()).expect("opened anew");
    let values: Vec<String> = left(&log).into_iter().map(|(_, value)| value).collect();
    assert_eq!(values[0], "answered");
    assert!(!values.contains(&"later".to_owned()), "{values:?}");
    append(&log, vec![NewRecord::new(&name, "again")]);
}

/// A disk whose writes fail for want of space once told to.
fn full_disk() -> (Arc<AtomicBool>, WriteSynced) {
    let full = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&full);
    let disk = move |database: &Database, batch| match told.load(Ordering::SeqCst) {
        true => Err("IO error: No space left on device: While appending".to_owned()),
        false => database.write_synced(batch),
    };
    (full, Box::new(disk))
}

#[test]
fn after_a_full_disk_it_opens_itself_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let (full, disk) = full_disk();
    let log = Embedded::open_on(folder.path(), Arc::new(SystemClock::new()), Bounds::default(), disk).expect("opened");
    let name = topic(&log, Cleanup::Keep);
    append(&log, vec![NewRecord::new(&name, "before")]);
    let mut reader = log.reader(&name).expect("a reader");
    reader.assign(&[(0, Start::Earliest)]).expect("assigned");
    let mut transactor = log.transactor("id").expect("a transactor");
    transactor.init().expect("taken over");
    assert!(log.trouble().is_none());

    full.store(true, Ordering::SeqCst);
    let appender = log.appender().expect("an appender");
    let failed = appender.append(vec![NewRecord::new(&name, "unsure")]).expect_err("there is no space");
    assert_eq!((failed.action, failed.outcomes), (AppendAction::Retry, vec![Outcome::Unknown]));
    let refused = appender.append(vec![NewRecord::new(&name, "refused")]).expect_err("the log is closed");
    assert_eq!(refused.action, AppendAction::Retry);
    assert!(reader.read(BOUND).is_err_and(|error| error.is_retry()));
    assert!(log.trouble().is_some_and(|error| error.to_string().contains("No space left")));

    full.store(false, Ordering::SeqCst);
    // It looks once a second: it is asked until it has.
    while log.trouble().is_some() {
        std::thread::yield_now();
    }
    assert!(
        matches!(transactor.commit(&[NewRecord::new(&name, "after")], None), Ok(positions) if positions.len() == 1)
    );
    append(&log, vec![NewRecord::new(&name, "last")]);
    let values: Vec<String> = left(&log).into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, ["before", "after", "last"]);
    let read = reader.read(BOUND).expect("read on");
    assert_eq!(read.records.len(), values.len(), "a reader goes on where it stood");
}

/// A disk that lets one write through for each token, and counts them.
fn gated_disk() -> (Sender<()>, Arc<AtomicUsize>, WriteSynced) {
    let (tokens, gate): (Sender<()>, Receiver<()>) = unbounded();
    let writes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&writes);
    let disk = move |database: &Database, batch| {
        // Once the tokens' sender is gone, everything passes.
        let _ = gate.recv();
        counted.fetch_add(1, Ordering::SeqCst);
        database.write_synced(batch)
    };
    (tokens, writes, Box::new(disk))
}

#[test]
fn appends_that_wait_together_share_one_sync() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tokens, writes, disk) = gated_disk();
    let log = Embedded::open_on(folder.path(), Arc::new(SystemClock::new()), Bounds::default(), disk).expect("opened");
    tokens.send(()).expect("the disk listens");
    let name = topic(&log, Cleanup::Keep);
    let appender = log.appender().expect("an appender");
    // The first may go alone; while its write waits, the others gather.
    let pending: Vec<Pending> =
        (0..50).map(|value: u32| appender.begin(vec![NewRecord::new(&name, value.to_string())])).collect();
    drop(tokens);
    let offsets: Vec<u64> = pending.into_iter().map(|one| one.wait().expect("appended")[0].offset).collect();
    assert_eq!(offsets, (0..50).collect::<Vec<u64>>(), "in the order they began");
    let writes = writes.load(Ordering::SeqCst);
    assert!(writes <= 1 + 50, "never more than one each");
    // One for the topic, one for what the writer saw first, one for the rest; a slow start may split them once more.
    assert!(writes <= 6, "{writes} writes for 50 appends");
}

#[test]
fn a_full_queue_refuses_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tokens, _, disk) = gated_disk();
    let bounds = Bounds { queue_bytes_max: 3000, group_bytes_max: 1 };
    let log = Embedded::open_on(folder.path(), Arc::new(SystemClock::new()), bounds, disk).expect("opened");
    tokens.send(()).expect("the disk listens");
    let name = topic(&log, Cleanup::Keep);
    let appender = log.appender().expect("an appender");
    let kilobyte = || vec![NewRecord::new(&name, "k".repeat(1000))];
    let mut refused = 0;
    let mut pending = Vec::new();
    for _ in 0..10 {
        let mut one = appender.begin(kilobyte());
        match one.try_take() {
            Some(Err(error)) => {
                assert_eq!((error.action, error.outcomes), (AppendAction::Retry, vec![Outcome::NotSent]));
                refused += 1;
            }
            _ => pending.push(one),
        }
    }
    assert!((6..=8).contains(&refused), "{refused} of 10 were refused");
    drop(tokens);
    let taken = pending.len();
    assert!(pending.into_iter().all(|one| one.wait().is_ok()));
    assert_eq!(left(&log).len(), taken);
}

#[test]
fn compaction_keeps_the_newest_of_each_key_and_what_is_young() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(ManualClock::at(0));
    let open = || Embedded::open(folder.path(), Arc::<ManualClock>::clone(&clock), Bounds::default()).expect("opened");
    let log = open();
    let name = topic(&log, Cleanup::Compact { lag_ms: 1000 });
    let record = |key: &'static str, value: &'static str| NewRecord::new(&name, value).key(key);
    append(&log, vec![record("a", "a1"), record("b", "b1"), record("a", "a2"), record("c", "c1")]);
    clock.advance(Duration::from_secs(5));
    append(&log, vec![record("c", "c2"), record("b", "b2"), record("b", "b3")]);
    drop(log);
    // b2 is superseded too, and still young.
    let log = open();
    let kept = [(2, "a2"), (4, "c2"), (5, "b2"), (6, "b3")].map(|(offset, value)| (offset, value.to_owned()));
    assert_eq!(left(&log), kept);
    assert_eq!(append(&log, vec![record("d", "d1")])[0].offset, 7, "offsets go on where they were");
}

#[test]
fn retention_trims_what_is_old_and_keeps_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(ManualClock::at(0));
    let open = || Embedded::open(folder.path(), Arc::<ManualClock>::clone(&clock), Bounds::default()).expect("opened");
    let log = open();
    let name = topic(&log, Cleanup::After(1000));
    append(&log, vec![NewRecord::new(&name, "old"), NewRecord::new(&name, "older").timestamp_ms(-5)]);
    clock.advance(Duration::from_millis(900));
    append(&log, vec![NewRecord::new(&name, "young"), NewRecord::new(&name, "youngest")]);
    clock.advance(Duration::from_millis(200));
    drop(log);
    let log = open();
    assert_eq!(left(&log), [(2, "young".to_owned()), (3, "youngest".to_owned())]);
    assert_eq!(log.range(&name, 0).map(|range| (range.start, range.end)), Ok((2, 4)));
    clock.advance(Duration::from_secs(60));
    drop(log);
    let log = open();
    assert_eq!(left(&log).len(), 1, "the newest stays, so that the end stays known");
    assert_eq!(append(&log, vec![NewRecord::new(&name, "new")])[0].offset, 4);
}

/// Power loss leaves a write-ahead log of any length: whatever it is, the log opens with the records before the cut.
#[test]
fn a_torn_tail_costs_only_what_it_held() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(&folder.path().join("log")).expect("opened");
    let name = topic(&log, Cleanup::Keep);
    for value in 0..4_u32 {
        append(&log, vec![NewRecord::new(&name, value.to_string().repeat(20))]);
    }
    drop(log);
    let whole = newest_wal(&folder.path().join("log"));
    let length = std::fs::metadata(&whole).expect("the write-ahead log").len();
    let mut seen = [false; 5];
    // Not as far as the topic itself, which was synced before the records and cannot be lost with them.
    for cut in (0..200.min(length)).step_by(7) {
        let copy = folder.path().join(format!("cut-{cut}"));
        copy_folder(&folder.path().join("log"), &copy);
        let wal = std::fs::OpenOptions::new().write(true).open(newest_wal(&copy)).expect("the copy's");
        wal.set_len(length - cut).expect("cut");
        let log = open(&copy).expect("a torn tail is no damage");
        let values = left(&log);
        let expected: Vec<(u64, String)> = (0..values.len() as u64).map(|n| (n, n.to_string().repeat(20))).collect();
        assert_eq!(values, expected, "cut by {cut}");
        assert_eq!(append(&log, vec![NewRecord::new(&name, "next")])[0].offset, values.len() as u64);
        seen[values.len()] = true;
        std::fs::remove_dir_all(&copy).expect("removed");
    }
    assert!(seen[4] && seen[3] && seen[2], "the cuts reached several records: {seen:?}");
}

fn newest_wal(folder: &Path) -> std::path::PathBuf {
    let files = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut logs: Vec<_> = files.filter(|path| path.extension().is_some_and(|kind| kind == "log")).collect();
    logs.sort();
    logs.pop().expect("a write-ahead log")
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the folder") {
        let path = entry.expect("an entry").path();
        std::fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("copied");
    }
}
