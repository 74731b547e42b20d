//! What tests of intake stand on: a simulated log with its topics, keys, a begun ledger, and events.

use std::sync::Arc;

use ledger::{LedgerName, Tenant};
use lineage::decode::Limits;
use lineage::envelope::Kind;
use lineage::frame::{self, Opened};
use lineage::schema::Schemas;

use super::{Desk, WrittenVersion};
use crate::clock::ManualClock;
use crate::config;
use crate::genesis::Beginning;
use crate::keyring::Keyring;
use crate::log::sim::Sim;
use crate::log::{Log, Names, NewRecord, Sizing};
use crate::metrics::Metrics;
use crate::random::{Random, SeededRandom};

const NOW_NS: i64 = 1_760_000_000_000_000_000;

pub(super) struct World {
    pub log: Sim,
    pub clock: Arc<ManualClock>,
    pub random: Arc<SeededRandom>,
    pub names: Names,
    pub desk: Arc<Desk>,
    pub metrics: Arc<Metrics>,
    _folder: tempfile::TempDir,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, random) = (Arc::new(ManualClock::at(NOW_NS)), Arc::new(SeededRandom::new(1)));
        let log = Sim::new(1, Arc::clone(&clock));
        let names = Names::new("");
        let sizing = Sizing { partitions: 1, input_partitions: 2, brokers: 1, payload_bytes_max: 1 << 20 };
        for spec in sizing.topics(&names) {
            log.create(&spec).unwrap();
        }
        let (ledger, tenants) = (LedgerName::parse("test").unwrap(), [Tenant::parse("default").unwrap()]);
        let mut draw = || {
            let mut bytes = [0; 32];
            random.fill(&mut bytes);
            bytes
        };
        let keyring = Arc::new(Keyring::init(folder.path(), &ledger, 1, &tenants, &mut draw).unwrap());
        let homes = Beginning {
            log: &log,
            appender: log.appender().unwrap().as_ref(),
            names: &names,
            keyring: &keyring,
            ledger: &ledger,
            partitions: 1,
            tenants: &tenants,
            random: random.as_ref(),
            now_ns: NOW_NS,
            previous: Default::default(),
        }
        .ensure()
        .unwrap();
        let schemas = Arc::new(Schemas::built_in().unwrap());
        let desk = Arc::new(Desk {
            schemas,
            limits: Limits::default(),
            keyring,
            homes: Arc::new(homes),
            version: WrittenVersion::default(),
        });
        let metrics = Arc::new(Metrics::new("test", "sim"));
        Self { log, clock, random, names, desk, metrics, _folder: folder }
    }

    /// `intake.*` by default, with this room for what waits.
    pub fn settings(&self, batch_records_max: usize, queue_bytes_max: usize) -> config::Intake {
        config::Intake {
            topics: vec![config::TopicPattern::Name(self.names.input.to_string())],
            batch_records_max,
            batch_bytes_max: 1 << 20,
            queue_bytes_max,
            payload_bytes_max: 1 << 20,
            name_bytes_max: 4096,
            datasets_per_run_max: 10_000,
            tenants: std::collections::BTreeMap::new(),
            default_tenant: "default".to_owned(),
        }
    }

    /// Writes events to the input topic, half of them to each partition.
    pub fn produce(&self, numbers: std::ops::Range<u32>) {
        let record = |number| NewRecord::new(&self.names.input, event(number)).partition(number % 2);
        self.log.appender().unwrap().append(numbers.map(record).collect()).unwrap();
    }

    /// Envelopes of events that `lineage.events` holds.
    pub fn events(&self) -> usize {
        let keyring = &self.desk.keyring;
        let is_event = |value: &[u8]| match frame::open(value, keyring.intake_keys()) {
            Opened::Envelope(envelope) => envelope.kind == Kind::Event,
            _ => false,
        };
        let records = self.log.records(&self.names.events);
        records.iter().filter(|record| record.value.as_deref().is_some_and(is_event)).count()
    }

    /// Envelopes of the tenant in `lineage.events`.
    pub fn envelopes(&self) -> usize {
        let events = self.log.records(&self.names.events);
        events.iter().filter(|record| record.key.as_deref() == Some(b"default")).count()
    }
}

/// A sound event.
pub(super) fn event(number: u32) -> String {
    format!(
        r#"{{"eventType":"COMPLETE","eventTime":"2026-03-01T06:00:00Z","producer":"https://example.test/p",
        "schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run":{{"runId":"01920000-0000-7000-8000-{number:012}"}},"job":{{"namespace":"shop","name":"job"}},
        "inputs":[],"outputs":[]}}"#
    )
}
