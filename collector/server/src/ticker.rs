//! The passing of time, written into the log: one tick per owned partition and interval, and on demand.
//! Owns nothing but the interval. A tick says what the clock shows; what time it is in the log the recorder decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ledger::Tenant;
use lineage::envelope::{Envelope, IdempotencyKey, Kind};

use crate::clock::Clock;
use crate::intake::{Desk, blank, envelope_record};
use crate::log::{AppendError, Appender, Names, Pending};

/// Writes ticks.
pub struct Ticker {
    desk: Arc<Desk>,
    appender: Arc<dyn Appender>,
    names: Names,
    clock: Arc<dyn Clock>,
}

/// Longest sleep between two looks at whether to stop.
const LOOK: Duration = Duration::from_millis(50);

impl Ticker {
    /// A ticker that has written nothing yet.
    pub fn new(desk: Arc<Desk>, appender: Arc<dyn Appender>, names: Names, clock: Arc<dyn Clock>) -> Self {
        Self { desk, appender, names, clock }
    }

    /// Writes a tick now.
    pub fn begin(&self, partition: u32) -> Pending {
        self.write(partition, None)
    }

    /// Writes a tick that somebody asked for: every tree that grew is signed at it, whenever that was done last. The key is the
    /// order's.
    pub fn order(&self, partition: u32, key: [u8; 16]) -> Pending {
        self.write(partition, Some(IdempotencyKey(key)))
    }

    fn write(&self, partition: u32, idempotency_key: Option<IdempotencyKey>) -> Pending {
        let own = Tenant::partition(partition);
        let incarnation = self.desk.homes.at(partition).incarnation;
        let envelope: Envelope<'_> =
            Envelope { idempotency_key, ..blank(Kind::Tick, own.as_str(), incarnation, self.clock.now_ns()) };
        let sealed = self.desk.seal(&envelope).expect("a tick holds one time, a key and two names, which fit");
        self.appender.begin(vec![envelope_record(&self.names.events, partition, own.as_str(), sealed)])
    }

    /// Writes a tick and waits until it is durable; gives its offset.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn tick_now(&self, partition: u32) -> Result<u64, AppendError> {
        offset(self.begin(partition))
    }

    /// Writes the tick before a stop and waits until it is durable; gives its offset. What was recorded is signed at it.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn last_tick(&self, partition: u32) -> Result<u64, AppendError> {
        offset(self.order(partition, [0; 16]))
    }

    /// Ticks every partition that `owned` gives, until `stop`.
    pub fn run(&self, interval: Duration, owned: &dyn Fn() -> Vec<u32>, stop: &AtomicBool) {
        let mut next = self.clock.monotonic() + interval;
        while !stop.load(Ordering::Relaxed) {
            let now = self.clock.monotonic();
            if now < next {
                std::thread::sleep(LOOK.min(next - now));
                continue;
            }
            // A late tick is not made up for: the next one says the same, later.
            next = now + interval;
            for partition in owned() {
                if let Err(error) = self.tick_now(partition) {
                    tracing::warn!(partition, %error, "a tick could not be written; the next one says as much");
                }
            }
        }
    }
}

fn offset(written: Pending) -> Result<u64, AppendError> {
    Ok(written.wait()?.first().map_or(0, |position| position.offset))
}
