//! What every log must hold, as one table of cases over `&dyn Log`. A case panics where the log breaks its promise.
//!
//! Never sleeps: it reads until what must come has come, within a bound. A virtual log answers at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use server::log::{
    AppendAction, Batch, Cleanup, CommitError, Created, GroupOffset, Inputs, Join, Log, LogError, Membership,
    NewRecord, NoMembership, Outcome, Position, ReadBound, Reader, Record, Start, TopicPartition, TopicSpec,
    partition_of_key,
};

/// A log under test, and how its process or its clients end and come back.
pub trait Subject {
    /// The log as it is now.
    fn log(&self) -> &dyn Log;
    /// Ends everything that lives in memory, and comes back to what is durable.
    fn restart(&mut self);
    /// True where a waiting read really waits; on virtual time it returns at once.
    fn waits(&self) -> bool {
        true
    }
}

/// One promise.
pub type Case = (&'static str, fn(&mut dyn Subject));

/// All promises.
pub const CASES: &[Case] = &[
    ("topics are made once and described", topics_are_made_once),
    ("a missing topic or partition has a name", missing_is_named),
    ("offsets of one appender rise without a gap, in its order", offsets_rise),
    ("key, headers, time and null values come back", records_come_back),
    ("a record without a partition goes where Java would put it", keys_spread_as_in_java),
    ("reading starts where it is told to", reading_starts_where_told),
    ("an offset outside the log is named", out_of_range_is_named),
    ("a read keeps its bounds", reads_are_bounded),
    ("the end is what was there at the assignment", steady_writing_has_an_end),
    ("a waiting reader wakes when a record is appended", a_reader_wakes),
    ("a paused partition gives nothing and loses nothing", pausing_keeps_the_place),
    ("an oversize record is refused and the others are durable", oversize_is_refused),
    ("a compacted topic takes no record without a key", compacted_needs_a_key),
    ("a committed transaction is visible whole", committed_is_visible),
    ("a refused transaction is never visible", refused_is_invisible),
    ("taking an id over fences its former owner", a_former_owner_is_fenced),
    ("a transactor must be initialised", uninitialised_commits_nothing),
    ("group offsets are kept, by transactions too", group_offsets_are_kept),
    ("a record for a missing topic or partition stops its writer", missing_stops_the_writer),
    ("a group goes on where it stored", a_group_goes_on),
    ("a group finds topics by pattern", a_group_finds_topics),
    ("an assignment-only member is given nothing to read", assignment_only_reads_nothing),
    ("trimming hides what lies below", trimming_hides),
    ("what was answered outlives a restart", answers_outlive_a_restart),
];

/// Runs every case.
pub fn check_all(subject: &mut dyn Subject) {
    for (name, case) in CASES {
        println!("- {name}");
        case(subject);
    }
}

/// Longest wait for what must come.
const PATIENCE_ROUNDS: usize = 300;
const BOUND: ReadBound = ReadBound { records_max: 1000, bytes_max: 1 << 20, wait: Duration::from_millis(100) };
const MESSAGE_BYTES_MAX: u32 = 200_000;

/// A topic of this case's own.
fn topic(subject: &dyn Subject, partitions: u32) -> Arc<str> {
    topic_with(subject, partitions, Cleanup::Keep)
}

fn topic_with(subject: &dyn Subject, partitions: u32, cleanup: Cleanup) -> Arc<str> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name: Arc<str> = Arc::from(format!("conformance.{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    let spec = spec(&name, partitions, cleanup);
    assert_eq!(subject.log().create(&spec), Ok(Created::Made));
    name
}

fn spec(name: &Arc<str>, partitions: u32, cleanup: Cleanup) -> TopicSpec {
    TopicSpec {
        name: Arc::clone(name),
        partitions,
        replication: 1,
        min_insync_replicas: 1,
        cleanup,
        message_bytes_max: MESSAGE_BYTES_MAX,
    }
}

fn append(subject: &dyn Subject, records: Vec<NewRecord>) -> Vec<Position> {
    subject.log().appender().expect("an appender").append(records).expect("appended")
}

fn values(topic: &Arc<str>, values: std::ops::Range<u32>) -> Vec<NewRecord> {
    values.map(|value| NewRecord::new(topic, value.to_string()).partition(0)).collect()
}

fn reader(subject: &dyn Subject, topic: &str, starts: &[(u32, Start)]) -> Box<dyn Reader> {
    let mut reader = subject.log().reader(topic).expect("a reader");
    reader.assign(starts).expect("assigned");
    reader
}

/// Reads until the reader says that it has read to the end.
fn read_to_end(reader: &mut dyn Reader) -> Vec<Record> {
    let mut records = Vec::new();
    for _ in 0..PATIENCE_ROUNDS {
        let batch = reader.read(BOUND).expect("read");
        records.extend(batch.records);
        if batch.at_end {
            return records;
        }
    }
    panic!("never at the end, after {} records", records.len());
}

/// What a new reader sees of a whole partition.
fn seen(subject: &dyn Subject, topic: &str) -> Vec<String> {
    texts(&read_to_end(&mut *reader(subject, topic, &[(0, Start::Earliest)])))
}

fn texts(records: &[Record]) -> Vec<String> {
    let text = |record: &Record| String::from_utf8_lossy(record.value.as_deref().unwrap_or(b"null")).into_owned();
    records.iter().map(text).collect()
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

fn oversize(topic: &Arc<str>) -> NewRecord {
    // Not compressible, so that no log can take it after all.
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    });
    NewRecord::new(topic, noise.take(3 << 20).collect::<Vec<u8>>()).partition(0).key("large")
}

fn topics_are_made_once(subject: &mut dyn Subject) {
    let name = topic(subject, 3);
    let log = subject.log();
    assert_eq!(log.create(&spec(&name, 5, Cleanup::Keep)), Ok(Created::Existed));
    assert_eq!(log.partitions(&name), Ok(3));
    let state = log.describe(&name).expect("described").expect("it is there");
    assert_eq!(spec(&name, 3, Cleanup::Keep).mismatches(&state), []);
    let range = log.range(&name, 2).expect("a range");
    assert_eq!((range.start, range.end), (0, 0));
}

fn missing_is_named(subject: &mut dyn Subject) {
    let log = subject.log();
    assert_eq!(log.describe("conformance.absent"), Ok(None));
    assert!(matches!(log.partitions("conformance.absent"), Err(LogError::NoTopic { .. })));
    assert!(matches!(log.reader("conformance.absent").map(drop), Err(LogError::NoTopic { .. })));
    let name = topic(subject, 1);
    let log = subject.log();
    assert!(matches!(log.range(&name, 1), Err(LogError::NoTopic { .. })));
    let mut reader = log.reader(&name).expect("a reader");
    assert!(matches!(reader.assign(&[(1, Start::Earliest)]), Err(LogError::NoTopic { .. })));
}

/// It is no fault of the record: whoever took it for a refusal would reject good events while a topic is away.
fn missing_stops_the_writer(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    let group = "conformance-missing";
    let mut transactor = subject.log().transactor(group).expect("a transactor");
    transactor.init().expect("taken over");
    let appender = subject.log().appender().expect("an appender");
    let offsets = [GroupOffset { topic: Arc::clone(&name), partition: 0, next: 1 }];
    let mut check = |missing: NewRecord, place: &str| {
        let error = appender.append(vec![NewRecord::new(&name, "good").partition(0), missing.clone()]);
        let error = error.expect_err("one has nowhere to go");
        assert_eq!(error.action, AppendAction::Halt, "{error}");
        assert!(matches!(error.outcomes[..], [Outcome::Durable(_), Outcome::NotSent]), "{:?}", error.outcomes);
        assert!(error.what.contains(place), "{error} does not name {place}");
        let ended = transactor.commit(&[NewRecord::new(&name, "never").partition(0), missing], Some((group, &offsets)));
        assert!(matches!(ended, Err(CommitError::Halt { .. })), "{ended:?}");
    };
    let elsewhere = NewRecord::new(&name, "x").partition(1);
    check(elsewhere.clone(), &format!("{name}/1"));
    let error = appender.append(vec![elsewhere, oversize(&name)]).expect_err("neither is taken");
    assert_eq!((error.action, error.outcomes), (AppendAction::Halt, vec![Outcome::NotSent, Outcome::Refused]));
    let absent = Arc::from("conformance.absent");
    check(NewRecord::new(&absent, "x").partition(0).key("k"), "conformance.absent");
    assert_eq!(subject.log().group_offset(group, &name, 0), Ok(None));
    transactor.init().expect("taken over again");
    transactor.commit(&values(&name, 0..1), None).expect("the next one is committed");
    assert_eq!(seen(subject, &name), ["good", "good", "0"]);
}

fn offsets_rise(subject: &mut dyn Subject) {
    let name = topic(subject, 2);
    let records = (0..2000).map(|value: u32| NewRecord::new(&name, value.to_string()).partition(value % 2)).collect();
    let positions = append(subject, records);
    let expected: Vec<Position> = (0..2000).map(|n| Position { partition: n % 2, offset: u64::from(n / 2) }).collect();
    assert_eq!(positions, expected);
    assert_eq!(append(subject, values(&name, 0..1)), [Position { partition: 0, offset: 1000 }]);
    let mut reader = reader(subject, &name, &[(0, Start::Earliest), (1, Start::Earliest)]);
    let mut records = read_to_end(&mut *reader);
    assert_eq!(records.len(), 2001);
    records.sort_by_key(|record| record.partition);
    for (place, record) in records.iter().enumerate() {
        let (offset, value) = match place {
            1000 => (1000, 0),
            0..1000 => (place, 2 * place),
            _ => (place - 1001, 2 * (place - 1001) + 1),
        };
        assert_eq!((record.offset, texts(std::slice::from_ref(record))), (offset as u64, vec![value.to_string()]));
    }
}

fn records_come_back(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    let mut bare = NewRecord::new(&name, "").partition(0);
    bare.value = None;
    let full = NewRecord::new(&name, "value")
        .partition(0)
        .key("key")
        .header("h", "one")
        .header("h", "two")
        .header("empty", "")
        .timestamp_ms(1_700_000_000_123);
    append(subject, vec![full.clone(), bare, NewRecord::new(&name, "").partition(0).key("")]);
    let read = read_to_end(&mut *reader(subject, &name, &[(0, Start::Earliest)]));
    assert_eq!((&read[0].key, &read[0].value, &read[0].headers), (&full.key, &full.value, &full.headers));
    assert_eq!((read[0].timestamp_ms, read[0].header("h")), (1_700_000_000_123, Some(&Bytes::from("two"))));
    assert_eq!((&*read[0].topic, read[0].partition, read[0].offset), (&*name, 0, 0));
    assert_eq!((&read[1].key, &read[1].value), (&None, &None));
    assert!(read[1].timestamp_ms > 1_577_836_800_000, "stamped by the log");
    assert_eq!((&read[2].key, &read[2].value), (&Some(Bytes::new()), &Some(Bytes::new())));
}

fn keys_spread_as_in_java(subject: &mut dyn Subject) {
    let name = topic(subject, 5);
    let keys: Vec<String> = (0..50).map(|number| format!("tenant-{number}")).collect();
    let positions =
        append(subject, keys.iter().map(|key| NewRecord::new(&name, "v").key(key.clone().into_bytes())).collect());
    for (key, position) in keys.iter().zip(positions) {
        assert_eq!(position.partition, partition_of_key(key.as_bytes(), 5), "{key}");
    }
}

fn reading_starts_where_told(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    append(subject, values(&name, 0..10));
    for (start, expected) in [(Start::Earliest, 0..10), (Start::At(7), 7..10), (Start::At(10), 0..0)] {
        let read = read_to_end(&mut *reader(subject, &name, &[(0, start)]));
        assert_eq!(texts(&read), numbers(expected), "{start:?}");
    }
    let mut tail = reader(subject, &name, &[(0, Start::End)]);
    append(subject, values(&name, 10..12));
    assert_eq!(read_some(&mut *tail, 2), numbers(10..12));
    tail.assign(&[(0, Start::At(3))]).expect("assigned anew");
    assert_eq!(texts(&read_to_end(&mut *tail)), numbers(3..12));
}

/// A partition that is never at rest is caught up with all the same.
fn steady_writing_has_an_end(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    append(subject, values(&name, 0..3));
    let mut reader = reader(subject, &name, &[(0, Start::Earliest)]);
    let (mut read, mut written) = (0, 3);
    for _ in 0..PATIENCE_ROUNDS {
        append(subject, values(&name, written..written + 1));
        written += 1;
        let batch = reader.read(ReadBound { records_max: 1, ..BOUND }).expect("read");
        read += batch.records.len();
        assert_eq!(batch.at_end, read >= 3, "after {read} of {written}");
        if read == 5 {
            return;
        }
    }
    panic!("only {read} records came");
}

/// Reads until that many have come.
fn read_some(reader: &mut dyn Reader, count: usize) -> Vec<String> {
    let mut records = Vec::new();
    for _ in 0..PATIENCE_ROUNDS {
        records.extend(reader.read(BOUND).expect("read").records);
        if records.len() >= count {
            return texts(&records);
        }
    }
    panic!("only {} of {count} records came", records.len());
}

fn out_of_range_is_named(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    append(subject, values(&name, 0..3));
    let mut reader = subject.log().reader(&name).expect("a reader");
    let outside = reader.assign(&[(0, Start::At(4))]);
    assert!(matches!(outside, Err(LogError::OutOfRange { offset: 4, .. })), "{outside:?}");
    assert!(reader.read(BOUND).expect("nothing is assigned").records.is_empty());
}

fn reads_are_bounded(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    let kilobyte = "k".repeat(1000);
    append(subject, (0..20).map(|_| NewRecord::new(&name, kilobyte.clone()).partition(0)).collect());
    let check = |records_max: usize, bytes_max: usize, most: usize| {
        let mut reader = reader(subject, &name, &[(0, Start::Earliest)]);
        let mut left = 20;
        for _ in 0..PATIENCE_ROUNDS {
            let batch = reader.read(ReadBound { records_max, bytes_max, ..BOUND }).expect("read");
            assert!(batch.records.len() <= most, "{} records at once", batch.records.len());
            left -= batch.records.len();
            if left == 0 {
                return;
            }
        }
        panic!("{left} records never came");
    };
    check(3, 1 << 20, 3);
    check(1000, 5500, 5);
    check(1000, 10, 1);
    let mut reader = reader(subject, &name, &[(0, Start::Earliest)]);
    let none = ReadBound { records_max: 0, ..BOUND };
    assert_eq!(reader.read(ReadBound { wait: Duration::ZERO, ..none }).expect("read").records, []);
}

fn a_reader_wakes(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    let appender = subject.log().appender().expect("an appender");
    let mut reader = reader(subject, &name, &[(0, Start::Earliest)]);
    assert_eq!(read_to_end(&mut *reader), []);
    // Far longer than an append takes: one read is enough where the reader wakes, whichever comes first.
    let long = ReadBound { wait: Duration::from_secs(20), ..BOUND };
    let woken = std::thread::scope(|scope| {
        let append = scope.spawn(|| appender.append(values(&name, 0..1)).expect("appended"));
        if !subject.waits() {
            append.join().expect("appended");
        }
        reader.read(long).expect("read")
    });
    assert_eq!(texts(&woken.records), ["0"]);
}

fn pausing_keeps_the_place(subject: &mut dyn Subject) {
    let name = topic(subject, 2);
    let mut reader = reader(subject, &name, &[(0, Start::Earliest), (1, Start::Earliest)]);
    append(subject, values(&name, 0..2));
    assert_eq!(read_some(&mut *reader, 2), numbers(0..2));
    reader.pause(0).expect("paused");
    append(subject, values(&name, 2..4));
    append(subject, vec![NewRecord::new(&name, "other").partition(1)]);
    assert_eq!(read_some(&mut *reader, 1), ["other"]);
    reader.resume(0).expect("resumed");
    assert_eq!(read_some(&mut *reader, 2), numbers(2..4));
    assert!(matches!(reader.pause(7), Err(LogError::NoTopic { .. })));
}

fn oversize_is_refused(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    let mut records = values(&name, 0..2);
    records.insert(1, oversize(&name));
    let error = subject.log().appender().expect("an appender").append(records).expect_err("one is too large");
    assert_eq!(error.action, AppendAction::Reject, "{error}");
    assert_eq!(error.outcomes[1], Outcome::Refused);
    assert!(matches!((&error.outcomes[0], &error.outcomes[2]), (Outcome::Durable(_), Outcome::Durable(_))));
    assert_eq!(seen(subject, &name), numbers(0..2));
}

fn compacted_needs_a_key(subject: &mut dyn Subject) {
    let name = topic_with(subject, 1, Cleanup::Compact { lag_ms: 1000 });
    append(subject, vec![NewRecord::new(&name, "kept").partition(0).key("k")]);
    let unkeyed = subject.log().appender().expect("an appender").append(values(&name, 0..1));
    let error = unkeyed.expect_err("it has no key");
    assert_eq!((error.action, error.outcomes), (AppendAction::Reject, vec![Outcome::Refused]));
    assert_eq!(seen(subject, &name), ["kept"]);
}

fn committed_is_visible(subject: &mut dyn Subject) {
    let (first, second) = (topic(subject, 1), topic(subject, 2));
    let mut transactor = subject.log().transactor("conformance-visible").expect("a transactor");
    transactor.init().expect("taken over");
    for round in 0..3 {
        let mut records = values(&first, round * 10..round * 10 + 10);
        records.push(NewRecord::new(&second, round.to_string()).partition(1).key("k").header("h", "v"));
        let positions = transactor.commit(&records, None).expect("committed");
        assert_eq!(positions.len(), 11);
        assert_eq!(positions[10].partition, 1);
        // Readers assigned after the commit see it at once, whole.
        let read = read_to_end(&mut *reader(subject, &first, &[(0, Start::At(positions[0].offset))]));
        assert_eq!(texts(&read), numbers(round * 10..round * 10 + 10));
        assert_eq!((read[0].offset, read[9].offset), (positions[0].offset, positions[9].offset));
    }
    assert_eq!(transactor.commit(&[], None), Ok(vec![]));
    assert_eq!(seen(subject, &first), numbers(0..30));
    assert_eq!(read_to_end(&mut *reader(subject, &second, &[(1, Start::Earliest)])).len(), 3);
}

fn refused_is_invisible(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    let mut transactor = subject.log().transactor("conformance-refused").expect("a transactor");
    transactor.init().expect("taken over");
    let mut records = values(&name, 0..5);
    records.push(oversize(&name));
    let refused = transactor.commit(&records, None);
    assert!(matches!(refused, Err(CommitError::Refused { .. })), "{refused:?}");
    transactor.commit(&values(&name, 5..7), None).expect("the next one is committed");
    assert_eq!(seen(subject, &name), numbers(5..7));
}

fn a_former_owner_is_fenced(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    let mut former = subject.log().transactor("conformance-fenced").expect("a transactor");
    former.init().expect("taken over");
    former.commit(&values(&name, 0..1), None).expect("committed");
    let mut owner = subject.log().transactor("conformance-fenced").expect("a transactor");
    owner.init().expect("taken over");
    let offsets = [GroupOffset { topic: Arc::clone(&name), partition: 0, next: 99 }];
    let fenced = former.commit(&values(&name, 1..2), Some(("conformance-fenced", &offsets)));
    assert!(matches!(fenced, Err(CommitError::Fenced { .. })), "{fenced:?}");
    owner.commit(&values(&name, 2..3), None).expect("the owner commits");
    let again = former.commit(&values(&name, 3..4), None);
    assert!(matches!(again, Err(CommitError::Fenced { .. })), "{again:?}");
    assert_eq!(seen(subject, &name), ["0", "2"]);
    assert_eq!(subject.log().group_offset("conformance-fenced", &name, 0), Ok(None));
    // Another id is another owner.
    let mut other = subject.log().transactor("conformance-fenced-not").expect("a transactor");
    other.init().expect("taken over");
    owner.commit(&values(&name, 4..5), None).expect("the owner still commits");
}

fn uninitialised_commits_nothing(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    let mut transactor = subject.log().transactor("conformance-new").expect("a transactor");
    assert!(matches!(transactor.commit(&values(&name, 0..1), None), Err(CommitError::Uncertain { .. })));
    assert_eq!(seen(subject, &name), numbers(0..0));
}

fn group_offsets_are_kept(subject: &mut dyn Subject) {
    let name = topic(subject, 2);
    let offset = |partition, next| GroupOffset { topic: Arc::clone(&name), partition, next };
    let stored = |log: &dyn Log, partition| log.group_offset("conformance-offsets", &name, partition);
    assert_eq!(stored(subject.log(), 0), Ok(None));
    subject.log().store_group_offsets("conformance-offsets", &[offset(0, 7)]).expect("stored");
    assert_eq!((stored(subject.log(), 0), stored(subject.log(), 1)), (Ok(Some(7)), Ok(None)));
    let mut transactor = subject.log().transactor("conformance-offsets").expect("a transactor");
    transactor.init().expect("taken over");
    let offsets = [offset(0, 8), offset(1, 3)];
    transactor.commit(&values(&name, 0..1), Some(("conformance-offsets", &offsets))).expect("committed");
    assert_eq!((stored(subject.log(), 0), stored(subject.log(), 1)), (Ok(Some(8)), Ok(Some(3))));
    let records = [oversize(&name)];
    let refused = transactor.commit(&records, Some(("conformance-offsets", &[offset(0, 100)])));
    assert!(matches!(refused, Err(CommitError::Refused { .. })));
    assert_eq!(stored(subject.log(), 0), Ok(Some(8)), "a refused transaction stores nothing");
}

fn join(group: &str, inputs: Inputs) -> Join {
    Join {
        group: group.to_owned(),
        instance_id: None,
        inputs,
        session_timeout: Duration::from_secs(10),
        assignment_only: false,
    }
}

#[derive(Default)]
struct Told {
    assigned: parking_lot::Mutex<Vec<TopicPartition>>,
    revoked: parking_lot::Mutex<Vec<TopicPartition>>,
}

impl Membership for Told {
    fn assigned(&self, partitions: &[TopicPartition]) {
        self.assigned.lock().extend_from_slice(partitions);
    }

    fn revoked(&self, partitions: &[TopicPartition]) {
        self.revoked.lock().extend_from_slice(partitions);
    }
}

fn a_group_goes_on(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    append(subject, values(&name, 0..6));
    let membership = Arc::new(Told::default());
    let inputs = Inputs::Topics(vec![name.to_string()]);
    let place = TopicPartition { topic: Arc::clone(&name), partition: 0 };
    let told: Arc<dyn Membership> = Arc::<Told>::clone(&membership);
    let mut group = subject.log().group_reader(join("conformance-goes-on", inputs.clone()), told).expect("joined");
    assert_eq!(texts(&poll_some(&mut *group, 6)), numbers(0..6), "from the earliest, where nothing was stored");
    assert_eq!(*membership.assigned.lock(), std::slice::from_ref(&place));
    group.pause(std::slice::from_ref(&place)).expect("paused");
    append(subject, values(&name, 6..8));
    assert!(group.poll(BOUND).expect("polled").is_empty(), "nothing comes of a paused partition");
    group.resume(std::slice::from_ref(&place)).expect("resumed");
    assert_eq!(texts(&poll_some(&mut *group, 2)), numbers(6..8));
    group.store(&[GroupOffset { topic: Arc::clone(&name), partition: 0, next: 4 }]).expect("stored");
    group.close().expect("left");
    assert_eq!(*membership.revoked.lock(), [place]);
    assert_eq!(subject.log().group_offset("conformance-goes-on", &name, 0), Ok(Some(4)));
    let again = join("conformance-goes-on", inputs);
    let mut group = subject.log().group_reader(again, Arc::new(NoMembership)).expect("joined again");
    assert_eq!(texts(&poll_some(&mut *group, 4)), numbers(4..8));
    group.close().expect("left");
}

fn poll_some(group: &mut dyn server::log::GroupReader, count: usize) -> Vec<Record> {
    let mut records = Vec::new();
    for _ in 0..PATIENCE_ROUNDS {
        records.extend(group.poll(BOUND).expect("polled"));
        if records.len() >= count {
            return records;
        }
    }
    panic!("only {} of {count} records came", records.len());
}

fn a_group_finds_topics(subject: &mut dyn Subject) {
    let (first, second) = (topic(subject, 1), topic(subject, 1));
    append(subject, [values(&first, 0..1), values(&second, 1..2)].concat());
    let pattern = format!("^({}|{})$", first.replace('.', "\\."), second.replace('.', "\\."));
    let join = join("conformance-pattern", Inputs::Pattern(pattern));
    let mut group = subject.log().group_reader(join, Arc::new(NoMembership)).expect("joined");
    let mut found = texts(&poll_some(&mut *group, 2));
    found.sort();
    assert_eq!(found, numbers(0..2));
    group.close().expect("left");
}

fn assignment_only_reads_nothing(subject: &mut dyn Subject) {
    let name = topic(subject, 2);
    append(subject, values(&name, 0..3));
    let membership = Arc::new(Told::default());
    let inputs = Inputs::Topics(vec![name.to_string()]);
    let join = Join { assignment_only: true, ..join("conformance-assignment", inputs) };
    let told: Arc<dyn Membership> = Arc::<Told>::clone(&membership);
    let mut group = subject.log().group_reader(join, told).expect("joined");
    for _ in 0..PATIENCE_ROUNDS {
        assert!(group.poll(BOUND).expect("polled").is_empty());
        if membership.assigned.lock().len() == 2 {
            assert!(group.poll(BOUND).expect("polled").is_empty());
            return group.close().expect("left");
        }
    }
    panic!("never assigned");
}

fn trimming_hides(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    append(subject, values(&name, 0..10));
    let mut slow = reader(subject, &name, &[(0, Start::At(5))]);
    subject.log().trim(&name, 0, 4).expect("trimmed");
    assert_eq!(subject.log().range(&name, 0).map(|range| (range.start, range.end)), Ok((4, 10)));
    assert_eq!(seen(subject, &name), numbers(4..10));
    assert_eq!(texts(&read_to_end(&mut *slow)), numbers(5..10));
    let mut reader = subject.log().reader(&name).expect("a reader");
    assert!(matches!(reader.assign(&[(0, Start::At(3))]), Err(LogError::OutOfRange { offset: 3, .. })));
    assert!(matches!(subject.log().trim(&name, 0, 11), Err(LogError::OutOfRange { .. })));
    subject.log().trim(&name, 0, 10).expect("trimmed whole");
    assert_eq!(append(subject, values(&name, 10..11)), [Position { partition: 0, offset: 10 }]);
}

fn answers_outlive_a_restart(subject: &mut dyn Subject) {
    let name = topic(subject, 1);
    append(subject, values(&name, 0..5));
    let mut transactor = subject.log().transactor("conformance-restart").expect("a transactor");
    transactor.init().expect("taken over");
    let offsets = [GroupOffset { topic: Arc::clone(&name), partition: 0, next: 5 }];
    transactor.commit(&values(&name, 5..8), Some(("conformance-restart", &offsets))).expect("committed");
    subject.log().trim(&name, 0, 2).expect("trimmed");
    drop(transactor);
    subject.restart();
    assert_eq!(seen(subject, &name), numbers(2..8));
    assert_eq!(subject.log().partitions(&name), Ok(1));
    assert_eq!(subject.log().group_offset("conformance-restart", &name, 0), Ok(Some(5)));
    let before = subject.log().range(&name, 0).expect("a range").end;
    assert_eq!(append(subject, values(&name, 8..9)), [Position { partition: 0, offset: before }]);
    let mut transactor = subject.log().transactor("conformance-restart").expect("a transactor");
    transactor.init().expect("taken over");
    transactor.commit(&values(&name, 9..10), None).expect("committed");
    assert_eq!(seen(subject, &name), numbers(2..10));
    let Batch { records, .. } = reader(subject, &name, &[(0, Start::At(before))]).read(BOUND).expect("read");
    assert_eq!(records.first().map(|record| record.offset), Some(before));
}
