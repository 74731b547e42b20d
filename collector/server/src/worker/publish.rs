//! The publishing thread: recover, then publish whenever the outbox has rows. After every doubt: recover again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::{Orders, Partition, WorkerParts};
use crate::metrics::OutcomeLabel;
use crate::publisher::{PublishError, Publisher};
use crate::recorder::Halt;

/// First pause before another attempt.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// How soon an order to stop is seen, and how often the outbox is looked at unasked.
const LOOK: Duration = Duration::from_millis(50);

/// What a round of publishing asks of the loop.
enum Next {
    Wait,
    Recover,
    Stop,
}

pub(super) fn run(partition: &Partition, parts: &WorkerParts, orders: &Orders, woken: &Receiver<()>) {
    let mut publisher = Publisher::new(
        parts.log.clone(),
        parts.publisher.clone(),
        partition.store.clone(),
        partition.number,
        parts.keyring.clone(),
    );
    let mut recovered = false;
    let mut pause = PAUSE_MIN;
    loop {
        if orders.abandoned() {
            return;
        }
        // Nothing is to be recovered, or published, before the partition has applied its first record.
        let begun = partition.status().next_offset > 0;
        let next = match (begun, recovered) {
            (false, _) => Next::Wait,
            (true, false) => outcome(partition, parts, publisher.recover().map(|()| 0)),
            (true, true) => publish(partition, parts, &mut publisher),
        };
        match next {
            Next::Wait if begun && !recovered => (recovered, pause) = (true, PAUSE_MIN),
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
            Next::Recover => {
                recovered = false;
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(parts.retry_interval_max_ms)).max(PAUSE_MIN);
            }
            Next::Stop => return,
        }
    }
}

/// Publishes until the outbox is empty.
fn publish(partition: &Partition, parts: &WorkerParts, publisher: &mut Publisher) -> Next {
    loop {
        let step = publisher.step();
        let rows = step.as_ref().map_or(0, |rows| *rows);
        match outcome(partition, parts, step) {
            Next::Wait if rows > 0 => partition.published(publisher.next_offset()),
            next => return next,
        }
    }
}

/// Names what became of an attempt, and shows it.
fn outcome(partition: &Partition, parts: &WorkerParts, done: Result<usize, PublishError>) -> Next {
    let count = |name| parts.metrics.publisher.transactions.get_or_create(&OutcomeLabel::of("log", name)).inc();
    match done {
        Ok(0) => Next::Wait,
        Ok(_) => {
            count("committed");
            parts.progress.send_modify(|count| *count = count.wrapping_add(1));
            Next::Wait
        }
        Err(PublishError::Recover(what)) => {
            count("uncertain");
            tracing::warn!(partition = partition.number, what, "publishing is interrupted and recovers");
            partition.unpublished(&what);
            Next::Recover
        }
        Err(PublishError::Fenced(what)) => {
            count("fenced");
            stopped(partition, what, "This process no longer owns the partition; nothing to do if another one does.");
            Next::Stop
        }
        Err(PublishError::Halt(what)) => {
            count("halted");
            stopped(partition, what, "Run `ledgerline doctor`.");
            Next::Stop
        }
    }
}

fn stopped(partition: &Partition, reason: String, remedy: &str) {
    partition.unpublished(&reason);
    partition.halted(&Halt { partition: partition.number, reason, remedy: remedy.to_owned(), passing: false });
}
