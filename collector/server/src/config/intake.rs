//! `intake.*`: what is read, for whom, and how much of it is held at once.

use super::keys::Keys;
use std::collections::BTreeMap;

/// One MiB in bytes.
const MIB: usize = 1 << 20;

/// `intake.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// `intake.topics`: names, or patterns that begin with `^` (librdkafka's regular expressions).
    pub topics: Vec<TopicPattern>,
    /// `intake.batch_records_max`: records decided and produced together.
    pub batch_records_max: usize,
    /// `intake.batch_bytes_max`: bytes of payload in one batch.
    pub batch_bytes_max: usize,
    /// `intake.queue_bytes_max`: payload waiting for its acknowledgement; beyond it partitions pause and HTTP
    /// answers 503.
    pub queue_bytes_max: usize,
    /// `intake.payload_bytes_max`: an event larger than this is rejected. 1 MiB by default, at most 32 MiB.
    pub payload_bytes_max: usize,
    /// `intake.name_bytes_max`: longest namespace or name, in bytes of UTF-8.
    pub name_bytes_max: usize,
    /// `intake.datasets_per_run_max`: inputs and outputs one event may name; those beyond it are left out of the
    /// graph, with a finding.
    pub datasets_per_run_max: usize,
    /// `intake.tenants`: source topic → tenant.
    pub tenants: BTreeMap<String, String>,
    /// `intake.default_tenant`: whoever is named neither by topic nor by token.
    pub default_tenant: String,
}

/// A topic, or a pattern of topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicPattern {
    /// Exactly this topic.
    Name(String),
    /// Begins with `^`; matched by librdkafka.
    Pattern(String),
}

impl Intake {
    pub(super) fn read(keys: &mut Keys) -> Self {
        let topics = keys.taken("intake.topics", vec!["openlineage.events".to_owned()], |topics: &Vec<String>| {
            match !topics.is_empty() && topics.iter().all(|topic| topic_is_sound(topic)) {
                true => Ok(()),
                false => Err("name at least one topic, or a pattern that begins with ^".to_owned()),
            }
        });
        let default_tenant =
            keys.taken("intake.default_tenant", "default".to_owned(), |tenant: &String| tenant_check(tenant));
        let mut tenants = BTreeMap::new();
        for (topic, tenant) in keys.take_all::<String>("intake.tenants") {
            match tenant_check(&tenant) {
                Ok(()) => drop(tenants.insert(topic, tenant)),
                Err(wanted) => keys.fault(&format!("intake.tenants.{topic}"), format!("can't be {tenant:?}"), wanted),
            }
        }
        Self {
            topics: topics.into_iter().map(TopicPattern::from).collect(),
            batch_records_max: keys.bounded("intake.batch_records_max", 1_000, 1..=100_000),
            batch_bytes_max: keys.bounded("intake.batch_bytes_max", 8 * MIB, 1_024..=256 * MIB),
            queue_bytes_max: keys.bounded("intake.queue_bytes_max", 64 * MIB, 1_024..=4_096 * MIB),
            payload_bytes_max: keys.bounded("intake.payload_bytes_max", MIB, 1_024..=32 * MIB),
            name_bytes_max: keys.bounded("intake.name_bytes_max", 4_096, 16..=65_536),
            datasets_per_run_max: keys.bounded("intake.datasets_per_run_max", 10_000, 1..=1_000_000),
            tenants,
            default_tenant,
        }
    }

    /// The tenant of what arrives on `topic`.
    pub fn tenant_of_topic(&self, topic: &str) -> &str {
        self.tenants.get(topic).unwrap_or(&self.default_tenant)
    }
}

impl From<String> for TopicPattern {
    fn from(text: String) -> Self {
        if text.starts_with('^') { Self::Pattern(text) } else { Self::Name(text) }
    }
}

/// Kafka's rule for a topic's name; a pattern is judged by librdkafka, which knows its own expressions.
fn topic_is_sound(topic: &str) -> bool {
    topic.starts_with('^') && topic.len() > 1
        || (1..=249).contains(&topic.len())
            && topic != "."
            && topic != ".."
            && topic.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// A tenant is `[a-z0-9][a-z0-9-]{0,62}`; `p-<n>` belongs to the partitions' own trees.
pub(super) fn tenant_check(tenant: &str) -> Result<(), String> {
    let sound = (1..=63).contains(&tenant.len())
        && !tenant.starts_with('-')
        && tenant.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let reserved = tenant.strip_prefix("p-").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    match (sound, reserved) {
        (false, _) => Err("use 1 to 63 of a-z, 0-9 and '-', not beginning with '-'".to_owned()),
        (true, true) => Err("choose another name: p-<number> is reserved for a partition's own tree".to_owned()),
        (true, false) => Ok(()),
    }
}
