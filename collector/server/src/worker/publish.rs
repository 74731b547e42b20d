//! The publishing thread: recover, compare the trees with what was published, then publish whenever the outbox has rows. After
//! every doubt: recover again.

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
enum Next {
    /// Nothing more can be done now.
    Wait,
    /// Go on with that.
    Go(Stage),
    Stop,
}

pub(super) fn run(partition: &Partition, parts: &WorkerParts, orders: &Orders, woken: &Receiver<()>) {
    let mut publisher = Publisher::new(
        parts.log.clone(),
        parts.publisher.clone(),
        partition.store.clone(),
        partition.number,
        parts.keyring.clone(),
        (parts.clock.clone(), parts.metrics.clone()),
    );
    let mut stage = Stage::Recovering;
    let mut pause = PAUSE_MIN;
    loop {
        if orders.abandoned() {
            return;
        }
        // Nothing is to be recovered, or published, before the partition has applied its first record.
        let begun = partition.status().next_offset > 0;
        let next = match (begun, stage) {
            (false, _) => Next::Wait,
            (true, Stage::Recovering) => outcome(partition, parts, orders, publisher.recover(), Stage::Comparing),
            (true, Stage::Comparing) => compare(partition, parts, orders, &mut publisher),
            (true, Stage::Publishing) => publish(partition, parts, orders, &mut publisher),
        };
        match next {
            Next::Wait if orders.publish_and_stop.load(Ordering::Acquire) => return,
            Next::Wait => {
                pause = PAUSE_MIN;
                match woken.recv_timeout(LOOK) {
                    Ok(()) => std::thread::sleep(Duration::from_millis(parts.linger_ms)),
                    Err(RecvTimeoutError::Timeout) => {}
                    // The recording thread is gone: look at the outbox until told to stop.
                    Err(RecvTimeoutError::Disconnected) => std::thread::sleep(LOOK),
                }
            }
            Next::Go(Stage::Recovering) => {
                stage = Stage::Recovering;
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(parts.retry_interval_max_ms)).max(PAUSE_MIN);
            }
            Next::Go(further) => (stage, pause) = (further, PAUSE_MIN),
            Next::Stop => return,
        }
    }
}

/// Waits for the recorder until every tree can be compared; then the partition may serve and sign.
fn compare(partition: &Partition, parts: &WorkerParts, orders: &Orders, publisher: &mut Publisher) -> Next {
    // Asked before the trees are: what is applied in between only makes them larger.
    let at_end = partition.is_caught_up();
    match publisher.compare(at_end) {
        Ok(Compared::Agrees) => match publisher.announce() {
            Ok(()) => {
                partition.agreed();
                Next::Go(Stage::Publishing)
            }
            Err(error) => outcome(partition, parts, orders, Err(error), Stage::Recovering),
        },
        Ok(Compared::Behind(_)) => Next::Wait,
        Err(error) => {
            partition.disown();
            outcome(partition, parts, orders, Err(error), Stage::Comparing)
        }
    }
}

/// Publishes until the outbox is empty.
fn publish(partition: &Partition, parts: &WorkerParts, orders: &Orders, publisher: &mut Publisher) -> Next {
    loop {
        match publisher.step() {
            Ok(0) => return Next::Wait,
            Ok(_) => {
                count(parts, "committed");
                parts.progress.send_modify(|count| *count = count.wrapping_add(1));
                partition.published(publisher.next_offset());
            }
            Err(error) => return outcome(partition, parts, orders, Err(error), Stage::Recovering),
        }
    }
}

/// Names what became of an attempt, and shows it.
fn outcome(
    partition: &Partition,
    parts: &WorkerParts,
    orders: &Orders,
    done: Result<(), PublishError>,
    further: Stage,
) -> Next {
    let halt = match done {
        Ok(()) => return Next::Go(further),
        Err(PublishError::Recover(what)) => {
            count(parts, "uncertain");
            tracing::warn!(partition = partition.number, what, "publishing is interrupted and recovers");
            partition.unpublished(&what);
            return Next::Go(Stage::Recovering);
        }
        Err(PublishError::Fenced(what)) => {
            count(parts, "fenced");
            let remedy =
                "Another process has taken the partition over: nothing to do. If none has, this one opens it again.";
            let halt = Halt::new(partition.number, format!("another publisher has fenced this one: {what}"), remedy);
            partition.fenced(&halt, parts.clock.monotonic() + RECLAIM_AFTER);
            halt
        }
        Err(PublishError::Halt(halt)) => {
            count(parts, "halted");
            halt
        }
    };
    partition.unpublished(&halt.reason);
    partition.halted(&halt);
    parts.metrics.recorder.halted.get_or_create(&PartitionLabel { partition: partition.number }).set(1);
    // The recording thread stops as well: a halted partition does not go on half.
    orders.abandon.store(true, Ordering::Release);
    Next::Stop
}

fn count(parts: &WorkerParts, name: &'static str) {
    parts.metrics.publisher.transactions.get_or_create(&OutcomeLabel::of("log", name)).inc();
}
