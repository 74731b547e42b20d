//! The recording of a partition: read from the store's offset, apply, commit; and the thread that does so, round after round.
//! Never moves to another offset by itself: a log that does not hold the next one is a halt.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::Sender;

use super::{Orders, Partition, State, WorkerParts};
use crate::log::{LogError, ReadBound, Reader, Record, Start};
use crate::metrics::{OutcomeLabel, PartitionLabel, StageLabel, stage};
use crate::recorder::{Applied, Halt, Recorder};

/// Longest wait for records; also how soon an order to stop is seen.
const READ_WAIT: Duration = Duration::from_millis(50);
/// Pause before a passing fault is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Looks at a log that seems to end too early before it counts as cut off.
const SHORT_ENDS_MAX: u32 = 5;
/// How often the log's end is asked for.
const END_INTERVAL: Duration = Duration::from_secs(1);

/// What a round came to.
pub enum Round {
    /// Records were applied and committed; whether there is something to publish.
    Applied {
        /// There is.
        outbox: bool,
    },
    /// There was nothing to read.
    Idle,
    /// The log can't be read for the moment: pause, then go on.
    Wait,
}

/// The recording of one partition, round by round.
pub struct Recording {
    recorder: Recorder,
    reader: Option<Box<dyn Reader>>,
    /// Whether the last record applied was compared with the log's.
    compared: bool,
    /// How often the log seemed to end before what was applied.
    short_ends: u32,
    end_at: Duration,
}

