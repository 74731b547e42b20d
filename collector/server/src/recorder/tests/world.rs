//! A small world for tests of recorder and publisher: keys, records of every kind, histories, and what a store holds after
//! them.

use std::ops::ControlFlow;
use std::sync::Arc;

use ledger::commitment::Opening;
use ledger::key::{KeyName, KeyOrder, SigningKey};
use ledger::leaf::{Hex, KeyAction};
use ledger::note::Note;
use ledger::tree::{Frontier, leaf_hash};
use ledger::{LedgerName, Origin, Tenant};
use lineage::c14n;
use lineage::decode::{self, Limits, decode};
use lineage::envelope::{
    Control, Envelope, Event, IdempotencyKey, Kind, Noticed, Progress, Rejected, Rejections, Signature, Source,
    Subject, Verdict,
};
use lineage::facts::EventKind;
use lineage::schema::Schemas;
use store::tables;
use store::{Read, Scan, Store, StoreOptions, Table};

use super::super::control::{GenesisContent, TenantContent, signed_message};
use super::super::{Applied, Recorder, RecorderSettings};
use crate::keyring::Keyring;
use crate::log::Record;

pub(crate) const INCARNATION: [u8; 16] = [0xab; 16];
pub(super) const SECOND_NS: i64 = 1_000_000_000;
pub(super) const START_NS: i64 = 1_760_000_000 * SECOND_NS;

/// One step of a history, to become one record.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Event {
        run: u8,
        job: u8,
        event: &'static str,
        seconds: u8,
        source: Option<i64>,
    },
    Tick {
        seconds: u32,
    },
    /// A tick that somebody ordered.
    Ordered {
        seconds: u32,
    },
    /// A signed `alert-test` control record; the key tells one order from another.
    Drill {
        key: u8,
        message: &'static str,
    },
    Progress {
        next: i64,
    },
    Rejected {
        offset: i64,
    },
    Foreign,
    Forged,
    Misplaced,
    Unsigned,
    /// An order about a key of the ledger of `default`.
    Key(KeyStep),
}

/// An order about a key. Keys have numbers: 0 is the one of leaf 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyStep {
    /// Tells one order from another; also its idempotency key.
    pub number: u8,
    /// What is done.
    pub action: KeyAction,
    /// With a rotation, the key that is replaced.
    pub from: u8,
    /// The key.
    pub to: u8,
    /// Who signs: bit 0 the root key, bit n + 1 key n.
    pub by: u8,
}

/// How long both keys of a rotation sign in these histories, seconds.
pub(crate) const OVERLAP_SECONDS: u32 = 100;

/// Everything that a test's records are made with.
pub(crate) struct World {
    pub keyring: Arc<Keyring>,
    schemas: Schemas,
    _folder: tempfile::TempDir,
}

impl World {
    pub fn new() -> Self {
        Self::with_seed(0)
    }

