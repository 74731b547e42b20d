//! One process: an intake, a seat in the recorders' group, and for each partition that it holds a recording and a publishing on a
//! disk of its own. Dies and starts again; its disks stay.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use server::intake::TopicIntake;
use server::log::{GroupReader, Inputs, Join, LogError, Membership, ReadBound, TopicPartition};
use server::random::Random;
use server::worker::{Next, Partition, Publishing, Recording, State};
use store::Disk;

use crate::world::World;

const SESSION: Duration = Duration::from_secs(10);

/// Partitions that the group wants this process to hold.
#[derive(Default)]
struct Wanted(Mutex<BTreeSet<u32>>);

impl Membership for Wanted {
    fn assigned(&self, partitions: &[TopicPartition]) {
        self.0.lock().extend(partitions.iter().map(|place| place.partition));
    }

    fn revoked(&self, partitions: &[TopicPartition]) {
        self.0.lock().retain(|held| !partitions.iter().any(|place| place.partition == *held));
    }
}

/// A partition that is held.
struct Held {
    partition: Partition,
    parts: server::worker::WorkerParts,
    recording: Option<Recording>,
    publishing: Option<Publishing>,
}

/// A process, at work or dead.
pub struct Process {
    pub number: usize,
    /// It is stopped until that step.
    pub stalled_until: u64,
    intake: Option<TopicIntake>,
    seat: Option<Box<dyn GroupReader>>,
    wanted: Arc<Wanted>,
    held: BTreeMap<u32, Held>,
    pub disks: BTreeMap<u32, Disk>,
}

impl Process {
    pub fn new(number: usize) -> Self {
        let (wanted, held, disks) = Default::default();
        Process { number, stalled_until: 0, intake: None, seat: None, wanted, held, disks }
    }

    /// It dies at once; its disks keep what they have.
    pub fn die(&mut self) {
        (self.intake, self.seat) = (None, None);
        self.wanted = Arc::default();
        self.held.clear();
    }

    /// Its machine loses power: of what no disk has synced a part is left.
    pub fn lose_power(&mut self, fate: &dyn Random) {
        self.die();
        for disk in self.disks.values() {
            disk.lose_power(usize::try_from(fate.below(disk.unsynced() as u64 + 1)).unwrap());
        }
    }

    pub fn held(&self) -> Vec<u32> {
        self.held.keys().copied().collect()
    }

    /// One round of intake.
    pub fn take_in(world: &mut World, at: usize) -> Result<(), String> {
        if world.processes[at].intake.is_none() {
            let intake = TopicIntake::new(world.intake_parts(at)).map_err(|error| error.to_string())?;
            world.processes[at].intake = Some(intake);
        }
        let Some(intake) = &mut world.processes[at].intake else { return Ok(()) };
        match intake.round() {
            Ok(_) => {}
            Err(error) if error.is_retry() => {}
            // Its seat was taken, or the log is gone: it dies, and starts anew.
            Err(LogError::Fenced { .. }) => world.processes[at].intake = None,
            Err(error) => return Err(format!("intake stopped: {error}")),
        }
        Ok(())
    }

    /// Hears from the group, and opens and closes what it says.
    pub fn poll(world: &mut World, at: usize) -> Result<(), String> {
        let log = world.seen_log();
        let process = &mut world.processes[at];
        if process.seat.is_none() {
            let join = Join {
                group: world.names.group("recorder"),
                instance_id: None,
                inputs: Inputs::Topics(vec![world.names.events.to_string()]),
                session_timeout: SESSION,
                assignment_only: true,
            };
            let wanted = Arc::<Wanted>::clone(&process.wanted);
            process.seat = Some(log.group_reader(join, wanted).map_err(|error| error.to_string())?);
        }
        let bound = ReadBound { records_max: 1, bytes_max: 1, wait: Duration::ZERO };
        if let Some(seat) = &mut process.seat
            && let Err(error) = seat.poll(bound)
            && !error.is_retry()
        {
            // Whatever it held is another's by now.
            process.seat = None;
            process.wanted.0.lock().clear();
        }
        let wanted = process.wanted.0.lock().clone();
        process.held.retain(|partition, _| wanted.contains(partition));
        for number in wanted {
            if world.processes[at].held.contains_key(&number) {
                continue;
            }
            Process::follow(world, at, number);
            Process::promote(world, at, number);
        }
        Ok(())
    }

    /// Opens a partition, and publishes nothing of it.
    pub fn follow(world: &mut World, at: usize, number: u32) {
        let parts = world.worker_parts();
        let disk = world.processes[at].disks.entry(number).or_default().clone();
        let partition = Partition::new(number, disk.open());
        match Recording::open(&partition, &parts) {
            Ok(recording) => {
                let held = Held { partition, parts, recording: Some(recording), publishing: None };
                world.processes[at].held.insert(number, held);
            }
            Err(halt) => world.halts.push(halt.to_string()),
        }
    }

    /// Begins to publish a partition that it has opened.
    pub fn promote(world: &mut World, at: usize, number: u32) {
        if let Some(held) = world.processes[at].held.get_mut(&number) {
            held.publishing = Some(Publishing::new(&held.partition, &held.parts));
        }
    }

    /// One round of recording.
    pub fn record(world: &mut World, at: usize, number: u32) {
        let Some(held) = world.processes[at].held.get_mut(&number) else { return };
        let Some(recording) = &mut held.recording else { return };
        if let Err(halt) = recording.round(&held.partition, &held.parts) {
            if halt.passing {
                // A full disk: it is closed, and opened again at the next poll.
                world.processes[at].held.remove(&number);
            } else {
                held.recording = None;
                world.halts.push(halt.to_string());
            }
        }
    }

    /// One round of publishing; whether there is nothing left to do.
    pub fn publish(world: &mut World, at: usize, number: u32) -> bool {
        let Some(held) = world.processes[at].held.get_mut(&number) else { return true };
        let Some(publishing) = &mut held.publishing else { return true };
        match publishing.round(&held.partition, &held.parts) {
            Next::Wait => return true,
            Next::Again | Next::Pause(_) => {}
            Next::Stop => {
                held.publishing = None;
                let fenced = held.partition.status().unpublished.unwrap_or_default();
                match held.partition.status().state {
                    // Another owner is at work: the group will say so.
                    _ if fenced.contains("taken over") => drop(world.processes[at].held.remove(&number)),
                    State::Halted { .. } if held.partition.halt_has_passed(Duration::MAX) => {
                        drop(world.processes[at].held.remove(&number));
                    }
                    State::Halted { reason, remedy } => world.halts.push(format!("{reason} ({remedy})")),
                    state => world.halts.push(format!("it stopped in state {state:?}")),
                }
            }
        }
        false
    }

    /// Whether it serves a partition.
    pub fn serves(&self, number: u32) -> bool {
        self.held
            .get(&number)
            .is_some_and(|held| held.partition.serves() && held.partition.status().state == State::Running)
    }

    /// What it holds and how that stands, for a message.
    pub fn state(&self) -> String {
        let held = |(number, held): (&u32, &Held)| {
            let (records, publishes) = (held.recording.is_some(), held.publishing.is_some());
            format!("{number}: records {records}, publishes {publishes}, {:?}", held.partition.status())
        };
        let held: Vec<String> = self.held.iter().map(held).collect();
        format!("process {} wants {:?}, holds {held:?}", self.number, self.wanted.0.lock())
    }

    /// Next offset that it applies in a partition.
    pub fn next_offset(&self, number: u32) -> Option<u64> {
        Some(self.held.get(&number)?.recording.as_ref()?.next_offset())
    }
}
