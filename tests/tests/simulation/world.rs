//! One simulated deployment: the log with its topics, keys, two processes, and what producers want to send.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::{LedgerName, Tenant};
use lineage::decode::Limits;
use lineage::schema::Schemas;
use server::clock::ManualClock;
use server::config;
use server::genesis::{Beginning, GenesisError, Homes};
use server::intake::{Desk, TopicIntakeParts, WrittenVersion};
use server::keyring::Keyring;
use server::log::sim::Sim;
use server::log::{Log, Names, NewRecord, Pending, Sizing};
use server::metrics::Metrics;
use server::publisher::PublisherSettings;
use server::random::{Random, SeededRandom};
use server::recorder::RecorderSettings;
use server::worker::WorkerParts;

use crate::broken::{Broken, Retelling};
use crate::history::{Payload, payloads};
use crate::process::Process;

pub const PARTITIONS: u32 = 2;
const INPUT_PARTITIONS: u64 = 2;
const START_NS: i64 = 1_772_000_000_000_000_000;
const RUNS: u64 = 10;
const PROCESSES: usize = 2;
/// Tenants by input topic: they live in different partitions.
const TENANTS: [&str; 2] = ["default", "shop"];

pub struct World {
    pub log: Sim,
    pub clock: Arc<ManualClock>,
    pub names: Names,
    pub desk: Arc<Desk>,
    /// Draws what happens next; the stages draw from another stream.
    pub fate: SeededRandom,
    pub processes: Vec<Process>,
    pub broken: Broken,
    /// Halts that were met, as their partition told them.
    pub halts: Vec<String>,
    payloads: Vec<Payload>,
    acknowledged: Vec<bool>,
    under_way: BTreeMap<usize, Pending>,
    _folder: tempfile::TempDir,
}

