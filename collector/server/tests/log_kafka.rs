//! The conformance suite over a real Kafka broker, and what only a broker can show.

#[path = "log/conformance.rs"]
mod conformance;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use conformance::{Subject, check_all};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use server::clock::SystemClock;
use server::log::kafka::{Kafka, Settings};
use server::log::{Cleanup, CommitError, Log, NewRecord, ReadBound, Reader, Record, Start, TopicSpec};

/// A broker of this test's own; it ends with the test.
struct Broker {
    data: tempfile::TempDir,
    brokers: String,
}

fn kafka_script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ops/kafka/kafka.sh")
}

impl Broker {
    fn start() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let started = Command::new(kafka_script())
            .args(["start", "--brokers", "1", "--port", "0", "--owner", &std::process::id().to_string(), "--data"])
            .arg(data.path())
            .output()
            .expect("kafka.sh runs");
        let said = String::from_utf8_lossy(&started.stderr).into_owned();
        assert!(started.status.success(), "kafka.sh start: {said}");
        let brokers = String::from_utf8(started.stdout).expect("bootstrap servers").trim().to_owned();
        Self { data, brokers }
    }

    fn log(&self) -> Kafka {
        Kafka::new(Settings::new(&self.brokers), Arc::new(SystemClock::new())).expect("clients")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let stopped = Command::new(kafka_script()).args(["stop", "--now", "--data"]).arg(self.data.path()).output();
        assert!(stopped.is_ok_and(|stopped| stopped.status.success()) || std::thread::panicking(), "kafka.sh stop");
    }
}

struct OnKafka {
    broker: Broker,
    log: Kafka,
}

impl Subject for OnKafka {
    fn log(&self) -> &dyn Log {
        &self.log
    }

    /// The clients come back, as another process would.
    fn restart(&mut self) {
        self.log = self.broker.log();
    }
}

/// One broker for all: starting one takes longer than the cases.
#[test]
fn the_kafka_log_conforms() {
    let broker = Broker::start();
    let log = broker.log();
    let mut subject = OnKafka { broker, log };
    check_all(&mut subject);
    an_open_transaction_is_waited_for(&subject);
    a_stalled_transaction_is_fenced_and_taken_over(&subject);
}

fn topic(log: &dyn Log, name: &str) -> Arc<str> {
    let name: Arc<str> = Arc::from(name);
    let spec = TopicSpec {
        name: Arc::clone(&name),
        partitions: 1,
        replication: 1,
        min_insync_replicas: 1,
        cleanup: Cleanup::Keep,
        message_bytes_max: 1 << 20,
    };
    log.create(&spec).expect("created");
    name
}

fn read(reader: &mut dyn Reader) -> (Vec<String>, bool) {
    let bound = ReadBound { records_max: 100, bytes_max: 1 << 20, wait: Duration::from_millis(500) };
    let batch = reader.read(bound).expect("read");
    let text = |record: &Record| String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned();
    (batch.records.iter().map(text).collect(), batch.at_end)
}

/// Another owner's open transaction hides our own committed records behind it. A reader that took that for the end would
/// publish them again.
fn an_open_transaction_is_waited_for(subject: &OnKafka) {
    let name = topic(&subject.log, "open-transaction");
    let hung: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &subject.broker.brokers)
        .set("transactional.id", "hung")
        .create()
        .expect("a producer");
    hung.init_transactions(Duration::from_secs(10)).expect("taken over");
    hung.begin_transaction().expect("begun");
    hung.send(BaseRecord::<[u8], [u8]>::to(&name).partition(0).payload(b"hung")).expect("sent");
    hung.flush(Duration::from_secs(10)).expect("flushed");

    let mut ours = subject.log.transactor("ours").expect("a transactor");
    ours.init().expect("taken over");
    ours.commit(&[NewRecord::new(&name, "ours").partition(0)], None).expect("committed");

    let mut reader = subject.log.reader(&name).expect("a reader");
    reader.assign(&[(0, Start::Earliest)]).expect("assigned");
    assert_eq!(read(&mut *reader), (vec![], false), "what lies behind the open transaction is not the end");
    hung.abort_transaction(Duration::from_secs(10)).expect("aborted");
    let mut seen = Vec::new();
    for _ in 0..60 {
        let (records, at_end) = read(&mut *reader);
        seen.extend(records);
        if at_end {
            return assert_eq!(seen, ["ours"]);
        }
    }
    panic!("never at the end: {seen:?}");
}

/// Taking an id over ends what its former owner left open, and that one can commit nothing afterwards.
fn a_stalled_transaction_is_fenced_and_taken_over(subject: &OnKafka) {
    let name = topic(&subject.log, "stalled-transaction");
    let stalled: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &subject.broker.brokers)
        .set("transactional.id", "stalled")
        .create()
        .expect("a producer");
    stalled.init_transactions(Duration::from_secs(10)).expect("taken over");
    stalled.begin_transaction().expect("begun");
    stalled.send(BaseRecord::<[u8], [u8]>::to(&name).partition(0).payload(b"stalled")).expect("sent");
    stalled.flush(Duration::from_secs(10)).expect("flushed");

    let mut owner = subject.log.transactor("stalled").expect("a transactor");
    owner.init().expect("taken over");
    owner.commit(&[NewRecord::new(&name, "owner").partition(0)], None).expect("committed");
    assert!(stalled.commit_transaction(Duration::from_secs(10)).is_err(), "the former owner is fenced");
    let mut reader = subject.log.reader(&name).expect("a reader");
    reader.assign(&[(0, Start::Earliest)]).expect("assigned");
    let mut seen = Vec::new();
    for _ in 0..60 {
        let (records, at_end) = read(&mut *reader);
        seen.extend(records);
        if at_end {
            break;
        }
    }
    assert_eq!(seen, ["owner"]);
    let mut late = subject.log.transactor("stalled").expect("a transactor");
    late.init().expect("taken over");
    let fenced = owner.commit(&[NewRecord::new(&name, "late").partition(0)], None);
    assert!(matches!(fenced, Err(CommitError::Fenced { .. })), "{fenced:?}");
}
