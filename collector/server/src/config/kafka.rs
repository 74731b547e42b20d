//! `kafka.*`: where the brokers are, and any property of librdkafka, except those that exactly-once rests on.

use super::Intake;
use super::keys::Keys;
use std::collections::BTreeMap;

/// Properties that ledgerline sets itself. Changing one would break exactly-once without a sound, so naming one
/// is an error. The second column says why.
const FORBIDDEN: [(&str, &str); 22] = [
    ("acks", "a write counts only once every in-sync replica has it"),
    ("request.required.acks", "a write counts only once every in-sync replica has it"),
    ("enable.idempotence", "a retried write must not appear twice"),
    ("enable.gapless.guarantee", "it ends a producer on the first failed message"),
    ("max.in.flight", "idempotence bounds it"),
    ("max.in.flight.requests.per.connection", "idempotence bounds it"),
    ("isolation.level", "a torn transaction must stay invisible"),
    ("enable.auto.commit", "an offset is stored only after what it covers is durable"),
    ("auto.commit.enable", "an offset is stored only after what it covers is durable"),
    ("enable.auto.offset.store", "an offset is stored only after what it covers is durable"),
    ("auto.offset.reset", "a silent reset skips or repeats records"),
    ("group.id", "it is derived from deployment.name"),
    ("group.instance.id", "it is derived from deployment.name and the node"),
    ("group.protocol", "static membership rests on the classic protocol"),
    ("group.remote.assignor", "static membership rests on the classic protocol"),
    ("partition.assignment.strategy", "every member must use the same one"),
    ("transactional.id", "it is the only fence of a partition's publisher"),
    ("transaction.timeout.ms", "set publisher.transaction_timeout_ms instead"),
    ("partitioner", "a record's partition is computed from its tenant"),
    ("partitioner_cb", "a record's partition is computed from its tenant"),
    ("bootstrap.servers", "set kafka.brokers instead"),
    ("metadata.broker.list", "set kafka.brokers instead"),
];

/// `kafka.*`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kafka {
    /// `kafka.brokers`: `host:port` list. Empty means the embedded log.
    pub brokers: Vec<String>,
    /// `kafka.reader_group`: the group that assigned readers name; after `deployment.name` when empty. Nothing is stored in it.
    pub reader_group: Option<String>,
    /// Every other `kafka.<property>`, passed to librdkafka as it is.
    pub properties: BTreeMap<String, String>,
}

impl Kafka {
    /// Whether a broker is named; otherwise the embedded log is used.
    pub fn is_configured(&self) -> bool {
        !self.brokers.is_empty()
    }

    /// Rules between this section's values and others'.
    pub(super) fn check(&self, intake: &Intake, keys: &mut Keys) {
        let least = message_bytes_least(intake.payload_bytes_max);
        for name in ["message.max.bytes", "max.request.size"] {
            let given = self.properties.get(name).and_then(|text| text.parse::<usize>().ok());
            if let Some(bytes) = given.filter(|bytes| *bytes < least) {
                keys.fault(
                    &format!("kafka.{name}"),
                    format!("is {bytes}, too little for the envelope of a full payload"),
                    format!("remove it, or set it to at least {least}"),
                );
            }
        }
    }

    pub(super) fn read(keys: &mut Keys) -> Self {
        let brokers = keys.taken("kafka.brokers", Vec::new(), |brokers: &Vec<String>| {
            match brokers.iter().find(|broker| !broker_is_sound(broker)) {
                None => Ok(()),
                Some(_) => Err("write a list of host:port, for instance [\"localhost:9092\"]".to_owned()),
            }
        });
        let reader_group = keys.taken("kafka.reader_group", None::<String>, |group| {
            let sound =
                |group: &String| (1..=249).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_graphic());
            match group.as_ref().is_none_or(sound) {
                true => Ok(()),
                false => Err("use 1 to 249 visible ASCII characters".to_owned()),
            }
        });
        let mut properties = BTreeMap::new();
        for (name, Property(value)) in keys.take_all("kafka") {
            match FORBIDDEN.iter().find(|(forbidden, _)| *forbidden == name) {
                Some((_, why)) => keys.fault(
                    &format!("kafka.{name}"),
                    "is set by ledgerline and can't be changed".to_owned(),
                    format!("remove it: {why}"),
                ),
                None => drop(properties.insert(name, value)),
            }
        }
        Self { brokers, reader_group, properties }
    }
}

/// Bytes that a message of ours may take: an envelope holds body and facts, so twice a payload and 1 MiB.
pub fn message_bytes_least(payload_bytes_max: usize) -> usize {
    payload_bytes_max.saturating_mul(2).saturating_add(1 << 20)
}

fn broker_is_sound(broker: &str) -> bool {
    broker.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|p| p > 0))
}

/// A property's value: text, number or truth, all of which librdkafka takes as text.
struct Property(String);

impl super::parse::Parse for Property {
    fn parse(written: &super::source::Written) -> Result<Self, String> {
        use super::source::Written;
        match written {
            Written::Text(text) => Ok(Self(text.clone())),
            Written::Toml(toml_edit::Value::String(text)) => Ok(Self(text.value().clone())),
            Written::Toml(toml_edit::Value::Integer(number)) => Ok(Self(number.value().to_string())),
            Written::Toml(toml_edit::Value::Boolean(truth)) => Ok(Self(truth.value().to_string())),
            Written::Toml(_) => Err("write a text, a whole number, true or false".to_owned()),
        }
    }
    fn shown(&self) -> String {
        self.0.shown()
    }
}
