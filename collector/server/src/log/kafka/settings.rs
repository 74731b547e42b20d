//! How clients are configured: what exactly-once rests on is set here and cannot be set from outside.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;

use crate::log::{Inputs, Join, LogError};

/// The longest time a transaction may stay open: a hung one hides all that comes after it from every reader.
pub const TRANSACTION_TIMEOUT_MAX: Duration = Duration::from_secs(15);

/// What a deployment says about its Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bootstrap servers, `host:port` separated by commas.
    pub brokers: String,
    /// Any other librdkafka property: security, compression, timeouts. Not those of [`forbidden`].
    pub properties: BTreeMap<String, String>,
    /// The largest record read or written, key and headers included.
    pub message_bytes_max: u32,
    /// How long one request may take before it is given up.
    pub request_timeout: Duration,
    /// How long an append may take before its records count as unknown.
    pub delivery_timeout: Duration,
    /// How long a transaction may stay open: at most [`TRANSACTION_TIMEOUT_MAX`].
    pub transaction_timeout: Duration,
    /// Bytes of records that may be on their way; more is refused with `Retry`.
    pub append_bytes_max: usize,
    /// The group that assigned readers name. They never join it or store offsets in it, but librdkafka assigns nothing
    /// without one: [`crate::log::Names::group`] of `reader`.
    pub reader_group: String,
    /// Bytes each reader may fetch ahead.
    pub read_ahead_bytes_max: usize,
}

impl Settings {
    /// Defaults for those brokers.
    pub fn new(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            properties: BTreeMap::new(),
            message_bytes_max: 3 << 20,
            request_timeout: Duration::from_secs(10),
            delivery_timeout: Duration::from_secs(30),
            transaction_timeout: Duration::from_secs(10),
            append_bytes_max: 64 << 20,
            reader_group: "ledgerline-reader".to_owned(),
            read_ahead_bytes_max: 32 << 20,
        }
    }
}

/// Properties that are ours to set, and what rests on each.
const FORBIDDEN: &[(&str, &str)] = &[
    ("acks", "an acknowledgement means that every in-sync copy has the record"),
    ("request.required.acks", "an acknowledgement means that every in-sync copy has the record"),
    ("enable.idempotence", "a producer's own retries must not double a record"),
    ("isolation.level", "only committed records are read"),
    ("enable.auto.commit", "an offset is stored only after what it stands for is durable"),
    ("auto.commit.enable", "an offset is stored only after what it stands for is durable"),
    ("enable.auto.offset.store", "an offset is stored only after what it stands for is durable"),
    ("auto.offset.reset", "a reader never moves by itself"),
    ("group.id", "groups are named after the deployment and the role: set deployment.name"),
    ("group.instance.id", "a member's seat is named by node.id"),
    ("transactional.id", "the transactional id is the only fence, and named after the partition"),
    ("transaction.timeout.ms", "a hung transaction hides all that comes after it: set kafka.transaction_timeout_ms"),
    ("enable.partition.eof", "recovery must know when it has read to the end"),
    ("bootstrap.servers", "set kafka.brokers"),
    ("metadata.broker.list", "set kafka.brokers"),
];

/// What is wrong with properties that are passed through, all at once; empty where nothing is.
pub fn forbidden(properties: &BTreeMap<String, String>) -> Vec<String> {
    let named = FORBIDDEN.iter().filter(|(name, _)| properties.contains_key(*name));
    named.map(|(name, why)| format!("kafka.{name} cannot be set: {why}")).collect()
}

