//! Recovery over the simulated log: what is carried over, what is cited, what another attempt finds, what is refused. The oracle
//! reads the new log and a recorder's store over it.

use std::path::Path;

use ledger::Origin;
use ledger::checkpoint::Checkpoint;
use ledger::leaf::{self, Detail};
use lineage::envelope::Kind;
use lineage::frame::{self, Opened};
use store::tables::{self, LeafKey, TenantRow};
use store::{Store, StoreOptions};

use super::*;
use crate::clock::ManualClock;
use crate::log::sim::Sim;
use crate::log::{NewRecord, Record, Sizing};
use crate::publisher::Watermark;
use crate::random::SeededRandom;
use crate::recorder::tests::world::{INCARNATION, Step, World};
use crate::recorder::{Recorder, RecorderSettings};

const HISTORY: [Step; 8] = [
    Step::Tick { seconds: 1 },
    failing(1),
    Step::Foreign,
    Step::Rejected { offset: 3 },
    failing(2),
    Step::Progress { next: 9 },
    Step::Drill { key: 1, message: "" },
    failing(3),
];

const fn failing(run: u8) -> Step {
    Step::Event { run, job: run, event: "FAIL", seconds: run, source: None }
}

struct Scene {
    world: World,
    sim: Sim,
    lost: Names,
    names: Names,
}

/// How an attempt differs from the ordinary one.
struct Attempt<'a> {
    ledger: &'a str,
    stores: &'a [PathBuf],
    notes: &'a [Vec<u8>],
}

const ORDINARY: Attempt<'static> = Attempt { ledger: "second", stores: &[], notes: &[] };

impl Scene {
    /// A lost ledger whose log holds the first `kept` records of the history; what follows from records below `told` was
    /// published.
    fn new(kept: usize, told: Option<u64>) -> Self {
        let sim = Sim::new(7, Arc::new(ManualClock::at(1_760_000_000_000_000_000)));
        let scene = Self { world: World::new(), sim, lost: Names::new(""), names: Names::new("second") };
        let sizing = Sizing { partitions: 1, input_partitions: 1, brokers: 1, payload_bytes_max: 1 << 20 };
        for spec in sizing.topics(&scene.lost).into_iter().chain(sizing.topics(&scene.names)) {
            scene.sim.create(&spec).unwrap();
        }
        let records = scene.world.history(&HISTORY).into_iter().take(kept);
        let again = |record: Record| NewRecord {
            partition: Some(0),
            key: record.key,
            ..NewRecord::new(&scene.lost.events, record.value.unwrap().to_vec())
        };
        let appender = scene.sim.appender().unwrap();
        appender.append(records.map(again).collect()).unwrap();
        let marks = told.map(|told| Watermark::handed_over(Hex(INCARNATION), told).record(&scene.lost.recorders, 0));
        appender.append(marks.into_iter().collect()).unwrap();
        scene
    }

    fn note(&self, tenant: &str, size: u64) -> Vec<u8> {
        let origin = Origin::parse(&format!("test/{tenant}")).unwrap();
        let signer = self.world.keyring.signer(&origin).unwrap();
        let root = [u8::try_from(size).unwrap(); 32];
        Checkpoint { origin, size, root }.sign(&[&signer]).unwrap().to_bytes()
    }

    fn publish(&self, tenant: &str, size: u64) {
        let record = NewRecord::new(&self.lost.checkpoints, self.note(tenant, size)).key(format!("{tenant}/{size}"));
        self.sim.appender().unwrap().append(vec![record]).unwrap();
    }

    fn recover(&self, attempt: &Attempt<'_>) -> Result<Recovered, RecoverError> {
        let recovery = Recovery {
            from: &self.sim,
            lost: &self.lost,
            stores: attempt.stores,
            notes: attempt.notes,
            to: &self.sim,
            names: &self.names,
            ledger: &LedgerName::parse(attempt.ledger).unwrap(),
            partitions: 1,
            tenants: &[],
            keyring: &self.world.keyring,
            limits: Limits::default(),
            random: &SeededRandom::new(3),
            now_ns: 1_760_000_000_000_000_000,
        };
        recovery.run()
    }