impl World {
    pub fn new(seed: u64, broken: Broken) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(START_NS));
        let log = Sim::new(seed, Arc::clone(&clock));
        let (fate, random) = (SeededRandom::new(seed ^ 0xfa7e), SeededRandom::new(seed ^ 0x0be9));
        let names = Names::new("");
        let sizing = Sizing { partitions: PARTITIONS, input_partitions: 2, brokers: 1, payload_bytes_max: 1 << 20 };
        for spec in sizing.topics(&names) {
            log.create(&spec).unwrap();
            if spec.name == names.input {
                let name: Arc<str> = Arc::from(topic(1, &names));
                log.create(&server::log::TopicSpec { name, ..spec }).unwrap();
            }
        }
        let ledger = LedgerName::parse("simulation").unwrap();
        let tenants = TENANTS.map(|tenant| Tenant::parse(tenant).unwrap());
        let mut draw = || {
            let mut bytes = [0; 32];
            random.fill(&mut bytes);
            bytes
        };
        let keyring = Keyring::init(folder.path(), &ledger, PARTITIONS, &tenants, &mut draw).unwrap();
        let keyring = Arc::new(keyring);
        let schemas = Arc::new(Schemas::built_in().unwrap());
        let homes = Arc::new(begun(&log, &names, &keyring, &random).unwrap());
        let desk =
            Arc::new(Desk { schemas, limits: Limits::default(), keyring, homes, version: WrittenVersion::default() });
        let payloads = payloads(&fate, RUNS, TENANTS.len());
        let mut world = World {
            log,
            clock,
            names,
            desk,
            fate,
            processes: Vec::new(),
            broken,
            halts: Vec::new(),
            acknowledged: vec![false; payloads.len()],
            payloads,
            under_way: BTreeMap::new(),
            _folder: folder,
        };
        world.processes = (0..PROCESSES).map(Process::new).collect();
        world
    }

    /// Begins the ledger where the log holds none, as every process does when it starts.
    pub fn begin(&mut self) -> Result<(), String> {
        let desk = &self.desk;
        let homes = begun(&self.log, &self.names, &desk.keyring, &self.fate).map_err(|error| error.to_string())?;
        let (schemas, limits, keyring) = (Arc::clone(&desk.schemas), desk.limits, Arc::clone(&desk.keyring));
        self.desk =
            Arc::new(Desk { schemas, limits, keyring, homes: Arc::new(homes), version: WrittenVersion::default() });
        Ok(())
    }

    /// Every sound payload, in order.
    pub fn produced(&self) -> Vec<&str> {
        self.payloads.iter().filter(|payload| payload.sound).map(|payload| payload.text.as_str()).collect()
    }

    /// Every payload that is no event.
    pub fn unsound(&self) -> Vec<&str> {
        self.payloads.iter().filter(|payload| !payload.sound).map(|payload| payload.text.as_str()).collect()
    }

    /// Whether each payload is known to be in the log.
    pub fn all_acknowledged(&self) -> bool {
        self.acknowledged.iter().all(|done| *done)
    }

    /// Payloads that are not known to be in the log.
    pub fn unsettled(&self) -> usize {
        self.acknowledged.iter().filter(|done| !**done).count()
    }

    /// Where everything stands, for a message.
    pub fn state(&self) -> String {
        let range = |topic: &str, at| self.log.range(topic, at).map_or(0, |range| range.end);
        let places: Vec<String> = (0..PARTITIONS)
            .map(|at| {
                let owners: Vec<_> = self.processes.iter().map(|process| process.next_offset(at)).collect();
                format!("events/{at} ends at {}, applied {owners:?}", range(&self.names.events, at))
            })
            .collect();
        let processes: Vec<String> = self.processes.iter().map(Process::state).collect();
        format!("{} payloads unacknowledged; {}; {}", self.unsettled(), places.join("; "), processes.join("; "))
    }

    /// A producer sends one payload, or learns what became of one. Those that are there are sent again now and then.
    pub fn produce(&mut self, again_one_in: u64) {
        let under_way = std::mem::take(&mut self.under_way);
        for (number, mut pending) in under_way {
            match pending.try_take() {
                None => drop(self.under_way.insert(number, pending)),
                Some(answer) => self.acknowledged[number] |= answer.is_ok(),
            }
        }
        let again = self.fate.once_in(again_one_in);
        let open = |number: &usize| !self.under_way.contains_key(number) && (again || !self.acknowledged[*number]);
        let open: Vec<usize> = (0..self.payloads.len()).filter(open).collect();
        // Mostly in order, as a client sends; sometimes not.
        let near = if self.fate.once_in(4) { open.len() } else { open.len().min(3) };
        let Some(&number) = open.get(usize::try_from(self.fate.below(near as u64)).unwrap()) else { return };
        let payload = &self.payloads[number];
        let partition = u32::try_from(self.fate.below(INPUT_PARTITIONS)).unwrap();
        let topic: Arc<str> = topic(payload.topic, &self.names).into();
        let record = NewRecord::new(&topic, payload.text.clone()).partition(partition);
        self.under_way.insert(number, self.log.appender().unwrap().begin(vec![record]));
    }

    /// The log as the stages of this world see it.
    pub fn seen_log(&self) -> Arc<dyn Log> {
        match self.broken {
            Broken::PublishesAgainAfterDoubt => Arc::new(Retelling(self.log.clone())),
            _ => Arc::new(self.log.clone()),
        }
    }

    pub fn intake_parts(&self, process: usize) -> TopicIntakeParts {
        let pattern = |number| config::TopicPattern::Name(topic(number, &self.names));
        let tenants = (0..TENANTS.len()).map(|at| (topic(at, &self.names), TENANTS[at].to_owned()));
        TopicIntakeParts {
            desk: Arc::clone(&self.desk),
            log: self.seen_log(),
            names: self.names.clone(),
            settings: config::Intake {
                topics: (0..TENANTS.len()).map(pattern).collect(),
                batch_records_max: 3,
                batch_bytes_max: 1 << 20,
                queue_bytes_max: 4_000,
                payload_bytes_max: 1 << 20,
                name_bytes_max: 4_096,
                datasets_per_run_max: 1_000,
                tenants: tenants.collect(),
                default_tenant: TENANTS[0].to_owned(),
            },
            instance_id: None,
            progress_interval_ms: 30_000,
            clock: Arc::<ManualClock>::clone(&self.clock),
            random: Arc::new(SeededRandom::new(self.fate.next_u64() ^ process as u64)),
            metrics: Arc::new(Metrics::new("simulation", "sim")),
        }
    }

    pub fn worker_parts(&self) -> WorkerParts {
        let names = &self.names;
        let recorder = RecorderSettings::default();
        WorkerParts {
            log: self.seen_log(),
            names: names.clone(),
            keyring: Arc::clone(&self.desk.keyring),
            batches: config::Recorder {
                partitions: PARTITIONS,
                batch_records_max: 1 + usize::try_from(self.fate.below(5)).unwrap(),
                batch_bytes_max: 1 << 20,
                tick_interval_ms: 10_000,
                tick_jump_max_ms: 3_600_000,
                block_cache_bytes_max: 1 << 20,
            },
            publisher: PublisherSettings {
                alerts: Arc::clone(&names.alerts),
                checkpoints: Arc::clone(&names.checkpoints),
                recorders: Arc::clone(&names.recorders),
                deployment: String::new(),
                batch_rows_max: 2,
                advertised_url: String::new(),
                announces: true,
                node: String::new(),
                envelope_versions: vec![1],
                generation: recorder.alerts.generation,
            },
            recorder,
            retry_interval_max_ms: 100,
            linger_ms: 0,
            clock: Arc::<ManualClock>::clone(&self.clock),
            metrics: Arc::new(Metrics::new("simulation", "sim")),
            progress: Arc::new(tokio::sync::watch::channel(0).0),
        }
    }

    /// Digest of everything that the log shows.
    pub fn digest(&self) -> String {
        let names = &self.names;
        let mut seen = String::new();
        for topic in [&names.input, &names.events, &names.rejected, &names.alerts, &names.checkpoints, &names.recorders]
        {
            for record in self.log.records(topic) {
                seen.push_str(&format!("{topic}/{}/{} {:?}\n", record.partition, record.offset, record));
            }
        }
        seen
    }
}

fn begun(log: &Sim, names: &Names, keyring: &Keyring, random: &dyn Random) -> Result<Homes, GenesisError> {
    let appender = log.appender().expect("the simulated log gives appenders");
    let tenants = TENANTS.map(|tenant| Tenant::parse(tenant).expect("a name"));
    let beginning = Beginning {
        log,
        appender: appender.as_ref(),
        names,
        keyring,
        ledger: &LedgerName::parse("simulation").expect("a name"),
        partitions: PARTITIONS,
        tenants: &tenants,
        random,
        now_ns: START_NS,
        previous: BTreeMap::new(),
    };
    beginning.ensure()
}

/// The input topic of a tenant, by number.
pub fn topic(number: usize, names: &Names) -> String {
    if number == 0 { names.input.to_string() } else { format!("input-{number}") }
}
