//! The topics ledgerline needs: names, and how each must be configured. Never talks to a log.

use std::collections::BTreeMap;
use std::sync::Arc;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What a topic gives up by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleanup {
    /// Nothing, ever.
    Keep,
    /// Records older than this many milliseconds.
    After(u64),
    /// Records superseded by a newer one of the same key, once older than this many milliseconds.
    Compact {
        /// How long a superseded record stays readable.
        lag_ms: u64,
    },
}

/// A topic as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// The name, prefix included.
    pub name: Arc<str>,
    /// The partition count; it never changes afterwards.
    pub partitions: u32,
    /// Copies of each partition.
    pub replication: u16,
    /// Copies an append waits for.
    pub min_insync_replicas: u16,
    /// What is given up.
    pub cleanup: Cleanup,
    /// The largest record, key and headers included.
    pub message_bytes_max: u32,
}

/// A topic as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicState {
    /// The partition count.
    pub partitions: u32,
    /// The least copies of any partition.
    pub replication: u16,
    /// Kafka's settings by name, defaults included; those of [`TopicSpec::settings`] on the other logs.
    pub settings: BTreeMap<String, String>,
}

/// What creating a topic did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It was made.
    Made,
    /// It was there, and was left as it is.
    Existed,
}

/// Where a topic is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Which setting, by Kafka's name; `partitions` and `replication` too.
    pub setting: String,
    /// What it must be.
    pub wanted: String,
    /// What it is.
    pub found: String,
}

impl TopicSpec {
    /// The settings that differ from a broker's defaults or that we rest on, by Kafka's names.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("min.insync.replicas", self.min_insync_replicas.to_string()),
            ("max.message.bytes", self.message_bytes_max.to_string()),
            ("unclean.leader.election.enable", "false".to_owned()),
            ("retention.bytes", "-1".to_owned()),
        ];
        match self.cleanup {
            Cleanup::Keep => {
                settings.extend([("cleanup.policy", "delete".to_owned()), ("retention.ms", "-1".to_owned())]);
            }
            Cleanup::After(ms) => {
                settings.extend([("cleanup.policy", "delete".to_owned()), ("retention.ms", ms.to_string())]);
            }
            Cleanup::Compact { lag_ms } => {
                settings
                    .extend([("cleanup.policy", "compact".to_owned()), ("min.compaction.lag.ms", lag_ms.to_string())]);
            }
        }
        settings
    }

    /// Where `state` differs from this: what `topics check` prints. More copies than asked for are no fault, nor are
    /// larger records.
    pub fn mismatches(&self, state: &TopicState) -> Vec<Mismatch> {
        let mut mismatches = Vec::new();
        let mut note = |setting: &str, wanted: String, found: String| {
            mismatches.push(Mismatch { setting: setting.to_owned(), wanted, found });
        };
        if state.partitions != self.partitions {
            note("partitions", self.partitions.to_string(), state.partitions.to_string());
        }
        if state.replication < self.replication {
            note("replication", self.replication.to_string(), state.replication.to_string());
        }
        for (setting, wanted) in self.settings() {
            let found = state.settings.get(setting).map_or("unset", String::as_str);
            let at_least = matches!(setting, "min.insync.replicas" | "max.message.bytes" | "min.compaction.lag.ms");
            let enough = at_least
                && matches!((found.parse::<u64>(), wanted.parse::<u64>()), (Ok(found), Ok(wanted)) if found >= wanted);
            if found != wanted && !enough {
                note(setting, wanted, found.to_owned());
            }
        }
        mismatches
    }
}

/// The names of our topics, and of what else must not collide between two deployments on one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    deployment: String,
    /// Where stock clients write by default. Theirs, so without a prefix.
    pub input: Arc<str>,
    /// Envelopes and control records: the truth.
    pub events: Arc<str>,
    /// Originals that were refused.
    pub rejected: Arc<str>,
    /// Alerts.
    pub alerts: Arc<str>,
    /// Signed checkpoints.
    pub checkpoints: Arc<str>,
    /// Watermarks and owners.
    pub recorders: Arc<str>,
}

impl Names {
    /// Names for a deployment; an empty one prefixes no topic.
    pub fn new(deployment: &str) -> Self {
        let prefix = if deployment.is_empty() { String::new() } else { format!("{deployment}.") };
        let name = |base: &str| Arc::from(format!("{prefix}{base}"));
        Self {
            deployment: deployment.to_owned(),
            input: Arc::from("openlineage.events"),
            events: name("lineage.events"),
            rejected: name("lineage.rejected"),
            alerts: name("lineage.alerts"),
            checkpoints: name("lineage.checkpoints"),
            recorders: name("lineage.recorders"),
        }
    }

