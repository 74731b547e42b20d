//! Intake from topics: a member of the intake group that reads, decides, appends, and only then stores offsets.
//! Owns the order of acknowledgements: an offset is stored once everything before it is durable or refused durably.
//! Never skips: what the log takes back is sent again; what a source has dropped is named as a gap.

mod decide;
mod flight;
mod inputs;
mod progress;
mod sources;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lineage::envelope::Gap;
use store::failpoint;

use self::flight::{Flight, Head, Landed};
use self::sources::{Changed, Sources};
use super::desk::{Desk, Preparer};
use crate::clock::Clock;
use crate::config;
use crate::log::{Appender, GroupOffset, GroupReader, Join, Log, LogError, Names, ReadBound, TopicPartition};
use crate::metrics::{Metrics, SourceLabel, StageLabel, stage};
use crate::random::Random;

const POLL_WAIT: Duration = Duration::from_millis(100);
const RETRY_PAUSE: Duration = Duration::from_millis(500);
const SESSION_TIMEOUT: Duration = Duration::from_secs(10);

/// What intake from topics is made from.
pub struct TopicIntakeParts {
    /// What every channel shares.
    pub desk: Arc<Desk>,
    /// Where topics are.
    pub log: Arc<dyn Log>,
    /// Our topics.
    pub names: Names,
    /// `intake.*`
    pub settings: config::Intake,
    /// The member's name across restarts.
    pub instance_id: Option<String>,
    /// How often progress is written, ms.
    pub progress_interval_ms: u64,
    /// When events are received.
    pub clock: Arc<dyn Clock>,
    /// Openings and keys.
    pub random: Arc<dyn Random>,
    /// Where to count.
    pub metrics: Arc<Metrics>,
}

/// Intake from topics, run by one thread.
pub struct TopicIntake {
    parts: TopicIntakeParts,
    appender: Arc<dyn Appender>,
    preparer: Preparer,
    flight: Flight,
    paused: bool,
    progress_at: Duration,
    /// How far each source is dealt with, durably.
    heads: BTreeMap<TopicPartition, Head>,
}

/// Why intake from topics stopped before it was told to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("intake from topics stopped: {0}")]
pub struct Stopped(pub String);

impl TopicIntake {
    /// Makes it ready; nothing is read yet.
    ///
    /// # Errors
    /// When the log gives no appender.
    pub fn new(parts: TopicIntakeParts) -> Result<Self, LogError> {
        let appender = parts.log.appender()?;
        let preparer = Preparer::new(Arc::clone(&parts.desk));
        let (heads, progress_at) = (BTreeMap::new(), Duration::ZERO);
        Ok(Self { parts, appender, preparer, flight: Flight::default(), paused: false, progress_at, heads })
    }

    /// Reads until `stop` is set; then waits for what is in flight, stores its offsets and leaves.
    ///
    /// # Errors
    /// When it can't go on: fenced, or the log is closed.
    pub fn run(mut self, stop: &AtomicBool) -> Result<(), Stopped> {
        let sources = Arc::new(Sources::default());
        let mut group = self.join(&sources, stop)?;
        while !stop.load(Ordering::Relaxed) {
            match self.step(group.as_mut(), &sources) {
                Ok(()) => {}
                Err(error) if error.is_retry() => {
                    tracing::warn!(%error, "intake from topics waits for the log");
                    std::thread::sleep(RETRY_PAUSE);
                }
                Err(error) => return Err(Stopped(error.to_string())),
            }
        }
        self.drain(group.as_mut(), &sources).map_err(|error| Stopped(error.to_string()))?;
        group.close().map_err(|error| Stopped(error.to_string()))
    }

    fn join(&self, sources: &Arc<Sources>, stop: &AtomicBool) -> Result<Box<dyn GroupReader>, Stopped> {
        loop {
            let join = Join {
                group: self.parts.names.group("intake"),
                instance_id: self.parts.instance_id.clone(),
                inputs: inputs::inputs(&self.parts.settings.topics),
                session_timeout: SESSION_TIMEOUT,
                assignment_only: false,
            };
            match self.parts.log.group_reader(join, Arc::<Sources>::clone(sources)) {
                Ok(reader) => return Ok(reader),
                Err(error) if error.is_retry() && !stop.load(Ordering::Relaxed) => {
                    tracing::warn!(%error, "intake from topics can't join its group yet");
                    std::thread::sleep(RETRY_PAUSE);
                }
                Err(error) => return Err(Stopped(error.to_string())),
            }
        }
    }

