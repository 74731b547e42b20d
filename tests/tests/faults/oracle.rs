//! The oracle of most rows: the server comes back on a sound disk, clients send again what they are unsure of, and then ledger, log
//! and alert topic are compared with what was sent and acknowledged.

use anyhow::Result;
use ledgerline_tests::{Around, Fault, Standing, Witness, until};

use crate::site::Site;

/// Adds to the fault what must not have happened.
pub fn judge(site: &Site<'_>, witness: &Witness, fault: &mut Fault) -> Result<()> {
    let mut server = site.launch(&Around::default())?;
    let standing = server.standing()?;
    if !matches!(standing, Standing::Ready) {
        fault.violations.push(format!("the server does not come back: {standing:?}\n{}", last_lines(&site.heard())));
        return Ok(());
    }
    witness.settle(&server)?;
    // What comes last in the log is recorded last.
    witness.unsure(&witness.next(1));
    witness.settle(&server)?;
    until("all that the log holds is recorded", || {
        let status = server.status()?.filter(|status| status["partitions"][0]["lag"] == 0);
        let is_all = |count: u64| site.kafka().is_none() || count >= witness.count();
        Ok(status.filter(|status| is_all(status["recorded"].as_u64().unwrap_or(0))).map(drop))
    })?;
    let (wrong, rows) = witness.ledger(&server)?;
    fault.events += rows.len() as u64;
    fault.violations.extend(wrong);
    // The drain publishes what there is.
    server.stop()?;
    fault.violations.extend(witness.log(&rows, &site.read("lineage.events")?, &site.keys())?);
    fault.violations.extend(Witness::alerts(&rows, &site.read("lineage.alerts")?));
    fault.violations.extend(panics(&site.heard()));
    Ok(())
}

/// Lines that tell of a panic.
pub fn panics(heard: &str) -> Vec<String> {
    heard.lines().filter(|line| line.contains("panicked at")).map(str::to_owned).collect()
}

fn last_lines(heard: &str) -> String {
    let lines: Vec<&str> = heard.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}