    /// Kinds, ids and incarnations of what the new log holds.
    fn found(&self) -> (Vec<Kind>, Vec<[u8; 32]>, Vec<[u8; 16]>) {
        let records = self.sim.records(&self.names.events);
        let (mut kinds, mut ids, mut lives) = (Vec::new(), Vec::new(), Vec::new());
        for record in &records {
            let Opened::Envelope(envelope) =
                frame::open(record.value.as_deref().unwrap(), self.world.keyring.intake_keys())
            else {
                panic!("not an envelope at {}", record.offset)
            };
            kinds.push(envelope.kind);
            ids.extend(envelope.event.as_ref().map(|event| event.event_id));
            lives.push(envelope.incarnation);
        }
        lives.dedup();
        (kinds, ids, lives)
    }

    fn watermark(&self) -> Watermark {
        serde_json::from_slice(self.sim.records(&self.names.recorders).last().unwrap().value.as_deref().unwrap())
            .unwrap()
    }

    /// A store over the whole lost log, published up to there.
    fn store(&self, folder: &Path) -> PathBuf {
        let store = Store::open(folder, &StoreOptions::default()).unwrap();
        self.world.recorder(&store).apply(&self.world.history(&HISTORY)).unwrap();
        let mut batch = store.batch();
        tables::put(&mut batch, &[], &tables::PublishedRow { next_offset: 6, ..Default::default() });
        batch.commit(store::Durability::Written).unwrap();
        folder.to_owned()
    }
}

#[test]
fn what_survived_is_recorded_again_and_cites_the_lost_trees() {
    let scene = Scene::new(9, Some(6));
    scene.publish("default", 3);
    scene.publish("default", 5);
    scene.publish("p-0", 2);
    let recovered = scene.recover(&ORDINARY).unwrap();
    let cited: Vec<_> = recovered.previous.iter().map(|last| (last.origin.as_str(), last.size)).collect();
    assert_eq!(cited, [("test/default", 5), ("test/p-0", 2)]);
    // The third failing run was not told of: it is the fifth record here.
    let expected = Counts { from_log: 3, others: 2, published_below: 5, ..Counts::default() };
    assert_eq!(recovered.partitions, [expected]);
    assert_eq!(recovered.left_behind.values().sum::<u64>(), 4, "{:?}", recovered.left_behind);
    let (kinds, ids, lives) = scene.found();
    assert_eq!(kinds, [Kind::Control, Kind::Tick, Kind::Event, Kind::Rejections, Kind::Event, Kind::Event]);
    assert!(lives.len() == 1 && lives[0] != INCARNATION);
    assert_eq!((scene.watermark().next_offset, scene.watermark().incarnation), (5, Hex(lives[0]).to_string()));
    // What a recorder makes of it.
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &StoreOptions::default()).unwrap();
    let keyring = Arc::clone(&scene.world.keyring);
    let mut recorder = Recorder::open(store.clone(), 0, keyring, RecorderSettings::default()).unwrap();
    recorder.apply(&scene.sim.records(&scene.names.events)).unwrap();
    for (tenant, size) in [("default", 5), ("p-0", 2)] {
        let row = tables::get::<TenantRow>(&store, tenant.as_bytes()).unwrap().unwrap();
        let first = tables::leaf_at(&store, LeafKey { tenant: row.number, index: 0 }).unwrap().unwrap();
        let Detail::Genesis(genesis) = leaf::decode(&first).unwrap().detail else { panic!("leaf 0 of {tenant}") };
        assert_eq!(genesis.origin.as_str(), format!("second/{tenant}"));
        let previous = genesis.previous.unwrap();
        assert_eq!((previous.origin.as_str(), previous.size), (format!("test/{tenant}").as_str(), size));
    }
    let row = tables::get::<TenantRow>(&store, b"default").unwrap().unwrap();
    for id in ids {
        assert!(tables::leaf_of(&store, row.number, &id).unwrap().is_some());
    }
}

#[test]
fn another_attempt_writes_nothing_twice() {
    let scene = Scene::new(9, None);
    scene.publish("default", 5);
    let first = scene.recover(&ORDINARY).unwrap();
    let records = scene.sim.records(&scene.names.events);
    // Nobody knows what was told: it counts as told.
    assert_eq!((first.partitions[0].there, first.partitions[0].published_below), (0, 6));
    let second = scene.recover(&ORDINARY).unwrap();
    assert_eq!(second.partitions, [Counts { there: 5, ..first.partitions[0] }]);
    assert_eq!(scene.sim.records(&scene.names.events), records);
    // A server has gone on there since.
    scene.sim.appender().unwrap().append(vec![NewRecord::new(&scene.names.events, "more").partition(0)]).unwrap();
    assert!(matches!(scene.recover(&ORDINARY), Err(RecoverError::Differs { offset: 6, .. })));
}

