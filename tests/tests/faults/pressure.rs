//! Slow and full disks, slow brokers: intake slows down and says so, nothing grows, nothing acknowledged is lost, and all goes on by
//! itself once the cause is gone.

use std::sync::Arc;

use anyhow::{Context, Result};
use ledgerline_tests::{Around, Disk, Fault, Ledgerline, Load, Standing, Witness, kafka, rounds, until};

use crate::oracle::judge;
use crate::site::Site;

const SEED: u64 = 0x5eed_0012;
const CLIENTS: u64 = 12;
/// Room for a few batches.
const QUEUE_BYTES_MAX: u64 = 16 << 10;
const BOUNDS: [(&str, &str); 3] = [
    ("INTAKE__QUEUE_BYTES_MAX", "16384"),
    ("INTAKE__PAYLOAD_BYTES_MAX", "16384"),
    ("INTAKE__BATCH_BYTES_MAX", "16384"),
];
/// A single batch is taken while nothing else waits, however large: 20 events of the largest size that these tests send.
const BATCH_BYTES: u64 = 20 << 10;
/// What a server may take for its threads and caches beside what waits.
const GROWTH_BYTES_MAX: u64 = 96 << 20;
/// Refusals until the pressure is believed.
const REFUSALS: u64 = 40;

fn ready(site: &Site<'_>, around: &Around) -> Result<Ledgerline> {
    let mut server = site.launch(around)?;
    let standing = server.standing()?;
    anyhow::ensure!(matches!(standing, Standing::Ready), "{standing:?}\n{}", site.heard());
    Ok(server)
}

/// A figure of `/metrics`, summed over its labels.
fn metric(server: &Ledgerline, name: &str) -> Result<f64> {
    let text = reqwest::blocking::get(format!("{}/metrics", server.url()))?.text()?;
    let of = |line: &&str| {
        line.starts_with(&format!("ledgerline_{name} ")) || line.starts_with(&format!("ledgerline_{name}{{"))
    };
    let values = text.lines().filter(of).map(|line| line.rsplit(' ').next().unwrap_or_default().parse::<f64>());
    Ok(values.sum::<Result<f64, _>>()?)
}

fn is_over(waiting_bytes: f64) -> bool {
    waiting_bytes > (QUEUE_BYTES_MAX + BATCH_BYTES) as f64
}

/// Waits until clients have been sent away often enough, and looks at memory and queue meanwhile.
fn pressed(server: &Ledgerline, load: &Load, fault: &mut Fault) -> Result<()> {
    let (before, resident) = (load.refused(), server.resident_bytes()?);
    until("clients are told to come back later", || {
        let (waiting, held) = (metric(server, "intake_queue_bytes")?, server.resident_bytes()?);
        if is_over(waiting) {
            fault.violations.push(format!("{waiting} bytes wait in a queue of {QUEUE_BYTES_MAX}"));
        }
        if held > resident + GROWTH_BYTES_MAX {
            fault.violations.push(format!("memory grew from {resident} to {held} bytes"));
        }
        Ok((load.refused() > before + REFUSALS).then_some(()))
    })
}

/// Waits until clients are served again, and judges.
fn relieved(server: Ledgerline, load: Load, witness: &Witness, site: &Site<'_>, mut fault: Fault) -> Result<()> {
    let before = witness.count();
    until("clients are served again", || Ok((witness.count() > before + 20).then_some(())))?;
    load.stop();
    witness.settle(&server)?;
    server.stop()?;
    judge(site, witness, &mut fault)?;
    fault.told()
}

/// The row of back-pressure has no number in the table of faults: it stands behind the last.
fn row(log: &'static str) -> Fault {
    Fault { row: 12, log, rounds: 1, ..Fault::default() }
}

#[test]
fn row_12_a_slow_disk_slows_intake() -> Result<()> {
    let (site, witness, mut fault) = (Site::embedded_with(&BOUNDS)?, Arc::new(Witness::default()), row("embedded"));
    let disk = Disk::under(&site.data(), &site.beside())?;
    let slow = site.beside().join("slow");
    let around = Around { said: None, ..disk.around(&[("FAULT_SLOW", slow.to_str().context("a path")?)])? };
    let server = ready(&site, &around)?;
    std::fs::write(&slow, "200")?;
    let load = Load::start(&server.url(), &witness, CLIENTS, SEED);
    pressed(&server, &load, &mut fault)?;
    std::fs::remove_file(&slow)?;
    relieved(server, load, &witness, &site, fault)
}

#[test]
fn the_oracle_of_row_12_sees_a_queue_without_a_bound() -> Result<()> {
    let (site, witness) = (Site::embedded_with(&BOUNDS)?, Arc::new(Witness::default()));
    let disk = Disk::under(&site.data(), &site.beside())?;
    let slow = site.beside().join("slow");
    let mut around = disk.around(&[("FAULT_SLOW", slow.to_str().context("a path")?)])?;
    around.variables.push(("FAILPOINTS".to_owned(), "intake.bound=skip".to_owned()));
    let server = ready(&site, &Around { said: None, ..around })?;
    std::fs::write(&slow, "200")?;
    // Enough of them that what they wait for is more than the bound.
    let load = Load::start(&server.url(), &witness, 8 * CLIENTS, SEED);
    let seen = until("more waits than may", || Ok(is_over(metric(&server, "intake_queue_bytes")?).then_some(())));
    std::fs::remove_file(&slow)?;
    load.stop();
    seen
}

#[test]
fn row_12_a_full_disk_stops_and_goes_on_by_itself() -> Result<()> {
    let (site, witness, mut fault) = (Site::embedded_with(&BOUNDS)?, Arc::new(Witness::default()), row("embedded"));
    let disk = Disk::under(&site.data(), &site.beside())?;
    let full = site.beside().join("full");
    let around = Around { said: None, ..disk.around(&[("FAULT_FULL", full.to_str().context("a path")?)])? };
    let server = ready(&site, &around)?;
    let load = Load::start(&server.url(), &witness, CLIENTS, SEED);
    fault.rounds = rounds(2).min(20);
    for _ in 0..fault.rounds {
        let before = witness.count();
        until("events are taken", || Ok((witness.count() > before + 20).then_some(())))?;
        std::fs::write(&full, "")?;
        pressed(&server, &load, &mut fault)?;
        until("it says that the disk is full", || {
            let (is_ready, halted) = server.readiness().context("it answers")?;
            Ok((!is_ready && halted.is_some_and(|why| why.contains("No space left"))).then_some(()))
        })?;
        std::fs::remove_file(&full)?;
        until("it goes on by itself", || Ok(server.readiness().filter(|(is_ready, _)| *is_ready).map(drop)))?;
    }
    relieved(server, load, &witness, &site, fault)
}

#[test]
fn row_12_a_slow_broker_slows_intake() -> Result<()> {
    let kafka = kafka(1)?;
    let settings = [&BOUNDS[..], &[("HTTP__REQUEST_TIMEOUT_MS", "1000")]].concat();
    let (site, witness, mut fault) =
        (Site::on_with(&kafka, "slow", &settings)?, Arc::new(Witness::default()), row("kafka"));
    let server = ready(&site, &Around::default())?;
    let load = Load::start(&server.url(), &witness, CLIENTS, SEED);
    until("events are taken", || Ok((witness.count() > 20).then_some(())))?;
    kafka.signal_broker(1, "STOP")?;
    let pressed = pressed(&server, &load, &mut fault);
    kafka.signal_broker(1, "CONT")?;
    pressed?;
    relieved(server, load, &witness, &site, fault)
}
