//! The cluster that other tests stand on: it keeps what it acknowledged, through `kill -9` of a broker.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

use ledgerline_tests::{Kafka, kafka};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Message, Offset, TopicPartitionList};
use std::time::Duration;

const TOPIC: &str = "records";
const PATIENCE: Duration = Duration::from_secs(60);

fn client(kafka: &Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.bootstrap_servers());
    config
}

fn create_topic(kafka: &Kafka, replication: i32) {
    let admin: AdminClient<DefaultClientContext> = client(kafka).create().unwrap();
    let topic = NewTopic::new(TOPIC, 1, TopicReplication::Fixed(replication));
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let created = runtime.block_on(admin.create_topics([&topic], &options)).unwrap();
    assert!(created.iter().all(Result::is_ok), "{created:?}");
}

/// One transaction that holds `values`, committed.
fn commit(kafka: &Kafka, values: &[&str]) {
    let producer: BaseProducer = client(kafka).set("transactional.id", "writer").create().unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    producer.begin_transaction().unwrap();
    for value in values {
        producer.send(BaseRecord::<(), str>::to(TOPIC).payload(value)).unwrap();
    }
    producer.commit_transaction(PATIENCE).unwrap();
}

/// The first `count` committed records.
fn read(kafka: &Kafka, count: usize) -> Vec<String> {
    let consumer: BaseConsumer =
        client(kafka).set("group.id", "reader").set("isolation.level", "read_committed").create().unwrap();
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(TOPIC, 0, Offset::Beginning).unwrap();
    consumer.assign(&partitions).unwrap();
    let mut values = Vec::new();
    while values.len() < count {
        match consumer.poll(PATIENCE) {
            Some(Ok(record)) => values.push(String::from_utf8(record.payload().unwrap().to_vec()).unwrap()),
            // A broker that went away is reported and retried by the client.
            Some(Err(error)) => eprintln!("reading: {error}"),
            None => panic!("nothing for {PATIENCE:?} after {values:?}"),
        }
    }
    values
}

#[test]
fn one_broker_keeps_what_it_acknowledged() {
    let kafka = kafka(1).unwrap();
    create_topic(&kafka, 1);
    commit(&kafka, &["a", "b"]);
    kafka.kill_broker(1).unwrap();
    kafka.start_broker(1).unwrap();
    commit(&kafka, &["c"]);
    assert_eq!(read(&kafka, 3), ["a", "b", "c"]);
}

#[test]
fn three_brokers_go_on_without_one() {
    let kafka = kafka(3).unwrap();
    create_topic(&kafka, 3);
    commit(&kafka, &["a"]);
    kafka.kill_broker(2).unwrap();
    commit(&kafka, &["b"]);
    kafka.start_broker(2).unwrap();
    assert_eq!(read(&kafka, 2), ["a", "b"]);
}
