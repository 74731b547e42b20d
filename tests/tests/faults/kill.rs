//! Row 3: `kill -9` at random moments.

use anyhow::Result;
use ledgerline_tests::{Around, kafka, rounds};

use crate::site::Site;
use crate::storm::Storm;

const ROW: u32 = 3;
const SEED: u64 = 0x5eed_0003;

#[test]
fn row_3_killed_at_random_moments_on_the_embedded_log() -> Result<()> {
    let site = Site::embedded()?;
    let storm = Storm { row: ROW, site: &site, rounds: rounds(12), seed: SEED, young_one_in: 4 };
    storm.run(|| Ok(Around::default()), |_| Ok(()))?.told()
}

#[test]
fn row_3_killed_at_random_moments_on_kafka() -> Result<()> {
    let kafka = kafka(1)?;
    let site = Site::on(&kafka, "kill")?;
    let storm = Storm { row: ROW, site: &site, rounds: rounds(5), seed: SEED, young_one_in: 4 };
    storm.run(|| Ok(Around::default()), |_| Ok(()))?.told()
}

/// A log that acknowledges what lies in memory alone.
#[test]
fn row_3_catches_a_log_that_answers_before_it_writes() -> Result<()> {
    let site = Site::embedded()?;
    let variables = vec![("FAILPOINTS".to_owned(), "log.write=skip".to_owned())];
    let broken = Around { variables, said: None };
    let storm = Storm { row: ROW, site: &site, rounds: 3, seed: SEED, young_one_in: 0 };
    let fault = storm.run(|| Ok(broken.clone()), |_| Ok(()))?;
    assert!(!fault.violations.is_empty(), "acknowledged events were lost and nobody noticed");
    Ok(())
}
