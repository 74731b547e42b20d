//! The publisher over the simulated and the embedded log: each row of the outbox is seen once, whoever dies and wherever;
//! a former owner is heard no more; a store that is not the one that was signed publishes nothing.

mod keys;
mod torn;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use ledger::{LedgerName, Origin, Tenant};
use store::StoreOptions;

use self::torn::{Tear, Torn};
use super::*;
use crate::clock::{ManualClock, SystemClock};
use crate::log::embedded::{Bounds, Embedded};
use crate::log::sim::{Fault, Sim};
use crate::log::{Names, ReadBound, Record, Sizing, Start};
use crate::recorder::tests::world::{Step, World};

/// Two failing runs, a refused record, a test alert, and three rounds of checkpoints between them.
const HISTORY: [Step; 9] = [
    Step::Tick { seconds: 1 },
    failing(1),
    Step::Forged,
    Step::Tick { seconds: 20 },
    Step::Drill { key: 1, message: "" },
    failing(2),
    Step::Ordered { seconds: 21 },
    failing(3),
    Step::Tick { seconds: 40 },
];

const fn failing(run: u8) -> Step {
    Step::Event { run, job: run, event: "FAIL", seconds: run, source: None }
}

/// A log under test, its topics, and the world that its records come from.
struct Scene {
    world: World,
    names: Names,
    log: Arc<dyn Log>,
    torn: Arc<Torn>,
    /// Also the log, where it is the simulated one.
    sim: Option<Sim>,
    _folder: tempfile::TempDir,
}

/// A recorder's store after a history.
struct Recorded {
    store: Store,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn on_sim() -> Self {
        let sim = Sim::new(7, Arc::new(ManualClock::at(1_760_000_000_000_000_000)));
        let log = Arc::new(sim.clone());
        Self { sim: Some(sim), ..Self::on(log, tempfile::tempdir().unwrap()) }
    }

    fn on_disk() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Embedded::open(folder.path(), Arc::new(SystemClock::new()), Bounds::default()).unwrap();
        Self::on(Arc::new(log), folder)
    }

    fn on(log: Arc<dyn Log>, folder: tempfile::TempDir) -> Self {
        let names = Names::new("");
        let sizing = Sizing { partitions: 1, input_partitions: 1, brokers: 1, payload_bytes_max: 1 << 20 };
        for spec in sizing.topics(&names) {
            log.create(&spec).unwrap();
        }
        let torn = Arc::new(Torn::new(Arc::clone(&log)));
        Self { world: World::new(), names, log, torn, sim: None, _folder: folder }
    }

    fn record(&self, steps: &[Step]) -> Recorded {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &StoreOptions::default()).unwrap();
        self.world.recorder(&store).apply(&self.world.history(steps)).unwrap();
        Recorded { store, _folder: folder }
    }

    /// A publisher as a process starts it: it has taken nothing over yet.
    fn publisher(&self, recorded: &Recorded) -> Publisher {
        let settings = PublisherSettings {
            alerts: Arc::clone(&self.names.alerts),
            checkpoints: Arc::clone(&self.names.checkpoints),
            recorders: Arc::clone(&self.names.recorders),
            deployment: String::new(),
            batch_rows_max: 1,
            advertised_url: String::new(),
            generation: 1,
            envelope_versions: vec![1],
            node: String::new(),
            announces: false,
        };
        let (clock, metrics) = (Arc::new(SystemClock::new()), Arc::new(Metrics::new("test", "test")));
        let log = Arc::<Torn>::clone(&self.torn);
        let keyring = Arc::clone(&self.world.keyring);
        Publisher::new(log, settings, recorded.store.clone(), 0, keyring, (clock, metrics))
    }

    fn records(&self, topic: &str) -> Vec<Record> {
        let mut reader = self.log.reader(topic).unwrap();
        reader.assign(&[(0, Start::Earliest)]).unwrap();
        let bound = ReadBound { records_max: 1_000, bytes_max: 1 << 20, wait: Duration::from_millis(20) };
        let mut records = Vec::new();
        loop {
            let batch = reader.read(bound).unwrap();
            records.extend(batch.records);
            if batch.at_end {
                return records;
            }
        }
    }

    /// Where what is published comes from, as its readers see it: offset and ordinal of the input, by topic.
    fn published(&self) -> Vec<OutboxKey> {
        let topics = [&self.names.alerts, &self.names.checkpoints];
        let records = topics.into_iter().flat_map(|topic| self.records(topic));
        let key = |record: &Record| {
            let text = std::str::from_utf8(record.header(outgoing::POSITION).unwrap()).unwrap();
            let mut parts = text.split('/').skip(2).map(|part| part.parse::<u64>().unwrap());
            let (offset, ordinal) = (parts.next().unwrap(), parts.next().unwrap());
            OutboxKey { offset, ordinal: u32::try_from(ordinal).unwrap() }
        };
        records.map(|record| key(&record)).collect()
    }

    /// Each row was published once, and nothing else.
    fn check(&self, name: &str, rows: &[OutboxKey]) {
        let mut published = self.published();
        published.sort_unstable();
        assert_eq!(published, rows, "{name}");
    }
}

