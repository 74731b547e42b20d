//! Row 5: power loss. After each kill every file loses what was not synced, and folders what was changed since their last sync.

use std::cell::RefCell;
use std::collections::BTreeMap;

use anyhow::Result;
use ledgerline_tests::{Disk, Fault, after_power_loss, rounds};

use crate::site::Site;
use crate::storm::Storm;

const ROW: u32 = 5;
const SEED: u64 = 0x5eed_0005;

/// Rounds of power loss, with more variables for the server.
fn storm(site: &Site<'_>, rounds: u64, young_one_in: usize, more: &[(&str, &str)]) -> Result<Fault> {
    let disk = Disk::under(&site.data(), &site.beside())?;
    let before = RefCell::new(BTreeMap::new());
    let (changes, bytes) = (RefCell::new(0), RefCell::new(0));
    let storm = Storm { row: ROW, site, rounds, seed: SEED, young_one_in };
    let fault = storm.run(
        || {
            *before.borrow_mut() = disk.files()?;
            let mut around = disk.around(more)?;
            around.said = None;
            Ok(around)
        },
        |random| {
            let lost = after_power_loss(&disk, before.take(), random)?;
            *changes.borrow_mut() += lost.0;
            *bytes.borrow_mut() += lost.1;
            Ok(())
        },
    )?;
    println!("lost with the power: {} bytes, {} changes of folders", bytes.borrow(), changes.borrow());
    assert!(*bytes.borrow() > 0 && *changes.borrow() > 0, "no power loss took anything away");
    Ok(fault)
}

#[test]
fn row_5_what_was_acknowledged_survives_power_loss() -> Result<()> {
    storm(&Site::embedded()?, rounds(12), 3, &[])?.told()
}

/// A log that acknowledges what is written and not synced.
#[test]
fn row_5_catches_a_log_that_answers_before_it_syncs() -> Result<()> {
    let fault = storm(&Site::embedded()?, 4, 0, &[("FAILPOINTS", "log.sync=skip")])?;
    assert!(!fault.violations.is_empty(), "acknowledged events were lost and nobody noticed");
    Ok(())
}
