//! The recorder over real RocksDB: outcomes by table, and that no cut of the log into batches can be seen.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use ledger::commitment::Opening;
use ledger::key::KeyName;
use ledger::tree::{Frontier, leaf_hash};
use ledger::{LedgerName, Origin, Tenant};
use lineage::c14n;
use lineage::decode::{self, Limits, decode};
use lineage::envelope::{
    Control, Envelope, Event, IdempotencyKey, Kind, Mode, Noticed, Progress, Rejected, Rejections, Source, Subject,
    Verdict,
};
use lineage::facts::EventKind;
use lineage::schema::Schemas;
use proptest::prelude::*;
use store::tables::{self, Meta, TenantRow};
use store::{Read, Scan, Store, StoreOptions, Table};

use super::control::{GenesisContent, TenantContent, signed_message};
use super::{Applied, Recorder, RecorderSettings};
use crate::keyring::Keyring;
use crate::log::Record;

const INCARNATION: [u8; 16] = [0xab; 16];
const SECOND_NS: i64 = 1_000_000_000;
const START_NS: i64 = 1_760_000_000 * SECOND_NS;

/// One step of a history, to become one record.
#[derive(Clone, Debug)]
enum Step {
    Event { run: u8, job: u8, event: &'static str, seconds: u8, source: Option<i64> },
    Tick { seconds: u8 },
    Progress { next: i64 },
    Rejected { offset: i64 },
    Foreign,
    Forged,
    Misplaced,
    Unsigned,
}

/// Everything that a test's records are made with.
struct World {
    keyring: Arc<Keyring>,
    frames: lineage::frame::Frames,
    schemas: Schemas,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, tenant) = (LedgerName::parse("test").unwrap(), Tenant::parse("default").unwrap());
        let mut seed = 0_u8;
        let mut random = || {
            seed += 1;
            [seed; 32]
        };
        let keyring = Keyring::init(folder.path(), &ledger, 1, &[tenant], &mut random).unwrap();
        let schemas = Schemas::built_in().unwrap();
        World { keyring: Arc::new(keyring), frames: lineage::frame::Frames::new(), schemas, _folder: folder }
    }

    fn envelope(kind: Kind, tenant: &str, received_at_ns: i64) -> Envelope<'_> {
        Envelope {
            kind,
            tenant,
            incarnation: INCARNATION,
            received_at_ns,
            intake_version: "0.1.0",
            idempotency_key: None,
            source: None,
            principal: None,
            initiator: None,
            operation: None,
            mode: Mode::Live,
            data_key_id: 0,
            sealed: None,
            event: None,
            control: None,
            progress: None,
            rejections: None,
        }
    }

    fn record(&self, offset: u64, envelope: &Envelope<'_>) -> Record {
        let mut value = Vec::new();
        self.frames.seal(envelope, self.keyring.intake_key(), &mut value).unwrap();
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

    fn genesis(&self) -> Record {
        let origin = Origin::new(&LedgerName::parse("test").unwrap(), &Tenant::partition(0));
        let content = serde_json::to_vec(&GenesisContent {
            incarnation: "ab".repeat(16),
            ledger_name: "test".to_owned(),
            partition: 0,
            partition_count: 1,
            verifier_key: self.keyring.signer(&origin).verifier().to_text(),
            root_key: self.keyring.root().to_text(),
            tenants: vec!["default".to_owned()],
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

    fn step(&self, offset: u64, step: &Step) -> Record {
        match step {
            Step::Event { run, job, event, seconds, source } => {
                self.event(offset, &json(*run, *job, event, *seconds), *source)
            }
            Step::Tick { seconds } => {
                let at_ns = START_NS + i64::from(*seconds) * SECOND_NS;
                self.record(offset, &Self::envelope(Kind::Tick, "p-0", at_ns))
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

    fn history(&self, steps: &[Step]) -> Vec<Record> {
        let rest = (1..).zip(steps).map(|(offset, step)| self.step(offset, step));
        [self.genesis()].into_iter().chain(rest).collect()
    }

    fn recorder(&self, store: &Store) -> Recorder {
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
type Rows = Vec<(Table, Vec<u8>, Vec<u8>)>;

/// Applies records in batches of this size, reopening the recorder in between; gives the sums and every row.
fn play(world: &World, records: &[Record], batch_records: usize, reopen: bool) -> (Applied, Rows) {
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

fn rows(store: &Store) -> Rows {
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
fn check_trees(store: &Store) {
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

fn check(name: &str, steps: &[Step], expected: Applied) {
    let world = World::new();
    let (sum, _) = play(&world, &world.history(steps), 1000, false);
    assert_eq!(sum, expected, "{name}");
}

#[test]
fn each_record_meets_its_outcome() {
    let event = |run, event, seconds| Step::Event { run, job: 1, event, seconds, source: None };
    let none = Applied { controls: 1, ..Applied::default() };
    check("genesis alone", &[], none);
    check("an event", &[event(1, "START", 1)], Applied { recorded: 1, ..none });
    check("twice", &[event(1, "START", 1), event(1, "START", 1)], Applied { recorded: 1, duplicates: 1, ..none });
    check("foreign", &[Step::Foreign], Applied { foreign: 1, ..none });
    check("forged", &[Step::Forged, Step::Misplaced], Applied { refused: 2, ..none });
    check("unsigned control", &[Step::Unsigned], Applied { controls_refused: 1, ..none });
    check(
        "rejected twice",
        &[Step::Rejected { offset: 4 }, Step::Rejected { offset: 4 }],
        Applied { rejected: 1, ..none },
    );
    check("a failing run", &[event(1, "START", 1), event(1, "FAIL", 2)], Applied { recorded: 2, alerts: 1, ..none });
}

#[test]
fn a_signed_tenant_control_begins_a_tree_and_its_repeat_does_nothing() {
    let world = World::new();
    let origin = Origin::new(&LedgerName::parse("test").unwrap(), &Tenant::partition(0));
    let signer = world.keyring.signer(&origin);
    let (verifier_key, root_key) = (signer.verifier().to_text(), world.keyring.root().to_text());
    let content = serde_json::to_vec(&TenantContent { tenant: "default".to_owned(), verifier_key, root_key }).unwrap();
    let key = IdempotencyKey([9; 16]);
    let value = ledger::key::Signer::sign(&signer, &signed_message("tenant", &key.0, &content)).unwrap();
    let name = KeyName::of_checkpoints(&origin);
    let signature = lineage::envelope::Signature { algorithm: "ed25519", key: name.as_str(), value: &value };
    let control = Control { name: "tenant", content: &content, expected_size: None, signatures: vec![signature] };
    let envelope = Envelope {
        control: Some(control),
        idempotency_key: Some(key),
        ..World::envelope(Kind::Control, "default", START_NS)
    };
    let records = [world.genesis(), world.record(1, &envelope), world.record(2, &envelope)];
    let (sum, _) = play(&world, &records, 1000, false);
    assert_eq!((sum.controls, sum.duplicates), (2, 1), "genesis and tenant took effect, the repeat was known");
}

#[test]
fn another_record_at_the_last_offset_halts() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &StoreOptions::default()).unwrap();
    let mut recorder = world.recorder(&store);
    let history = world.history(&[Step::Tick { seconds: 1 }]);
    recorder.apply(&history).unwrap();
    recorder.compare(&history[1]).unwrap();
    let halt = recorder.compare(&world.step(1, &Step::Tick { seconds: 2 })).unwrap_err();
    assert!(halt.reason.contains("offset 1 holds another record"), "{halt}");
}

#[test]
fn a_tick_covers_what_was_taken_in_and_asks_for_checkpoints() {
    let world = World::new();
    let event = Step::Event { run: 1, job: 1, event: "START", seconds: 1, source: Some(7) };
    let steps = [event, Step::Rejected { offset: 8 }, Step::Tick { seconds: 5 }, Step::Tick { seconds: 1 }];
    let (_, rows) = play(&world, &world.history(&steps), 1000, false);
    let by_table = rows.iter().fold(BTreeMap::<Table, usize>::new(), |mut counts, (table, ..)| {
        *counts.entry(*table).or_default() += 1;
        counts
    });
    // Leaves: genesis of p-0 and default, the event, its coverage, the rejections. One checkpoint for each tree.
    assert_eq!((by_table[&Table::Leaves], by_table[&Table::Outbox], by_table.get(&Table::Pending)), (5, 2, None));
    let meta =
        rows.iter().find(|(table, ..)| *table == Table::Meta).map(|(.., value)| tables::Row::decode(value)).unwrap();
    assert_eq!(meta.map(|meta: Meta| meta.time_ns), Some(START_NS + 5 * SECOND_NS), "time never goes back");
    let tenant = rows.iter().find(|(table, key, _)| *table == Table::Tenants && key == b"default").unwrap();
    let tenant: TenantRow = tables::Row::decode(&tenant.2).unwrap();
    assert_eq!((tenant.size, tenant.checkpoint_size), (3, 3));
}

fn step() -> impl Strategy<Value = Step> {
    let kinds = prop::sample::select(vec!["START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER"]);
    let source = prop::option::of(0..40_i64);
    let event = (0..6_u8, 0..4_u8, kinds, 0..30_u8, source)
        .prop_map(|(run, job, event, seconds, source)| Step::Event { run, job, event, seconds, source });
    prop_oneof![
        12 => event,
        2 => (0..60_u8).prop_map(|seconds| Step::Tick { seconds }),
        1 => (0..50_i64).prop_map(|next| Step::Progress { next }),
        1 => (0..20_i64).prop_map(|offset| Step::Rejected { offset }),
        1 => prop::sample::select(vec![Step::Foreign, Step::Forged, Step::Misplaced, Step::Unsigned]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_cut_into_batches_can_be_seen(steps in prop::collection::vec(step(), 1..60)) {
        let world = World::new();
        let records = world.history(&steps);
        let (_, whole) = play(&world, &records, 1000, false);
        for (batch_records, reopen) in [(1, true), (7, false), (7, true)] {
            let (_, cut) = play(&world, &records, batch_records, reopen);
            prop_assert!(whole == cut, "batches of {batch_records}, reopened {reopen}: first difference {:?}",
                whole.iter().zip(&cut).find(|(one, other)| one != other));
        }
    }
}