    /// One whose keys are others than those of another seed.
    pub fn with_seed(seed: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, tenant) = (LedgerName::parse("test").unwrap(), Tenant::parse("default").unwrap());
        let mut seed = seed;
        let mut random = || {
            seed += 1;
            [seed; 32]
        };
        let keyring = Keyring::init(folder.path(), &ledger, 1, &[tenant], &mut random).unwrap();
        let schemas = Schemas::built_in().unwrap();
        World { keyring: Arc::new(keyring), schemas, _folder: folder }
    }

    pub fn envelope(kind: Kind, tenant: &str, received_at_ns: i64) -> Envelope<'_> {
        Envelope::blank(kind, tenant, INCARNATION, received_at_ns, "0.1.0")
    }

    pub fn record(&self, offset: u64, envelope: &Envelope<'_>) -> Record {
        let mut value = Vec::new();
        lineage::frame::seal(envelope, self.keyring.intake_key(), &mut value).unwrap();
        self.raw(offset, Some(envelope.tenant), value)
    }

    fn raw(&self, offset: u64, key: Option<&str>, value: Vec<u8>) -> Record {
        Record {
            topic: "lineage.events".into(),
            partition: 0,
            offset,
            timestamp_ms: 0,
            key: key.map(|key| key.to_owned().into()),
            value: Some(value.into()),
            headers: vec![],
        }
    }

    pub fn genesis(&self) -> Record {
        let origin = Origin::new(&LedgerName::parse("test").unwrap(), &Tenant::partition(0));
        let content = serde_json::to_vec(&GenesisContent {
            incarnation: "ab".repeat(16),
            ledger_name: "test".to_owned(),
            partition: 0,
            partition_count: 1,
            // The first key, whichever were made since.
            verifier_key: self.keyring.signers(&origin).unwrap()[0].verifier().to_text(),
            root_key: self.keyring.root().to_text(),
            tenants: vec!["default".to_owned()],
            previous: Default::default(),
        });
        let content = content.unwrap();
        let control = Control { name: "genesis", content: &content, expected_size: None, signatures: vec![] };
        let envelope = Envelope { control: Some(control), ..Self::envelope(Kind::Control, "p-0", START_NS) };
        self.record(0, &envelope)
    }

    fn event(&self, offset: u64, json: &str, source: Option<i64>) -> Record {
        let (mut scratch, limits) = (decode::Scratch::default(), Limits::default());
        let decoded = decode(json.as_bytes(), &mut scratch, &self.schemas, &limits).unwrap();
        let identity = self.keyring.identity(&Tenant::parse("default").unwrap()).unwrap();
        let event_id = decoded.event_id(identity.expose(), &mut c14n::Scratch::default());
        let opening = [offset.to_le_bytes()[0]; 32];
        let (run, job) = (decoded.facts.run.as_ref().unwrap(), decoded.facts.job.as_ref().unwrap());
        let noticed =
            |finding: &'_ lineage::finding::Finding| (finding.grade, finding.code.clone(), finding.path.clone());
        let findings: Vec<_> = decoded.findings.iter().map(noticed).collect();
        let event = Event {
            c14n: 1,
            event_id: event_id.0,
            event_time_ns: decoded.facts.event_time_ns,
            subject: Subject { kind: EventKind::Run, run: Some(run.id), namespace: job.namespace, name: job.name },
            commitment: Opening::from_random(opening).commit(json.as_bytes()).0,
            opening: Some(&opening),
            body: Some(json.as_bytes()),
            facts: Some(decoded.facts.clone()),
            findings: findings
                .iter()
                .map(|(grade, code, path)| Noticed { grade: *grade, code, path, message: "" })
                .collect(),
            signature: None,
            verdict: Verdict::Unsigned,
            schema_version: "1.0.0",
        };
        let source = source.map(|offset| Source { topic: "openlineage.events", partition: 0, offset, timestamp_ms: 1 });
        let envelope = Envelope { source, event: Some(event), ..Self::envelope(Kind::Event, "default", START_NS) };
        self.record(offset, &envelope)
    }

    pub fn step(&self, offset: u64, step: &Step) -> Record {
        match step {
            Step::Event { run, job, event, seconds, source } => {
                self.event(offset, &json(*run, *job, event, *seconds), *source)
            }
            Step::Tick { seconds } => {
                let at_ns = START_NS + i64::from(*seconds) * SECOND_NS;
                self.record(offset, &Self::envelope(Kind::Tick, "p-0", at_ns))
            }
            Step::Ordered { seconds } => {
                let at_ns = START_NS + i64::from(*seconds) * SECOND_NS;
                let idempotency_key = Some(IdempotencyKey([7; 16]));
                self.record(offset, &Envelope { idempotency_key, ..Self::envelope(Kind::Tick, "p-0", at_ns) })
            }
            Step::Drill { key, message } => {
                let content = serde_json::json!({ "message": message }).to_string().into_bytes();
                self.control(offset, "alert-test", &content, [*key; 16])
            }
            Step::Progress { next } => {
                let progress = Progress {
                    topic: "openlineage.events",
                    partition: 0,
                    next_offset: *next,
                    caught_up_to_ns: 1,
                    gap: None,
                };
                self.record(
                    offset,
                    &Envelope { progress: Some(progress), ..Self::envelope(Kind::Progress, "p-0", START_NS) },
                )
            }
            Step::Rejected { offset: at } => {
                let rows = vec![Rejected { offset: *at, code: "not-json", path: "$" }];
                let rejections = Rejections { topic: "openlineage.events", partition: 0, rows };
                self.record(
                    offset,
                    &Envelope { rejections: Some(rejections), ..Self::envelope(Kind::Rejections, "default", START_NS) },
                )
            }
            Step::Key(step) => {
                let note = self.key_note(step).1.to_bytes();
                let control =
                    Control { name: "key-operation", content: &note, expected_size: None, signatures: vec![] };
                let idempotency_key = Some(IdempotencyKey([step.number; 16]));
                let blank = Self::envelope(Kind::Control, "default", START_NS);
                self.record(
                    offset,
                    &Envelope { control: Some(control), idempotency_key, principal: Some("jo"), ..blank },
                )
            }
            Step::Foreign => self.raw(offset, None, b"hello".to_vec()),
            Step::Forged => {
                let mut record = self.record(offset, &Self::envelope(Kind::Tick, "p-0", START_NS));
                let mut value = record.value.unwrap().to_vec();
                *value.last_mut().unwrap() ^= 1;
                record.value = Some(value.into());
                record
            }
            Step::Misplaced => {
                let mut record = self.record(offset, &Self::envelope(Kind::Tick, "p-0", START_NS));
                record.key = Some("default".into());
                record
            }
            Step::Unsigned => {
                let tenant =
                    TenantContent { tenant: "other".to_owned(), verifier_key: String::new(), root_key: String::new() };
                let content = serde_json::to_vec(&tenant).unwrap();
                let control = Control { name: "tenant", content: &content, expected_size: None, signatures: vec![] };
                let key = Some(IdempotencyKey([offset.to_le_bytes()[0]; 16]));
                self.record(
                    offset,
                    &Envelope {
                        control: Some(control),
                        idempotency_key: key,
                        ..Self::envelope(Kind::Control, "p-0", START_NS)
                    },
                )
            }
        }
    }

    /// Key `number` of the ledger of `default`.
    pub fn key(&self, number: u8) -> SigningKey {
        let name = KeyName::of_checkpoints(&Origin::new(
            &LedgerName::parse("test").unwrap(),
            &Tenant::parse("default").unwrap(),
        ));
        // The keyring's own was drawn first.
        let seed = if number == 0 { 1 } else { 0x40 + number };
        SigningKey::from_seed(name, [seed; 32])
    }

    /// An order and the note that carries it.
    pub fn key_note(&self, step: &KeyStep) -> (KeyOrder, Note) {
        let KeyStep { number, action, from, to, by } = *step;
        let origin = Origin::new(&LedgerName::parse("test").unwrap(), &Tenant::parse("default").unwrap());
        let rotates = action == KeyAction::Rotate;
        let order = KeyOrder {
            key: self.key(to).verifier().clone(),
            action,
            replaces: rotates.then(|| self.key(from).verifier().id()),
            overlap_seconds: rotates.then_some(OVERLAP_SECONDS),
            reason: None,
            order: Hex([number; 16]),
            origin: origin.clone(),
        };
        let root = SigningKey::from_seed(KeyName::of_root(&origin), [2; 32]);
        let mut note = order.note();
        let signers = std::iter::once(root).chain((0..7).map(|number| self.key(number)));
        for (_, signer) in signers.enumerate().filter(|(at, _)| by & (1 << at) != 0) {
            note.sign(&signer).unwrap();
        }
        (order, note)
    }

    /// A control record for the tenant `default`, signed with the key of checkpoints.
    pub fn control(&self, offset: u64, name: &str, content: &[u8], key: [u8; 16]) -> Record {
        let origin = Origin::new(&LedgerName::parse("test").unwrap(), &Tenant::partition(0));
        let signer = &self.keyring.signers(&origin).unwrap()[0];
        let value = ledger::key::Signer::sign(signer, &signed_message(name, &key, content)).unwrap();
        let signer = KeyName::of_checkpoints(&origin);
        let signature = Signature { algorithm: "ed25519", key: signer.as_str(), value: &value };
        let control = Control { name, content, expected_size: None, signatures: vec![signature] };
        let idempotency_key = Some(IdempotencyKey(key));
        let envelope =
            Envelope { control: Some(control), idempotency_key, ..Self::envelope(Kind::Control, "default", START_NS) };
        self.record(offset, &envelope)
    }

    pub fn history(&self, steps: &[Step]) -> Vec<Record> {
        let rest = (1..).zip(steps).map(|(offset, step)| self.step(offset, step));
        [self.genesis()].into_iter().chain(rest).collect()
    }

    pub fn recorder(&self, store: &Store) -> Recorder {
        Recorder::open(store.clone(), 0, Arc::clone(&self.keyring), RecorderSettings::default()).unwrap()
    }
}