    /// One round: read, decide, append, store what landed.
    fn step(&mut self, group: &mut dyn GroupReader, sources: &Sources) -> Result<(), LogError> {
        self.press(group, sources)?;
        let bound = ReadBound {
            records_max: self.parts.settings.batch_records_max,
            bytes_max: self.parts.settings.batch_bytes_max,
            wait: if self.flight.is_empty() { POLL_WAIT } else { Duration::from_millis(1) },
        };
        let records = group.poll(bound)?;
        self.changed(sources.take_changed())?;
        if !records.is_empty() {
            self.decide(records);
        }
        self.land(group, sources)?;
        self.tell_progress(sources);
        Ok(())
    }

    /// Pauses every source while too much is in flight, and resumes at half of it.
    fn press(&mut self, group: &mut dyn GroupReader, sources: &Sources) -> Result<(), LogError> {
        let (bytes, max) = (self.flight.bytes(), self.parts.settings.queue_bytes_max);
        self.parts.metrics.intake.queue_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        let held: Vec<TopicPartition> = sources.held();
        if bytes >= max {
            for source in held.iter().filter(|_| !self.paused) {
                self.parts.metrics.intake.pauses.get_or_create(&label(source)).inc();
            }
            // Also those that came since: whoever is paused already stays so.
            group.pause(&held)?;
            self.paused = true;
        } else if self.paused && bytes <= max / 2 {
            group.resume(&held)?;
            self.paused = false;
        }
        for source in &held {
            self.parts.metrics.intake.paused.get_or_create(&label(source)).set(i64::from(self.paused));
        }
        Ok(())
    }

    /// Stores the offsets of what has become durable, in the order in which it was read.
    fn land(&mut self, group: &mut dyn GroupReader, sources: &Sources) -> Result<(), LogError> {
        loop {
            match self.flight.poll(self.appender.as_ref()) {
                Landed::Nothing => return Ok(()),
                Landed::Durable { heads, began } => {
                    let took = self.parts.clock.monotonic().saturating_sub(began).as_secs_f64();
                    let label = StageLabel { stage: stage::PRODUCE };
                    self.parts.metrics.recorder.stage_seconds.get_or_create(&label).observe(took);
                    let held = heads.into_iter().filter(|(source, _)| sources.holds(source)).collect::<Vec<_>>();
                    let offset = |(source, head): &(TopicPartition, Head)| GroupOffset {
                        topic: Arc::clone(&source.topic),
                        partition: source.partition,
                        next: head.next,
                    };
                    let offsets: Vec<GroupOffset> = held.iter().map(offset).collect();
                    store_offsets(group, &offsets)?;
                    self.heads.extend(held);
                }
                Landed::TooLarge(records) => self.too_large(&records),
                Landed::Retry(what) => {
                    tracing::warn!(what, "the log takes nothing more at the moment; it is tried again");
                    std::thread::sleep(RETRY_PAUSE);
                    return Ok(());
                }
                Landed::Halt(what) => return Err(LogError::Halt { what }),
            }
        }
    }

    /// Names the gap where a source no longer holds what the group has not read.
    fn changed(&mut self, changed: Changed) -> Result<(), LogError> {
        for source in changed.lost {
            self.heads.remove(&source);
        }
        let group = self.parts.names.group("intake");
        for source in changed.gained {
            let stored = self.parts.log.group_offset(&group, &source.topic, source.partition)?;
            let range = self.parts.log.range(&source.topic, source.partition)?;
            let expected = stored.unwrap_or(0);
            if expected < range.start {
                tracing::warn!(topic = %source.topic, partition = source.partition, first = expected,
                    last = range.start - 1, "the source has dropped offsets that were never read");
                let gap = Gap { first: signed(expected), last: signed(range.start - 1) };
                self.progress(&source, range.start, 0, Some(gap));
            }
        }
        Ok(())
    }

    /// Waits for what is in flight, within the bound of the session.
    fn drain(&mut self, group: &mut dyn GroupReader, sources: &Sources) -> Result<(), LogError> {
        let until = self.parts.clock.monotonic() + SESSION_TIMEOUT / 2;
        while !self.flight.is_empty() && self.parts.clock.monotonic() < until {
            self.land(group, sources)?;
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

/// Stores what is dealt with, with the places where a test makes it fail.
fn store_offsets(group: &mut dyn GroupReader, offsets: &[GroupOffset]) -> Result<(), LogError> {
    if offsets.is_empty() {
        return Ok(());
    }
    if failpoint::hit("intake.commit.before") {
        return Err(LogError::retry("a failpoint"));
    }
    group.store(offsets)?;
    if failpoint::hit("intake.commit.after") { Err(LogError::retry("a failpoint")) } else { Ok(()) }
}

fn label(source: &TopicPartition) -> SourceLabel {
    SourceLabel { topic: source.topic.to_string(), partition: i32::try_from(source.partition).unwrap_or(i32::MAX) }
}

fn signed(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}