    /// The group of a role: `ledgerline-intake`, or with the deployment before it.
    pub fn group(&self, role: &str) -> String {
        self.scoped(&format!("ledgerline-{role}"))
    }

    /// The transactional id of the publisher of a source partition: whoever owns the partition owns this.
    pub fn publisher(&self, partition: u32) -> String {
        self.scoped(&format!("ledgerline-publisher-{partition}"))
    }

    fn scoped(&self, name: &str) -> String {
        if self.deployment.is_empty() { name.to_owned() } else { format!("{}-{name}", self.deployment) }
    }
}

/// What decides how large our topics are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizing {
    /// Partitions of `lineage.events`, and of what is written beside it.
    pub partitions: u32,
    /// Partitions of the default input topic.
    pub input_partitions: u32,
    /// Brokers there are: three copies where there are three or more, otherwise as many as there are.
    pub brokers: u16,
    /// The largest payload intake takes.
    pub payload_bytes_max: u32,
}

impl Sizing {
    /// The largest record our topics and clients must carry: an envelope holds the payload, its facts and its keys.
    pub fn message_bytes_max(&self) -> u32 {
        self.payload_bytes_max.saturating_mul(2).saturating_add(1024 * 1024)
    }

    /// The six topics.
    pub fn topics(&self, names: &Names) -> Vec<TopicSpec> {
        let replication = self.brokers.clamp(1, 3);
        let spec = |name: &Arc<str>, partitions: u32, cleanup: Cleanup| TopicSpec {
            name: Arc::clone(name),
            partitions,
            replication,
            min_insync_replicas: if replication == 3 { 2 } else { 1 },
            cleanup,
            message_bytes_max: self.message_bytes_max(),
        };
        vec![
            spec(&names.input, self.input_partitions, Cleanup::After(7 * DAY_MS)),
            spec(&names.events, self.partitions, Cleanup::Keep),
            spec(&names.rejected, self.partitions, Cleanup::After(30 * DAY_MS)),
            // A new owner reads alerts from the watermark on and must find each: a week outlasts any hand-over.
            spec(&names.alerts, self.partitions, Cleanup::Compact { lag_ms: 7 * DAY_MS }),
            spec(&names.checkpoints, 1, Cleanup::Keep),
            spec(&names.recorders, 1, Cleanup::Compact { lag_ms: 60 * 60 * 1000 }),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZING: Sizing = Sizing { partitions: 4, input_partitions: 6, brokers: 3, payload_bytes_max: 1024 * 1024 };

    #[test]
    fn a_deployment_prefixes_ours_and_not_the_clients() {
        let plain = Names::new("");
        assert_eq!((&*plain.input, &*plain.events), ("openlineage.events", "lineage.events"));
        assert_eq!(plain.publisher(3), "ledgerline-publisher-3");
        let scoped = Names::new("blue");
        assert_eq!((&*scoped.input, &*scoped.alerts), ("openlineage.events", "blue.lineage.alerts"));
        assert_eq!(scoped.group("intake"), "blue-ledgerline-intake");
    }

    #[test]
    fn the_truth_is_kept_and_copied() {
        let topics = SIZING.topics(&Names::new(""));
        assert_eq!(topics.len(), 6);
        let events = topics[1].settings();
        for (setting, value) in [
            ("retention.ms", "-1"),
            ("retention.bytes", "-1"),
            ("cleanup.policy", "delete"),
            ("min.insync.replicas", "2"),
            ("max.message.bytes", "3145728"),
            ("unclean.leader.election.enable", "false"),
        ] {
            assert!(events.contains(&(setting, value.to_owned())), "{setting}");
        }
        let alone = Sizing { brokers: 1, ..SIZING }.topics(&Names::new(""));
        assert!(alone.iter().all(|topic| (topic.replication, topic.min_insync_replicas) == (1, 1)));
    }

    #[test]
    fn a_check_names_what_is_wrong_and_nothing_else() {
        let spec = &SIZING.topics(&Names::new(""))[1];
        let right = TopicState {
            partitions: 4,
            replication: 3,
            settings: spec.settings().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        assert_eq!(spec.mismatches(&right), []);
        let mut wrong = right.clone();
        wrong.partitions = 5;
        wrong.settings.insert("retention.ms".to_owned(), "604800000".to_owned());
        wrong.settings.insert("max.message.bytes".to_owned(), "99999999".to_owned());
        wrong.settings.remove("min.insync.replicas");
        let names: Vec<_> = spec.mismatches(&wrong).into_iter().map(|mismatch| mismatch.setting).collect();
        assert_eq!(names, ["partitions", "min.insync.replicas", "retention.ms"]);
    }
}