/// Rows that wait to be published.
fn outbox(recorded: &Recorded) -> Vec<OutboxKey> {
    let mut rows = Vec::new();
    let scan = Scan::prefix(Table::Outbox, &[]);
    let visit = &mut |key: &[u8], _: &[u8]| {
        rows.push(OutboxKey::parse(key).unwrap());
        ControlFlow::Continue(())
    };
    recorded.store.scan(scan, visit).unwrap();
    rows
}

/// Takes over, as the worker does.
fn take_over(publisher: &mut Publisher) {
    publisher.recover().unwrap();
    assert_eq!(publisher.compare(true).unwrap(), Compared::Agrees);
}

/// Publishes what there is, taking over again after every doubt.
fn publish_all(publisher: &mut Publisher) {
    for _ in 0..100 {
        match publisher.step() {
            Ok(0) => return,
            Ok(_) => {}
            Err(PublishError::Recover(_)) => take_over(publisher),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("it never ends");
}

fn halted<T: std::fmt::Debug>(result: Result<T, PublishError>) -> Halt {
    match result {
        Err(PublishError::Halt(halt)) => halt,
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_is_published_once_and_a_restart_adds_nothing() {
    for scene in [Scene::on_sim(), Scene::on_disk()] {
        let recorded = scene.record(&HISTORY);
        let rows = outbox(&recorded);
        assert!(rows.len() > 8, "{rows:?}");
        for _ in 0..2 {
            publish_all(&mut scene.publisher(&recorded));
            scene.check("all of it", &rows);
        }
        assert!(outbox(&recorded).is_empty());
        // Another process with a store of its own has made the same rows, and finds them published; it goes on from there.
        let other = scene.record(&HISTORY);
        let mut owner = scene.publisher(&other);
        publish_all(&mut owner);
        scene.check("by another owner", &rows);
        assert!(outbox(&other).is_empty());
        assert_eq!(owner.next_offset(), rows.last().unwrap().offset + 1, "the watermark stays where it was");
        let newest = |recorded: &Recorded| tables::get::<CheckpointRow>(&recorded.store, b"default").unwrap();
        assert_eq!(newest(&other), newest(&recorded), "it knows what was signed");
        assert!(newest(&other).is_some());
    }
}

#[test]
fn a_former_owner_is_fenced_and_heard_no_more() {
    for scene in [Scene::on_sim(), Scene::on_disk()] {
        let (theirs, ours) = (scene.record(&HISTORY), scene.record(&HISTORY));
        let rows = outbox(&ours);
        let (mut former, mut owner) = (scene.publisher(&theirs), scene.publisher(&ours));
        take_over(&mut former);
        assert!(former.step().unwrap() > 0);
        take_over(&mut owner);
        let before = scene.published();
        assert!(matches!(former.step(), Err(PublishError::Fenced(_))));
        assert!(matches!(former.step(), Err(PublishError::Recover(_))), "it never goes on by itself");
        assert_eq!(scene.published(), before, "nothing of the former owner's is seen");
        publish_all(&mut owner);
        scene.check("by the new owner alone", &rows);
    }
}

#[test]
fn a_torn_commit_doubles_nothing_and_loses_nothing() {
    for tear in [Tear::Before, Tear::After] {
        for at in 0..4 {
            for dies in [false, true] {
                for scene in [Scene::on_sim(), Scene::on_disk()] {
                    let recorded = scene.record(&HISTORY);
                    let rows = outbox(&recorded);
                    let mut publisher = scene.publisher(&recorded);
                    take_over(&mut publisher);
                    for _ in 0..at {
                        publisher.step().unwrap();
                    }
                    scene.torn.order(tear);
                    assert!(matches!(publisher.step(), Err(PublishError::Recover(_))));
                    // Either the same process takes over again, or it dies there, and another one comes with a store that
                    // knows nothing of what was sent.
                    if dies {
                        publisher = scene.publisher(&scene.record(&HISTORY));
                    }
                    publish_all(&mut publisher);
                    scene.check(&format!("{tear:?} commit {at}, dies {dies}"), &rows);
                }
            }
        }
    }
}

#[test]
fn what_the_simulated_log_does_to_a_commit_is_mended() {
    use Fault::{CommitAborted, CommitLate, CommitLostAcknowledgement, CommitVanished};
    for fault in [CommitAborted, CommitVanished, CommitLostAcknowledgement, CommitLate] {
        let scene = Scene::on_sim();
        let recorded = scene.record(&HISTORY);
        let rows = outbox(&recorded);
        let mut publisher = scene.publisher(&recorded);
        take_over(&mut publisher);
        scene.sim.iter().for_each(|sim| sim.order(fault));
        assert!(matches!(publisher.step(), Err(PublishError::Recover(_))), "{fault:?}");
        publish_all(&mut publisher);
        scene.check(&format!("{fault:?}"), &rows);
    }
}

#[test]
fn a_store_that_is_not_the_one_that_was_signed_publishes_nothing() {
    for scene in [Scene::on_sim(), Scene::on_disk()] {
        publish_all(&mut scene.publisher(&scene.record(&HISTORY)));
        let before = scene.published();

        let mut edited = HISTORY;
        edited[1] = failing(9);
        let mut forked = scene.publisher(&scene.record(&edited));
        forked.recover().unwrap();
        let halt = halted(forked.compare(false));
        assert!(halt.reason.contains("test/default") && halt.reason.contains("was published and signed"), "{halt}");
        assert!(halt.remedy.contains("Move its folder away") && !halt.passing, "{halt}");
        assert_eq!(forked.step().unwrap(), 0, "it signs nothing");

        // One that is behind waits for the log; where the log has no more, that is a rollback.
        let behind = scene.record(&HISTORY[..6]);
        let mut publisher = scene.publisher(&behind);
        publisher.recover().unwrap();
        assert_eq!(publisher.compare(false).unwrap(), Compared::Behind("default".to_owned()));
        assert_eq!(publisher.step().unwrap(), 0, "it signs nothing");
        let halt = halted(publisher.compare(true));
        assert!(halt.reason.contains("rollback") && halt.remedy.contains("recover --new-origin"), "{halt}");
        scene.world.recorder(&behind.store).apply(&scene.world.history(&HISTORY)).unwrap();
        assert_eq!(publisher.compare(true).unwrap(), Compared::Agrees, "the log has brought it there");
        publish_all(&mut publisher);
        assert_eq!(scene.published(), before);
    }
}

#[test]
fn a_note_that_is_not_ours_proves_nothing() {
    let scene = Scene::on_sim();
    let recorded = scene.record(&HISTORY);
    publish_all(&mut scene.publisher(&recorded));
    let origin = Origin::new(&LedgerName::parse("test").unwrap(), &Tenant::parse("default").unwrap());
    let stranger = World::with_seed(100);
    let signer = stranger.keyring.signer(&origin).unwrap();
    let note = Checkpoint { origin, size: 2, root: [9; 32] }.sign(&[&signer]).unwrap().to_bytes();
    let record = NewRecord::new(&scene.names.checkpoints, note).key("default/2");
    scene.log.appender().unwrap().append(vec![record]).unwrap();
    take_over(&mut scene.publisher(&recorded));
    take_over(&mut scene.publisher(&scene.record(&HISTORY)));
}
