//! The publishing of a partition: recover, compare the trees with what was published, then publish whenever the outbox has rows;
//! after every doubt recover again. And the thread that does so, round after round.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::{Orders, Partition, WorkerParts};
use crate::metrics::{OutcomeLabel, PartitionLabel};
use crate::publisher::{Compared, PublishError, Publisher};
use crate::recorder::Halt;

/// First pause before another attempt.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// How soon an order to stop is seen, and how often the outbox is looked at unasked.
const LOOK: Duration = Duration::from_millis(50);

/// How long after it was fenced a partition counts as this process's still, and is opened again: longer than a session of the
/// group, so that a process that stalled has heard by then that it owns nothing.
const RECLAIM_AFTER: Duration = Duration::from_secs(12);

/// How far the publisher has come since the last doubt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has to take the partition over.
    Recovering,
    /// It knows what is published; whether the store's trees agree with it is open.
    Comparing,
    /// It publishes.
    Publishing,
}

/// What a round of publishing asks of the loop.
pub enum Next {
    /// Nothing more can be done now.
    Wait,
    /// Go on at once.
    Again,
    /// Pause, then go on.
    Pause(Duration),
    /// Stop for good.
    Stop,
}

/// The publishing of one partition, round by round.
pub struct Publishing {
    publisher: Publisher,
    stage: Stage,
    /// Since the last takeover the log's end was looked at anew.
    looked_again: bool,
    pause: Duration,
}

pub(super) fn run(partition: &Partition, parts: &WorkerParts, orders: &Orders, woken: &Receiver<()>) {
    let mut publishing = Publishing::new(partition, parts);
    while !orders.abandoned() {
        match publishing.round(partition, parts) {
            Next::Wait if orders.publish_and_stop.load(Ordering::Acquire) => return,
            Next::Wait => match woken.recv_timeout(LOOK) {
                Ok(()) => std::thread::sleep(Duration::from_millis(parts.linger_ms)),
                Err(RecvTimeoutError::Timeout) => {}
                // The recording thread is gone: look at the outbox until told to stop.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(LOOK),
            },
            Next::Again => {}
            Next::Pause(pause) => std::thread::sleep(pause),
            // The recording thread stops as well: a halted partition does not go on half.
            Next::Stop => orders.abandon.store(true, Ordering::Release),
        }
    }
}

impl Publishing {
    /// A publishing that has still to take the partition over.
    pub fn new(partition: &Partition, parts: &WorkerParts) -> Self {
        let publisher = Publisher::new(
            parts.log.clone(),
            parts.publisher.clone(),
            partition.store.clone(),
            partition.number,
            parts.keyring.clone(),
            (parts.clock.clone(), parts.metrics.clone()),
        );
        Publishing { publisher, stage: Stage::Recovering, looked_again: false, pause: PAUSE_MIN }
    }

    /// Takes over, compares, or publishes one transaction: whatever comes next.
    pub fn round(&mut self, partition: &Partition, parts: &WorkerParts) -> Next {
        // Nothing is to be recovered, or published, before the partition has applied its first record.
        if partition.status().next_offset == 0 {
            return Next::Wait;
        }
        let done = match self.stage {
            Stage::Recovering => {
                self.looked_again = false;
                self.publisher.recover().map(|()| Some(Stage::Comparing))
            }
            Stage::Comparing => self.compare(partition),
            Stage::Publishing => publish(partition, parts, &mut self.publisher),
        };
        match done {
            Ok(None) => {
                self.pause = PAUSE_MIN;
                Next::Wait
            }
            Ok(Some(stage)) => {
                (self.stage, self.pause) = (stage, PAUSE_MIN);
                Next::Again
            }
            Err(PublishError::Recover(what)) => {
                count(parts, "uncertain");
                tracing::warn!(partition = partition.number, what, "publishing is interrupted and recovers");
                partition.unpublished(&what);
                self.stage = Stage::Recovering;
                let pause = self.pause;
                let longest = Duration::from_millis(parts.retry_interval_max_ms).max(PAUSE_MIN);
                self.pause = (pause * 2).min(longest);
                Next::Pause(pause)
            }
            Err(PublishError::Fenced(what)) => {
                count(parts, "fenced");
                let remedy = "Another process has taken the partition over: nothing to do. If none has, this one opens it again.";
                let what = format!("another publisher has fenced this one: {what}");
                let halt = Halt::new(partition.number, what, remedy);
                partition.fenced(&halt, parts.clock.monotonic() + RECLAIM_AFTER);
                stop(partition, parts, &halt)
            }
            Err(PublishError::Halt(halt)) => {
                count(parts, "halted");
                stop(partition, parts, &halt)
            }
        }
    }

    /// Waits for the recorder until every tree can be compared; then the partition may serve and sign.
    fn compare(&mut self, partition: &Partition) -> Result<Option<Stage>, PublishError> {
        // Asked before the trees are: what is applied in between only makes them larger.
        let at_end = partition.is_caught_up();
        match self.publisher.compare(at_end && self.looked_again) {
            Ok(Compared::Agrees) => {
                if !self.publisher.reconcile()? {
                    return Ok(None);
                }
                self.publisher.announce()?;
                partition.agreed();
                Ok(Some(Stage::Publishing))
            }
            Ok(Compared::Behind(_)) => {
                // Between this partition's assignment and the takeover its former owner went on: what it has published may
                // follow from records that this one has not seen. It publishes nothing any more: all that it has published
                // follows from what the log holds now.
                if at_end {
                    self.looked_again = true;
                    partition.look_again();
                }
                Ok(None)
            }
            Err(error) => {
                partition.disown();
                Err(error)
            }
        }
    }
}

/// Publishes one transaction, if the outbox has rows.
fn publish(
    partition: &Partition,
    parts: &WorkerParts,
    publisher: &mut Publisher,
) -> Result<Option<Stage>, PublishError> {
    if publisher.step()? == 0 {
        return Ok(None);
    }
    count(parts, "committed");
    parts.progress.send_modify(|count| *count = count.wrapping_add(1));
    partition.published(publisher.next_offset());
    Ok(Some(Stage::Publishing))
}

fn stop(partition: &Partition, parts: &WorkerParts, halt: &Halt) -> Next {
    partition.unpublished(&halt.reason);
    partition.halted(halt);
    parts.metrics.recorder.halted.get_or_create(&PartitionLabel { partition: partition.number }).set(1);
    Next::Stop
}

fn count(parts: &WorkerParts, name: &'static str) {
    parts.metrics.publisher.transactions.get_or_create(&OutcomeLabel::of("log", name)).inc();
}
