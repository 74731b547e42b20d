//! Which witnesses fail, about which trees, since when and why; and when each is asked again. In memory alone.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::Clock;
use crate::metrics::{WitnessLabel, WitnessMetrics};

/// First and longest pause before a witness that failed is asked again.
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Trees that are told of, of one witness and partition.
const TOLD_MAX: usize = 8;

/// What a witness fails at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    /// It does not answer at all.
    All,
    /// A tree: the partition's number, the tenant.
    Tree(u32, String),
}

/// One failure that lasts.
#[derive(Clone, Debug)]
struct Failing {
    since_ns: i64,
    why: String,
    pause: Duration,
    /// By the monotonic clock.
    again_at: Duration,
}

/// What lasts, by the witness's name.
#[derive(Default)]
pub(crate) struct Standing(Mutex<BTreeMap<(String, At), Failing>>);

/// A witness that fails, as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Its name in the configuration.
    pub witness: String,
    /// Since when, ns UTC.
    pub since_ns: i64,
    /// In a sentence.
    pub why: String,
}

impl Standing {
    /// Whether the witness is to be left alone about this tree for now.
    pub(super) fn rests(&self, witness: &str, tree: &At, now: Duration) -> bool {
        let failing = self.0.lock();
        let rests = |at: At| failing.get(&(witness.to_owned(), at)).is_some_and(|failing| failing.again_at > now);
        rests(At::All) || rests(tree.clone())
    }

    /// It failed once more.
    pub(super) fn failed(&self, witness: &str, at: At, why: String, clock: &dyn Clock, metrics: &WitnessMetrics) {
        let mut failing = self.0.lock();
        let now = clock.monotonic();
        let known = failing.entry((witness.to_owned(), at.clone()));
        let known = known.or_insert_with(|| {
            match &at {
                At::All => tracing::warn!(witness, why, "a witness does not answer; it is asked again"),
                At::Tree(_, tenant) => tracing::error!(witness, tenant, why, "a witness does not cosign"),
            }
            let since_ns = clock.now_ns();
            Failing { since_ns, why: String::new(), pause: PAUSE_MIN, again_at: now }
        });
        (known.why, known.again_at) = (why, now + known.pause);
        known.pause = (known.pause * 2).min(PAUSE_MAX);
        drop(failing);
        metrics.failing.get_or_create(&WitnessLabel { witness: witness.to_owned() }).set(1);
    }

    /// It answered, and well where this is about a tree.
    pub(super) fn mended(&self, witness: &str, at: &At, metrics: &WitnessMetrics) {
        let mut failing = self.0.lock();
        failing.remove(&(witness.to_owned(), at.clone()));
        let still = failing.keys().any(|(name, _)| name == witness);
        metrics.failing.get_or_create(&WitnessLabel { witness: witness.to_owned() }).set(i64::from(still));
    }

    /// Forgets the trees of partitions that are not here any more: their new owner asks.
    pub(super) fn keep(&self, here: &[u32], witnesses: &[&str], metrics: &WitnessMetrics) {
        let mut failing = self.0.lock();
        failing.retain(|(_, at), _| !matches!(at, At::Tree(partition, _) if !here.contains(partition)));
        for witness in witnesses {
            let still = failing.keys().any(|(name, _)| name == witness);
            metrics.failing.get_or_create(&WitnessLabel { witness: (*witness).to_owned() }).set(i64::from(still));
        }
    }

    /// What concerns a partition: witnesses that do not answer, and the first trees that they do not cosign.
    pub(crate) fn troubles(&self, partition: u32) -> Vec<Trouble> {
        let mut told: Vec<Trouble> = Vec::new();
        for ((witness, at), failing) in self.0.lock().iter() {
            let why = match at {
                At::All => format!("it does not answer: {}", failing.why),
                At::Tree(number, tenant) if *number == partition => format!("tree {tenant}: {}", failing.why),
                At::Tree(..) => continue,
            };
            if told.iter().filter(|trouble| trouble.witness == *witness).count() < TOLD_MAX {
                told.push(Trouble { witness: witness.clone(), since_ns: failing.since_ns, why });
            }
        }
        told
    }
}
