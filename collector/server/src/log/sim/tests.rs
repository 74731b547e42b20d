//! The faults of the simulated log, each by itself, and that a seed gives one run.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{Fault, Faults, Sim};
use crate::clock::ManualClock;
use crate::log::{
    AppendAction, Cleanup, CommitError, GroupOffset, GroupReader, Inputs, Join, Log, LogError, Membership, NewRecord,
    NoMembership, Outcome, ReadBound, Reader, Start, TopicPartition, TopicSpec,
};

const BOUND: ReadBound = ReadBound { records_max: 100, bytes_max: 1 << 20, wait: Duration::ZERO };

fn sim(seed: u64) -> Sim {
    let sim = Sim::new(seed, Arc::new(ManualClock::at(0)));
    sim.create(&spec(1)).expect("created");
    sim
}

fn spec(partitions: u32) -> TopicSpec {
    TopicSpec {
        name: name(),
        partitions,
        replication: 1,
        min_insync_replicas: 1,
        cleanup: Cleanup::Keep,
        message_bytes_max: 1000,
    }
}

fn name() -> Arc<str> {
    Arc::from("topic")
}

fn records(values: &[&'static str]) -> Vec<NewRecord> {
    values.iter().map(|value| NewRecord::new(&name(), *value).partition(0)).collect()
}

fn visible(sim: &Sim) -> Vec<String> {
    let text = |value: Option<bytes::Bytes>| String::from_utf8(value.unwrap_or_default().to_vec()).expect("text");
    sim.records("topic").into_iter().map(|record| text(record.value)).collect()
}

fn reader(sim: &Sim) -> Box<dyn Reader> {
    let mut reader = sim.reader("topic").expect("a reader");
    reader.assign(&[(0, Start::Earliest)]).expect("assigned");
    reader
}

#[test]
fn a_crash_loses_what_was_not_synced_and_nothing_else() {
    let sim = sim(1);
    sim.appender().expect("an appender").append(records(&["synced"])).expect("appended");
    let held = sim.held_appender();
    let mut settled = held.begin(records(&["settled"]));
    assert!(settled.try_take().is_none(), "it is on its way");
    assert!(sim.settle_one());
    assert!(settled.try_take().expect("answered").is_ok());
    let mut lost = held.begin(records(&["lost"]));
    sim.order(Fault::AppendLate);
    assert!(sim.appender().expect("an appender").append(records(&["late"])).is_err());
    sim.crash();
    assert!(!sim.settle_one(), "nothing is on its way any more");
    assert_eq!(lost.try_take().expect("its sender is gone").expect_err("lost").outcomes, [Outcome::Unknown]);
    assert_eq!(visible(&sim), ["synced", "settled"]);
}

#[test]
fn each_fault_of_an_append_does_what_it_says() {
    let check = |fault: Fault, action: Option<AppendAction>, outcome: Outcome, now: &[usize], settled: &[usize]| {
        let sim = sim(3);
        sim.order(fault);
        let answer = sim.appender().expect("an appender").append(records(&["a", "b"]));
        assert_eq!(answer.as_ref().err().map(|error| error.action), action, "{fault:?}");
        if let Err(error) = answer {
            assert_eq!(error.outcomes, vec![outcome; 2], "{fault:?}");
        }
        assert!(now.contains(&visible(&sim).len()), "{fault:?}: {:?}", visible(&sim));
        while sim.settle_one() {}
        assert!(settled.contains(&visible(&sim).len()), "{fault:?} settled: {:?}", visible(&sim));
    };
    let retry = Some(AppendAction::Retry);
    check(Fault::AppendRefused, retry, Outcome::NotSent, &[0], &[0]);
    check(Fault::AppendCut, retry, Outcome::Unknown, &[0, 1, 2], &[0, 1, 2]);
    check(Fault::AppendLostAcknowledgement, retry, Outcome::Unknown, &[2], &[2]);
    check(Fault::AppendLate, retry, Outcome::Unknown, &[0], &[2]);
    check(Fault::AppendDoubled, None, Outcome::Unknown, &[4], &[4]);
}

#[test]
fn each_fault_of_a_commit_does_what_it_says() {
    let check = |fault: Fault, named: fn(&CommitError) -> bool, now: usize| {
        let sim = sim(3);
        let mut transactor = sim.transactor("id").expect("a transactor");
        transactor.init().expect("taken over");
        sim.order(fault);
        let error = transactor.commit(&records(&["a", "b"]), None).expect_err("a fault");
        assert!(named(&error), "{fault:?}: {error}");
        assert_eq!(visible(&sim).len(), now, "{fault:?}");
        transactor.init().expect("taken over anew");
        assert!([0, 2].contains(&visible(&sim).len()), "{fault:?}: whole or not at all");
        assert!(!sim.settle_one(), "{fault:?}: nothing stays open");
        transactor.commit(&records(&["c"]), None).expect("the next one is committed");
    };
    let uncertain = |error: &CommitError| matches!(error, CommitError::Uncertain { .. });
    check(Fault::CommitAborted, |error| matches!(error, CommitError::Aborted { .. }), 0);
    check(Fault::CommitVanished, uncertain, 0);
    check(Fault::CommitLostAcknowledgement, uncertain, 2);
    check(Fault::CommitLate, uncertain, 0);
}

#[test]
fn an_open_transaction_hides_what_lies_behind_it_and_is_not_the_end() {
    let sim = sim(1);
    let mut hung = sim.transactor("hung").expect("a transactor");
    hung.init().expect("taken over");
    sim.order(Fault::CommitLate);
    hung.commit(&records(&["hung"]), None).expect_err("no answer in time");
    sim.appender().expect("an appender").append(records(&["behind"])).expect("appended");
    let mut reader = reader(&sim);
    let batch = reader.read(BOUND).expect("read");
    assert_eq!((batch.records.len(), batch.at_end), (0, false));
    assert!(sim.settle_one());
    let batch = reader.read(BOUND).expect("read");
    assert!(batch.at_end && [1, 2].contains(&batch.records.len()));
}

#[test]
fn a_lost_end_of_the_log_is_named() {
    let sim = sim(1);
    sim.appender().expect("an appender").append(records(&["a", "b", "c"])).expect("appended");
    let mut reader = reader(&sim);
    assert_eq!(reader.read(BOUND).expect("read").records.len(), 3);
    sim.cut("topic", 0, 1).expect("cut");
    assert!(matches!(reader.read(BOUND), Err(LogError::OutOfRange { offset: 3, .. })));
    sim.recreate("topic", 2).expect("recreated");
    assert_eq!(sim.partitions("topic"), Ok(2));
    assert!(visible(&sim).is_empty());
}

/// What one seed makes of a fixed script under every fault.
fn run(seed: u64) -> Vec<String> {
    let sim = sim(seed);
    sim.set_faults(Faults::all(4));
    let appender = sim.appender().expect("an appender");
    let held = sim.held_appender();
    let mut transactor = sim.transactor("id").expect("a transactor");
    let mut trace = Vec::new();
    for _ in 0..200 {
        match sim.draw_below(6) {
            0 => trace.push(format!("{:?}", appender.append(records(&["a", "b", "c"])))),
            1 => trace.push(format!("{:?}", held.begin(records(&["h"])).try_take())),
            2 => trace.push(format!("{:?}", transactor.commit(&records(&["t", "u"]), None))),
            3 => trace.push(format!("{:?}", transactor.init())),
            4 => trace.push(sim.settle_one().to_string()),
            _ => trace.push(format!("{:?}", reader(&sim).read(BOUND))),
        }
    }
    trace.push(format!("{:?}", visible(&sim)));
    trace
}

#[test]
fn a_seed_gives_one_run() {
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

/// What a member holds, as it was told.
#[derive(Default)]
struct Holds(Mutex<Vec<u32>>);

impl Membership for Holds {
    fn assigned(&self, partitions: &[TopicPartition]) {
        self.0.lock().extend(partitions.iter().map(|place| place.partition));
    }

    fn revoked(&self, partitions: &[TopicPartition]) {
        self.0.lock().retain(|held| !partitions.iter().any(|place| place.partition == *held));
    }
}

fn join(sim: &Sim, instance_id: Option<&str>, membership: Arc<dyn Membership>) -> Box<dyn GroupReader> {
    let join = Join {
        group: "group".to_owned(),
        instance_id: instance_id.map(str::to_owned),
        inputs: Inputs::Pattern("^top".to_owned()),
        session_timeout: Duration::from_secs(10),
        assignment_only: false,
    };
    sim.group_reader(join, membership).expect("joined")
}

fn shared_sim() -> Sim {
    let sim = Sim::new(1, Arc::new(ManualClock::at(0)));
    sim.create(&spec(4)).expect("created");
    sim
}

#[test]
fn members_share_partitions_and_give_them_up_before_others_take_them() {
    let sim = shared_sim();
    let (first_holds, second_holds) = (Arc::new(Holds::default()), Arc::new(Holds::default()));
    let mut first = join(&sim, None, Arc::<Holds>::clone(&first_holds));
    first.poll(BOUND).expect("polled");
    assert_eq!(first_holds.0.lock().len(), 4);
    let mut second = join(&sim, None, Arc::<Holds>::clone(&second_holds));
    second.poll(BOUND).expect("polled");
    assert_eq!(second_holds.0.lock().len(), 0, "the first has not given them up");
    first.poll(BOUND).expect("polled");
    second.poll(BOUND).expect("polled");
    let mut both = [first_holds.0.lock().clone(), second_holds.0.lock().clone()].concat();
    both.sort_unstable();
    assert_eq!(both, [0, 1, 2, 3]);
    second.close().expect("left");
    first.poll(BOUND).expect("polled");
    assert_eq!(first_holds.0.lock().len(), 4);
}

#[test]
fn a_zombie_stores_nothing_and_learns_of_it_when_it_polls() {
    let sim = shared_sim();
    let holds = Arc::new(Holds::default());
    let mut zombie = join(&sim, None, Arc::<Holds>::clone(&holds));
    zombie.poll(BOUND).expect("polled");
    sim.expel_one("group");
    let offset = GroupOffset { topic: name(), partition: 0, next: 5 };
    zombie.store(&[offset]).expect("dropped silently, as Kafka does with a late commit");
    assert_eq!(sim.group_offset("group", "topic", 0), Ok(None));
    assert_eq!(holds.0.lock().len(), 4, "it doesn't know yet");
    zombie.poll(BOUND).expect("polled");
    assert_eq!(holds.0.lock().len(), 0);
    zombie.poll(BOUND).expect("polled");
    assert_eq!(holds.0.lock().len(), 4, "back as a new member");
}

#[test]
fn an_instance_id_takes_its_seat_over() {
    let sim = shared_sim();
    let mut former = join(&sim, Some("node-1"), Arc::new(NoMembership));
    former.poll(BOUND).expect("polled");
    let holds = Arc::new(Holds::default());
    let mut owner = join(&sim, Some("node-1"), Arc::<Holds>::clone(&holds));
    owner.poll(BOUND).expect("polled");
    assert_eq!(holds.0.lock().len(), 4);
    assert!(matches!(former.poll(BOUND), Err(LogError::Fenced { .. })));
}