pub(super) fn run(partition: &Partition, parts: &WorkerParts, orders: &Orders, wake: &Sender<()>) {
    let halted = parts.metrics.recorder.halted.get_or_create(&PartitionLabel { partition: partition.number }).clone();
    halted.set(0);
    match work(partition, parts, orders, wake) {
        Ok(()) => partition.set(State::Stopped),
        // Never tried again on the same store: what a failed write left behind is known only once it is opened anew.
        Err(halt) => {
            partition.halted(&halt);
            halted.set(1);
            orders.abandon.store(true, Ordering::Release);
            parts.progress.send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}

fn work(partition: &Partition, parts: &WorkerParts, orders: &Orders, wake: &Sender<()>) -> Result<(), Halt> {
    let mut recording = Recording::open(partition, parts)?;
    // Rows of an earlier life may wait.
    let _ = wake.try_send(());
    while !orders.abandoned() && recording.next_offset() < orders.stop_at.load(Ordering::Acquire) {
        match recording.round(partition, parts)? {
            Round::Applied { outbox } => {
                if outbox {
                    // A full channel means that the publisher is awake already.
                    let _ = wake.try_send(());
                }
            }
            Round::Idle => {}
            Round::Wait => std::thread::sleep(RETRY_PAUSE),
        }
    }
    Ok(())
}

impl Recording {
    /// Opens the partition's state, or begins it.
    ///
    /// # Errors
    /// See [`Recorder::open`].
    pub fn open(partition: &Partition, parts: &WorkerParts) -> Result<Self, Halt> {
        let recorder =
            Recorder::open(partition.store.clone(), partition.number, parts.keyring.clone(), parts.recorder.clone())?;
        partition.opened(recorder.next_offset(), recorder.meta().time_ns);
        partition.set(State::CatchingUp);
        let compared = recorder.next_offset() == 0;
        Ok(Recording { recorder, reader: None, compared, short_ends: 0, end_at: Duration::ZERO })
    }

    /// Next offset to apply.
    pub fn next_offset(&self) -> u64 {
        self.recorder.next_offset()
    }

    /// Reads, applies and commits one batch.
    ///
    /// # Errors
    /// When the partition must stop; the recording is to be dropped then.
    pub fn round(&mut self, partition: &Partition, parts: &WorkerParts) -> Result<Round, Halt> {
        if partition.is_to_look_again() {
            self.reader = None;
        }
        let Some(reader) = &mut self.reader else {
            return self.assign(partition.number, parts);
        };
        let batch = match reader.read(bound(parts)) {
            Ok(batch) => batch,
            Err(error) if error.is_retry() => {
                tracing::warn!(partition = partition.number, %error, "reading waits for the log");
                return Ok(Round::Wait);
            }
            Err(error) => return Err(lost(partition.number, self.recorder.next_offset(), &error)),
        };
        if !self.compared
            && let Some(first) = batch.records.first()
        {
            self.recorder.compare(first)?;
            self.compared = true;
        }
        let mut round = Round::Idle;
        if !batch.records.is_empty() {
            let applied = apply(&mut self.recorder, &batch.records, parts)?;
            committed(partition, parts, &applied, &batch.records);
            round = Round::Applied { outbox: applied.outbox };
        }
        if batch.at_end {
            partition.caught_up();
        }
        let now = parts.clock.monotonic();
        if now >= self.end_at {
            self.end_at = now + END_INTERVAL;
            look_at_end(partition, parts, &self.recorder);
        }
        Ok(round)
    }

    /// Assigns a reader at the store's offset; one record earlier where there is one, so that it can be compared with what was
    /// applied.
    fn assign(&mut self, partition: u32, parts: &WorkerParts) -> Result<Round, Halt> {
        let next = self.recorder.next_offset();
        let reader = parts.log.reader(&parts.names.events).and_then(|mut reader| {
            let range = parts.log.range(&parts.names.events, partition)?;
            if range.end < next {
                let topic = parts.names.events.to_string();
                return Err(LogError::OutOfRange { topic, partition, offset: next, range });
            }
            let start = if next > range.start { next - 1 } else { next };
            reader.assign(&[(partition, Start::At(start))])?;
            Ok(reader)
        });
        match reader {
            Ok(reader) => {
                self.reader = Some(reader);
                Ok(Round::Idle)
            }
            // A broker that has just become leader may show an earlier end for a moment.
            Err(error @ LogError::OutOfRange { .. }) if self.short_ends < SHORT_ENDS_MAX => {
                self.short_ends += 1;
                tracing::warn!(partition, %error, "the log ends before what was applied; looking again");
                Ok(Round::Wait)
            }
            Err(error) if error.is_retry() => {
                tracing::warn!(partition, %error, "the partition can't be assigned yet");
                Ok(Round::Wait)
            }
            Err(error) => Err(lost(partition, next, &error)),
        }
    }
}

fn lost(partition: u32, next: u64, error: &LogError) -> Halt {
    let remedy = match error {
        LogError::OutOfRange { .. } => {
            "The log was cut off or made anew: run `ledgerline recover --new-origin` once you know why."
        }
        LogError::NoTopic { .. } => "Run `ledgerline topics create`.",
        _ => "Run `ledgerline doctor`.",
    };
    Halt {
        partition,
        reason: format!("offset {next} can't be read: {error}"),
        remedy: remedy.to_owned(),
        passing: false,
    }
}

fn bound(parts: &WorkerParts) -> ReadBound {
    let batches = &parts.batches;
    ReadBound { records_max: batches.batch_records_max, bytes_max: batches.batch_bytes_max, wait: READ_WAIT }
}

fn apply(recorder: &mut Recorder, records: &[Record], parts: &WorkerParts) -> Result<Applied, Halt> {
    let began = parts.clock.monotonic();
    let mut decided = began;
    let applied = recorder.apply_after(records, || decided = parts.clock.monotonic());
    let observe = |stage, from: Duration, to: Duration| {
        let took = to.saturating_sub(from).as_secs_f64();
        parts.metrics.recorder.stage_seconds.get_or_create(&StageLabel { stage }).observe(took);
    };
    observe(stage::DECIDE, began, decided);
    observe(stage::COMMIT, decided, parts.clock.monotonic());
    applied
}

/// Shows what one commit did.
fn committed(partition: &Partition, parts: &WorkerParts, applied: &Applied, records: &[Record]) {
    partition.applied(applied);
    parts.progress.send_modify(|count| *count = count.wrapping_add(1));
    let metrics = &parts.metrics.recorder;
    let outcomes = [
        ("recorded", applied.recorded),
        ("duplicate", applied.duplicates),
        ("control", applied.controls),
        ("control-refused", applied.controls_refused),
        ("foreign", applied.foreign),
        ("refused", applied.refused),
        ("unappliable", applied.unappliable),
    ];
    for (outcome, count) in outcomes.into_iter().filter(|(_, count)| *count > 0) {
        metrics.records.get_or_create(&OutcomeLabel::of("log", outcome)).inc_by(count);
    }
    metrics.batch_records.observe(records.len() as f64);
    let label = PartitionLabel { partition: partition.number };
    metrics.underived.get_or_create(&label).inc_by(i64::try_from(applied.faults).unwrap_or(i64::MAX));
    metrics.log_time_seconds.get_or_create(&label).set(applied.time_ns as f64 / 1e9);
    if let Some(last) = records.last() {
        let waited_ms = parts.clock.now_ms().saturating_sub(last.timestamp_ms).max(0);
        metrics.event_to_commit_seconds.observe(waited_ms as f64 / 1e3);
    }
}

fn look_at_end(partition: &Partition, parts: &WorkerParts, recorder: &Recorder) {
    if let Ok(range) = parts.log.range(&parts.names.events, partition.number) {
        partition.seen_end(range.end);
        let lag = range.end.saturating_sub(recorder.next_offset());
        let label = PartitionLabel { partition: partition.number };
        parts.metrics.recorder.lag_records.get_or_create(&label).set(i64::try_from(lag).unwrap_or(i64::MAX));
    }
}
