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
use crate::log::{Appender, GroupOffset, GroupReader, Join, Log, LogError, Names, ReadBound, TopicPartition, seat};
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
    sources: Arc<Sources>,
    group: Option<Box<dyn GroupReader>>,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Go on at once.
    Done,
    /// The log takes nothing for the moment: pause, then go on.
    Wait,
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
        Ok(Self {
            parts,
            appender,
            preparer,
            flight: Flight::default(),
            paused: false,
            progress_at,
            heads,
            sources: Arc::default(),
            group: None,
        })
    }

    /// Reads until `stop` is set; then waits for what is in flight, stores its offsets and leaves.
    ///
    /// # Errors
    /// When it can't go on: fenced, or the log is closed.
    pub fn run(mut self, stop: &AtomicBool) -> Result<(), Stopped> {
        let stopped = |error: LogError| Stopped(error.to_string());
        while !stop.load(Ordering::Relaxed) {
            match self.round() {
                Ok(Round::Done) => {}
                Ok(Round::Wait) => std::thread::sleep(RETRY_PAUSE),
                Err(error) if error.is_retry() => {
                    tracing::warn!(%error, "intake from topics waits for the log");
                    std::thread::sleep(RETRY_PAUSE);
                }
                // What was in flight is read again, and is a duplicate then.
                Err(LogError::Fenced { what }) if self.was_a_shadow(stop) => {
                    tracing::warn!(what, "the group had shut intake out for its own shadow; it joins again");
                    (self.group, self.sources) = (None, Arc::default());
                    (self.flight, self.paused) = (Flight::default(), false);
                    self.heads.clear();
                }
                Err(error) => return Err(stopped(error)),
            }
        }
        let Some(mut group) = self.group.take() else { return Ok(()) };
        self.drain(group.as_mut()).map_err(stopped)?;
        group.close().map_err(stopped)
    }

    /// One round: read, decide, append, store what landed; the first one joins the group.
    ///
    /// # Errors
    /// One that [`LogError::is_retry`] calls for a pause and another round; after any other it can't go on.
    pub fn round(&mut self) -> Result<Round, LogError> {
        let mut group = match self.group.take() {
            Some(group) => group,
            None => self.join()?,
        };
        let done = self.step(group.as_mut());
        self.group = Some(group);
        done
    }

    /// Whether nobody has taken the seat that this process was shut out of.
    fn was_a_shadow(&self, stop: &AtomicBool) -> bool {
        let parts = &self.parts;
        let (group, clock) = (parts.names.group("intake"), parts.clock.as_ref());
        let free = |seat: &String| {
            seat::falls_free(parts.log.as_ref(), (&group, seat), SESSION_TIMEOUT, clock, &|| false, stop)
        };
        parts.instance_id.as_ref().is_some_and(free)
    }

    fn join(&self) -> Result<Box<dyn GroupReader>, LogError> {
        let join = Join {
            group: self.parts.names.group("intake"),
            instance_id: self.parts.instance_id.clone(),
            inputs: inputs::inputs(&self.parts.settings.topics),
            session_timeout: SESSION_TIMEOUT,
            assignment_only: false,
        };
        self.parts.log.group_reader(join, Arc::<Sources>::clone(&self.sources))
    }

    fn step(&mut self, group: &mut dyn GroupReader) -> Result<Round, LogError> {
        let sources = Arc::clone(&self.sources);
        self.press(group, &sources)?;
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
        let round = self.land(group, &sources)?;
        self.tell_progress(&sources);
        Ok(round)
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
    fn land(&mut self, group: &mut dyn GroupReader, sources: &Sources) -> Result<Round, LogError> {
        loop {
            match self.flight.poll(self.appender.as_ref()) {
                Landed::Nothing => return Ok(Round::Done),
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
                    return Ok(Round::Wait);
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
    fn drain(&mut self, group: &mut dyn GroupReader) -> Result<(), LogError> {
        let sources = Arc::clone(&self.sources);
        let until = self.parts.clock.monotonic() + SESSION_TIMEOUT / 2;
        while !self.flight.is_empty() && self.parts.clock.monotonic() < until {
            match self.land(group, &sources)? {
                Round::Done => std::thread::sleep(Duration::from_millis(1)),
                Round::Wait => std::thread::sleep(RETRY_PAUSE),
            }
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