impl Settings {
    /// Every fault of these settings.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = forbidden(&self.properties);
        if self.brokers.trim().is_empty() {
            faults.push("kafka.brokers is empty".to_owned());
        }
        if self.transaction_timeout > TRANSACTION_TIMEOUT_MAX || self.transaction_timeout < Duration::from_secs(1) {
            faults.push(format!("the transaction timeout must be from 1 s to {} s", TRANSACTION_TIMEOUT_MAX.as_secs()));
        }
        faults
    }

    pub(super) fn check(&self) -> Result<(), LogError> {
        let faults = self.faults();
        if faults.is_empty() { Ok(()) } else { Err(LogError::halt(faults.join("; "))) }
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("client.id", "ledgerline")
            .set("socket.nagle.disable", "true")
            .set("reconnect.backoff.max.ms", "1000")
            .set("receive.message.max.bytes", receive_bytes_max(self.message_bytes_max).to_string());
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.brokers);
        config
    }

    /// A client for questions and orders.
    pub(super) fn admin(&self) -> ClientConfig {
        self.client()
    }

    /// A consumer that is never assigned: it answers questions about offsets, open transactions included.
    pub(super) fn watermarks(&self) -> ClientConfig {
        let mut config = self.consumer();
        config.set("isolation.level", "read_uncommitted");
        config
    }

    /// A plain assigned reader.
    pub(super) fn reader(&self) -> ClientConfig {
        let mut config = self.consumer();
        config
            .set("group.id", &self.reader_group)
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "true");
        config
    }

    /// A consumer that only asks for and stores a group's offsets.
    pub(super) fn offsets(&self, group: &str) -> ClientConfig {
        let mut config = self.consumer();
        config.set("group.id", group).set("auto.offset.reset", "error");
        config
    }

    /// A member of a group. New topics of a pattern are found within ten seconds.
    pub(super) fn member(&self, join: &Join) -> ClientConfig {
        let mut config = self.consumer();
        let session_ms = join.session_timeout.as_millis();
        config
            .set("group.id", &join.group)
            .set("auto.offset.reset", "earliest")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", session_ms.to_string())
            .set("heartbeat.interval.ms", (session_ms / 5).max(1).to_string());
        if matches!(join.inputs, Inputs::Pattern(_)) {
            config.set("topic.metadata.refresh.interval.ms", "10000");
        }
        if let Some(instance) = &join.instance_id {
            config.set("group.instance.id", instance);
        }
        config
    }

    fn consumer(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("allow.auto.create.topics", "false")
            .set("check.crcs", "true")
            // A record is fetched as soon as there is one; a full queue is looked at again at once, not after a second.
            .set("fetch.wait.max.ms", "100")
            .set("fetch.queue.backoff.ms", "2")
            .set("fetch.error.backoff.ms", "50")
            .set("fetch.message.max.bytes", self.message_bytes_max.max(1 << 20).to_string())
            .set("fetch.max.bytes", fetch_bytes_max(self.message_bytes_max).to_string())
            .set("queued.min.messages", "1000000")
            .set("queued.max.messages.kbytes", (self.read_ahead_bytes_max >> 10).max(1).to_string());
        config
    }

    /// A producer of plain appends.
    pub(super) fn appender(&self) -> ClientConfig {
        let mut config = self.producer();
        config
            .set("linger.ms", "2")
            .set("delivery.timeout.ms", self.delivery_timeout.as_millis().to_string())
            // Our own gate refuses first; this one is only there so that nothing is unbounded.
            .set("queue.buffering.max.kbytes", (self.append_bytes_max >> 9).max(1024).to_string())
            .set("queue.buffering.max.messages", "2000000");
        config
    }

    /// A producer of transactions.
    pub(super) fn transactor(&self, id: &str) -> ClientConfig {
        let mut config = self.producer();
        let timeout_ms = self.transaction_timeout.as_millis().to_string();
        config
            .set("linger.ms", "1")
            .set("transactional.id", id)
            .set("transaction.timeout.ms", &timeout_ms)
            .set("delivery.timeout.ms", &timeout_ms);
        config
    }

    fn producer(&self) -> ClientConfig {
        let mut config = self.client();
        if !self.properties.contains_key("compression.type") && !self.properties.contains_key("compression.codec") {
            config.set("compression.type", "lz4");
        }
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("max.in.flight.requests.per.connection", "5")
            .set("partitioner", "murmur2_random")
            // How long a topic that no broker knows is waited for before a record for it fails: sooner than its delivery.
            .set("topic.metadata.propagation.max.ms", "5000")
            .set("batch.num.messages", "10000")
            .set("batch.size", "1048576")
            .set("message.max.bytes", self.message_bytes_max.to_string());
        config
    }
}

/// One fetch, of several partitions; one record larger than it still comes.
fn fetch_bytes_max(message_bytes_max: u32) -> u32 {
    message_bytes_max.max(16 << 20)
}

fn receive_bytes_max(message_bytes_max: u32) -> u32 {
    fetch_bytes_max(message_bytes_max).saturating_mul(2).clamp(1000, i32::MAX as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exactly_once_rests_on_cannot_be_set() {
        let mut settings = Settings::new("localhost:9092");
        assert_eq!(settings.faults(), Vec::<String>::new());
        settings.properties = [("acks", "1"), ("isolation.level", "read_uncommitted"), ("sasl.username", "u")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        settings.transaction_timeout = Duration::from_secs(16);
        let faults = settings.faults();
        assert_eq!(faults.len(), 3);
        for (fault, named) in faults.iter().zip(["kafka.acks", "kafka.isolation.level", "transaction timeout"]) {
            assert!(fault.contains(named), "{fault}");
        }
    }

    #[test]
    fn passed_properties_do_not_reach_past_ours() {
        let mut settings = Settings::new("localhost:9092");
        settings.properties.insert("compression.type".to_owned(), "zstd".to_owned());
        let config = settings.appender();
        assert_eq!((config.get("compression.type"), config.get("acks")), (Some("zstd"), Some("all")));
        assert_eq!(settings.reader().get("isolation.level"), Some("read_committed"));
    }
}