fn json(run: u8, job: u8, event: &str, seconds: u8) -> String {
    format!(
        r#"{{"eventType":"{event}","eventTime":"2025-10-09T08:00:{:02}Z","producer":"https://example.test/p",
        "schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run":{{"runId":"00000000-0000-4000-8000-0000000000{run:02x}"}},"job":{{"namespace":"shop","name":"job-{job}"}},
        "inputs":[{{"namespace":"db","name":"table-{job}"}}],"outputs":[{{"namespace":"db","name":"table-{}"}}]}}"#,
        seconds % 60,
        job + 1
    )
}

/// Every row of a store.
pub(super) type Rows = Vec<(Table, Vec<u8>, Vec<u8>)>;

/// Applies records in batches of this size, reopening the recorder in between; gives the sums and every row.
pub(super) fn play(world: &World, records: &[Record], batch_records: usize, reopen: bool) -> (Applied, Rows) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &StoreOptions::default()).unwrap();
    let mut recorder = world.recorder(&store);
    let mut sum = Applied::default();
    for batch in records.chunks(batch_records) {
        if reopen {
            recorder = world.recorder(&store);
        }
        let applied = recorder.apply(batch).unwrap();
        sum.recorded += applied.recorded;
        sum.duplicates += applied.duplicates;
        sum.foreign += applied.foreign;
        sum.refused += applied.refused;
        sum.rejected += applied.rejected;
        sum.alerts += applied.alerts;
        sum.controls += applied.controls;
        sum.controls_refused += applied.controls_refused;
        sum.unappliable += applied.unappliable;
    }
    check_trees(&store);
    (sum, rows(&store))
}

pub(super) fn rows(store: &Store) -> Rows {
    let mut rows = Vec::new();
    for table in Table::ALL {
        let scan = Scan::prefix(*table, &[]);
        store
            .scan(scan, &mut |key, value| {
                rows.push((*table, key.to_vec(), value.to_vec()));
                ControlFlow::Continue(())
            })
            .unwrap();
    }
    rows
}

/// Each tree's stored root is the one that another implementation makes of the stored leaves, and each leaf decodes.
pub(super) fn check_trees(store: &Store) {
    for (name, row) in tables::tenants(store).unwrap() {
        let mut frontier = Frontier::new();
        for index in 0..row.size {
            let key = tables::LeafKey { tenant: row.number, index };
            let leaf = tables::leaf_at(store, key).unwrap().expect("leaves have no holes");
            assert_eq!(ledger::leaf::decode(&leaf).unwrap().tenant.as_str(), name);
            frontier.push(leaf_hash(&leaf), |_, _| {});
        }
        let tree = tables::Tree::load(store, row.number, row.size).unwrap();
        assert_eq!(tree.root(), frontier.root(), "tree of {name}");
    }
}
