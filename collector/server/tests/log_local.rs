//! The conformance suite over the embedded and the simulated log, and over broken ones, which it must catch.

#[path = "log/broken.rs"]
mod broken;
#[path = "log/conformance.rs"]
mod conformance;

use std::path::PathBuf;
use std::sync::Arc;

use conformance::{CASES, Subject, check_all};
use server::clock::{ManualClock, SystemClock};
use server::log::Log;
use server::log::embedded::{Bounds, Embedded};
use server::log::sim::Sim;

struct OnDisk {
    folder: PathBuf,
    log: Option<Embedded>,
}

impl OnDisk {
    fn open(folder: PathBuf) -> Self {
        let log = Embedded::open(&folder, Arc::new(SystemClock::new()), Bounds::default()).expect("opened");
        Self { folder, log: Some(log) }
    }
}

impl Subject for OnDisk {
    fn log(&self) -> &dyn Log {
        self.log.as_ref().expect("it is open between restarts")
    }

    fn restart(&mut self) {
        self.log = None;
        *self = Self::open(self.folder.clone());
    }
}

#[test]
fn the_embedded_log_conforms() {
    let folder = tempfile::tempdir().expect("a folder");
    check_all(&mut OnDisk::open(folder.path().join("log")));
}

struct Simulated {
    log: Sim,
}

impl Simulated {
    fn new(seed: u64) -> Self {
        let clock = Arc::new(ManualClock::at(1_700_000_000_000_000_000));
        Self { log: Sim::new(seed, clock) }
    }
}

impl Subject for Simulated {
    fn log(&self) -> &dyn Log {
        &self.log
    }

    fn restart(&mut self) {
        self.log.crash();
    }

    fn waits(&self) -> bool {
        false
    }
}

#[test]
fn the_simulated_log_conforms() {
    for seed in 0..20 {
        check_all(&mut Simulated::new(seed));
    }
}

/// Each broken log breaks one promise; the case that stands for it must say so, and a sound log must not.
#[test]
fn broken_logs_are_caught() {
    for (breakage, case) in broken::BREAKAGES {
        let (_, check) = CASES.iter().find(|(name, _)| name == case).expect("the case exists");
        check(&mut Simulated::new(1));
        let mut broken = broken::Broken::new(Simulated::new(1).log, *breakage);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&mut broken)));
        assert!(caught.is_err(), "{breakage:?} was not caught by \"{case}\"");
    }
}
