//! Failpoints: named places where a test makes the shipped program crash or fail. Off, a failpoint is one relaxed load.
//! Owns the armed ones. Never armed but by a test, or by the variable `FAILPOINTS` when the binary reads it at its start.
//!
//! `FAILPOINTS=name=action[@n],…`: `action` is `abort` (the process dies there), `error` (the step fails there) or `skip` (the
//! step is left out, and nobody is told: a build that is broken in one place, for a test that must notice); `n` is the hit that
//! acts, from 1; without it, every hit does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

static ARMED: AtomicBool = AtomicBool::new(false);
static POINTS: Mutex<BTreeMap<String, Point>> = Mutex::new(BTreeMap::new());

/// What a failpoint does when it acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The process dies at once, as under `kill -9`.
    Abort,
    /// The step at this place fails.
    Error,
    /// What the step promises is not done, and it goes on as if it were.
    Skip,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    action: Action,
    only: Option<u64>,
    hits: u64,
}

/// Whether the step at this place is to fail. Does not return where the failpoint aborts.
#[inline]
pub fn hit(name: &str) -> bool {
    ARMED.load(Ordering::Relaxed) && act(name, Action::Error)
}

/// Whether what the step at this place promises is to be left out. Does not return where the failpoint aborts.
#[inline]
pub fn skipped(name: &str) -> bool {
    ARMED.load(Ordering::Relaxed) && act(name, Action::Skip)
}

/// Whether the failpoint takes this action now.
#[cold]
fn act(name: &str, action: Action) -> bool {
    let mut points = POINTS.lock();
    let Some(point) = points.get_mut(name) else { return false };
    point.hits += 1;
    if point.only.is_some_and(|only| only != point.hits) {
        return false;
    }
    if point.action == Action::Abort {
        std::process::abort();
    }
    point.action == action
}

/// Arms one failpoint: at its `only`th hit from now on, or at each.
pub fn arm(name: &str, action: Action, only: Option<u64>) {
    POINTS.lock().insert(name.to_owned(), Point { action, only, hits: 0 });
    ARMED.store(true, Ordering::Relaxed);
}

/// How often an armed failpoint was come to.
pub fn hits(name: &str) -> u64 {
    POINTS.lock().get(name).map_or(0, |point| point.hits)
}

/// Disarms all of them.
pub fn disarm() {
    POINTS.lock().clear();
    ARMED.store(false, Ordering::Relaxed);
}

/// Arms what a text of the form above names.
///
/// # Errors
/// The part that can't be read, in words.
pub fn arm_all(text: &str) -> Result<(), String> {
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let wrong = || format!("failpoint {part:?} is not of the form name=abort|error|skip[@n]");
        let (name, rest) = part.split_once('=').ok_or_else(wrong)?;
        let (action, only) = match rest.split_once('@') {
            Some((action, only)) => (action, Some(only.parse().map_err(|_| wrong())?)),
            None => (rest, None),
        };
        match action {
            "abort" => arm(name, Action::Abort, only),
            "error" => arm(name, Action::Error, only),
            "skip" => arm(name, Action::Skip, only),
            _ => return Err(wrong()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_armed_point_acts_at_its_hit_and_others_never() {
        assert!(!hit("test.point"), "off");
        arm_all("test.point=error@2, test.each=error").unwrap();
        assert_eq!([hit("test.point"), hit("test.point"), hit("test.point")], [false, true, false]);
        assert_eq!([hit("test.each"), hit("test.each"), hit("test.other")], [true, true, false]);
        assert_eq!([hits("test.point"), hits("test.each"), hits("test.other")], [3, 2, 0]);
        arm_all("test.left=skip").unwrap();
        assert_eq!([skipped("test.left"), hit("test.left"), skipped("test.each")], [true, false, false]);
        disarm();
        assert!(!hit("test.each") && !skipped("test.left"), "disarmed");
        for wrong in ["x", "x=stop", "x=error@one"] {
            assert!(arm_all(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }
}