#[test]
fn an_attempt_that_was_interrupted_is_gone_on_with() {
    let whole = Scene::new(9, Some(6));
    whole.publish("default", 5);
    whole.recover(&ORDINARY).unwrap();
    let expected = whole.sim.records(&whole.names.events);
    for kept in 1..expected.len() {
        let scene = Scene::new(9, Some(6));
        scene.publish("default", 5);
        let part = expected[..kept].iter().map(|record| NewRecord {
            key: record.key.clone(),
            headers: record.headers.clone(),
            ..NewRecord::new(&scene.names.events, record.value.clone().unwrap().to_vec()).partition(0)
        });
        scene.sim.appender().unwrap().append(part.collect()).unwrap();
        let recovered = scene.recover(&ORDINARY).unwrap();
        assert_eq!(recovered.partitions[0].there, kept as u64 - 1);
        let values = |records: Vec<Record>| records.into_iter().map(|record| record.value).collect::<Vec<_>>();
        assert_eq!(values(scene.sim.records(&scene.names.events)), values(expected.clone()));
    }
}

/// A log that lost its end, or all: the stores have the rest, with the same ids.
#[test]
fn what_the_log_lost_comes_from_the_stores() {
    let whole = Scene::new(9, None);
    whole.publish("default", 5);
    whole.recover(&ORDINARY).unwrap();
    let (_, ids, _) = whole.found();
    for (kept, from_log, from_stores) in [(0, 0, 3), (3, 1, 2), (6, 2, 1), (9, 3, 0)] {
        let (scene, folder) = (Scene::new(kept, None), tempfile::tempdir().unwrap());
        let stores = [scene.store(folder.path())];
        let notes = [scene.note("default", 5)];
        let recovered = scene.recover(&Attempt { stores: &stores, notes: &notes, ..ORDINARY }).unwrap();
        let counts = recovered.partitions[0];
        assert_eq!((counts.from_log, counts.from_stores), (from_log, from_stores), "of {kept} records");
        assert_eq!(scene.found().1, ids, "of {kept} records");
        // The store knows that all but the third failing run were told of: the newest event here.
        assert_eq!(counts.published_below, from_log + from_stores + counts.others, "of {kept} records");
        // And once more: the same, from the same.
        let again = scene.recover(&Attempt { stores: &stores, notes: &notes, ..ORDINARY }).unwrap();
        assert_eq!(again.partitions[0].there, counts.from_log + counts.from_stores + counts.others);
    }
}

#[test]
fn a_recovery_that_makes_no_sense_is_refused() {
    let scene = Scene::new(9, None);
    assert!(matches!(scene.recover(&ORDINARY), Err(RecoverError::Uncited { notes: 0, .. })));
    scene.publish("default", 5);
    assert!(matches!(scene.recover(&Attempt { ledger: "test", ..ORDINARY }), Err(RecoverError::SameName(_))));
    let foreign = World::with_seed(100);
    let origin = Origin::parse("test/default").unwrap();
    let signer = foreign.keyring.signer(&origin).unwrap();
    let forged = Checkpoint { origin, size: 9, root: [9; 32] }.sign(&[&signer]).unwrap().to_bytes();
    let notes = [scene.note("default", 5), forged];
    assert!(matches!(
        scene.recover(&Attempt { notes: &notes, ..ORDINARY }),
        Err(RecoverError::Note { number: 2, of: 2 })
    ));
    scene.publish("elsewhere", 1);
    assert!(matches!(scene.recover(&ORDINARY), Err(RecoverError::NoKey(tenant)) if tenant == "elsewhere"));
    assert!(scene.sim.records(&scene.names.events).is_empty(), "nothing was written");
}

/// A ledger that was begun before is no place to recover into.
#[test]
fn a_ledger_that_cites_nothing_is_not_written_into() {
    let scene = Scene::new(9, None);
    scene.publish("default", 5);
    let ledger = LedgerName::parse("second").unwrap();
    let appender = scene.sim.appender().unwrap();
    let beginning = Beginning {
        log: &scene.sim,
        appender: appender.as_ref(),
        names: &scene.names,
        keyring: &scene.world.keyring,
        ledger: &ledger,
        partitions: 1,
        tenants: &[],
        random: &SeededRandom::new(1),
        now_ns: 1,
        previous: BTreeMap::new(),
    };
    beginning.ensure().unwrap();
    assert!(matches!(scene.recover(&ORDINARY), Err(RecoverError::Genesis(GenesisError::Contradiction { .. }))));
}
