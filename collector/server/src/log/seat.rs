//! Whether a seat in a group that was lost is another process's, or nobody's. A broker that has just begun to lead a group may
//! count a member that joined and whose answer was lost; the same member, asking again, is then shut out by its own shadow.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Log, LogError};
use crate::clock::Clock;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// A shadow says nothing and is gone after its session: whoever is there this much later is alive.
const BEYOND_SESSION: Duration = Duration::from_secs(5);
/// Looks that must find it empty: a broker may not know its members yet.
const EMPTY_LOOKS: u32 = 2;

/// Waits until the seat is free, and says true; false where it is held for longer than a session of a silent member, where it
/// is `taken` for all the caller knows, where nobody can tell, or once `stop` is set.
pub fn falls_free(
    log: &dyn Log,
    (group, instance_id): (&str, &str),
    session: Duration,
    clock: &dyn Clock,
    taken: &dyn Fn() -> bool,
    stop: &AtomicBool,
) -> bool {
    let (mut held_since, mut empty) = (None, 0);
    while !stop.load(Ordering::Relaxed) && !taken() {
        match log.has_member(group, instance_id) {
            Ok(true) => {
                let now = clock.monotonic();
                empty = 0;
                if now.saturating_sub(*held_since.get_or_insert(now)) > session + BEYOND_SESSION {
                    return false;
                }
            }
            Ok(false) => {
                empty += 1;
                if empty >= EMPTY_LOOKS {
                    return true;
                }
            }
            Err(LogError::Halt { .. }) => return false,
            // Nobody has said that it is held, either.
            Err(_) => held_since = None,
        }
        std::thread::sleep(LOOK);
    }
    false
}
