//! Owns every reading of a clock in the workspace. Everything else is handed a time or a [`Clock`].
//!
//! Never decides anything: a stage that must be deterministic takes its time from the log instead.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A wall clock and a clock that never goes back.
pub trait Clock: Send + Sync {
    /// Nanoseconds since 1970-01-01T00:00:00Z. May jump in either direction.
    fn now_ns(&self) -> i64;

    /// Time since some fixed moment of this process. Never goes back.
    fn monotonic(&self) -> Duration;

    /// Milliseconds since 1970-01-01T00:00:00Z, as Kafka stamps records.
    fn now_ms(&self) -> i64 {
        self.now_ns().div_euclid(1_000_000)
    }
}

/// The clocks of the operating system.
#[derive(Clone, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic reading starts at zero.
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now_ns(&self) -> i64 {
        let now = SystemTime::now();
        let signed = match now.duration_since(UNIX_EPOCH) {
            Ok(after) => i128::try_from(after.as_nanos()),
            Err(before) => i128::try_from(before.duration().as_nanos()).map(|nanos| -nanos),
        };
        // Out of range only beyond the years 1677 and 2262: the nearest representable time stands for it.
        let nanos = signed.unwrap_or(i128::MAX);
        i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock that moves only when told to: simulation and tests.
#[derive(Debug, Default)]
pub struct ManualClock {
    wall_ns: AtomicI64,
    monotonic_ns: AtomicU64,
}

impl ManualClock {
    /// A clock that shows `now_ns` and whose monotonic reading is zero.
    pub fn at(now_ns: i64) -> Self {
        Self { wall_ns: AtomicI64::new(now_ns), monotonic_ns: AtomicU64::new(0) }
    }

    /// Lets time pass on both clocks.
    pub fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.monotonic_ns.fetch_add(nanos, Ordering::SeqCst);
        self.wall_ns.fetch_add(i64::try_from(nanos).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Sets the wall clock, forwards or back, as an operator or a bad time server would.
    pub fn jump_to(&self, now_ns: i64) {
        self.wall_ns.store(now_ns, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ns(&self) -> i64 {
        self.wall_ns.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.monotonic_ns.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::at(1_500_000);
        assert_eq!((clock.now_ns(), clock.now_ms(), clock.monotonic()), (1_500_000, 1, Duration::ZERO));
        clock.advance(Duration::from_millis(2));
        assert_eq!((clock.now_ns(), clock.monotonic()), (3_500_000, Duration::from_millis(2)));
        clock.jump_to(-1);
        assert_eq!((clock.now_ns(), clock.now_ms(), clock.monotonic()), (-1, -1, Duration::from_millis(2)));
    }

    #[test]
    fn the_system_clock_is_past_2020_and_never_goes_back() {
        let clock = SystemClock::new();
        assert!(clock.now_ns() > 1_577_836_800_000_000_000);
        let first = clock.monotonic();
        assert!(clock.monotonic() >= first);
    }
}
