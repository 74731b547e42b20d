//! What a process holds after many events: everything in it, the embedded log too. In a child, so that nothing else counts.

use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use server::clock::SystemClock;
use server::log::embedded::{Bounds, Embedded};
use server::log::{Log, Names, NewRecord};
use store::StoreOptions;

use crate::desk::TENANT;
use crate::ingest::LIMIT;
use crate::mix::Mix;
use crate::options::Options;
use crate::rig::{Feeder, Rig};
use crate::row::Row;
use crate::stages::folder;

const MIB_MAX: f64 = 512.0;
/// Events between two looks; what is recorded is given up by the log, so that the disk holds the run.
const CHUNK: usize = 5_000;

/// The row.
pub fn run(options: &Options) -> Result<Vec<Row>> {
    let events = options.memory_events.unwrap_or_else(|| options.pick(1_000_000, 10_000));
    let output = Command::new(std::env::current_exe()?)
        .args(["--child", "memory", "--events", &events.to_string(), "--seed", &options.seed.to_string()])
        .output()
        .context("the child did not start")?;
    ensure!(output.status.success(), "the child failed: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    print!("{text}");
    let resident = text.lines().rev().find_map(|line| line.strip_prefix("resident-kib ")).context("no figure")?;
    let mebibytes = resident.trim().parse::<f64>()? / 1_024.0;
    Ok(vec![Row::bounded(format!("memory: MiB after {} events", grouped(events)), mebibytes, MIB_MAX, "MiB")])
}

/// The child: runs both hops over the events and tells what it holds.
pub fn child(options: &Options) -> Result<()> {
    let folder = folder()?;
    let log: Arc<dyn Log> =
        Arc::new(Embedded::open(&folder.path().join("log"), Arc::new(SystemClock::new()), Bounds::default())?);
    let rig = Rig::new(log, Names::new(""), folder.path())?;
    let working = rig.start(folder.path(), &StoreOptions::default(), std::time::Duration::from_secs(10))?;
    let mut feeder = Feeder::new(rig.log.as_ref())?;
    let mut mix = Mix::new(options.seed, 200);
    let mut taken = 0_usize;
    while taken < options.events {
        let chunk = CHUNK.min(options.events - taken);
        for payload in mix.by_ref().take(chunk) {
            feeder.push(NewRecord::new(&rig.names.input, payload).partition(0).key(TENANT))?;
        }
        feeder.finish()?;
        taken += chunk;
        working.wait(taken as u64, LIMIT)?;
        rig.log.trim(&rig.names.events, 0, working.next_offset().saturating_sub(1))?;
        rig.log.trim(&rig.names.input, 0, (taken as u64).saturating_sub(1))?;
        if taken.is_multiple_of(CHUNK * 20) {
            println!(
                "memory: {} events, {} KiB resident, {} KiB at most",
                grouped(taken),
                status("VmRSS")?,
                status("VmHWM")?
            );
        }
    }
    println!("memory: {} events, {} KiB at most", grouped(taken), status("VmHWM")?);
    println!("resident-kib {}", status("VmRSS")?);
    working.stop()
}

/// A figure of this process, KiB.
fn status(name: &str) -> Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status").context("no /proc here")?;
    let line = text.lines().find(|line| line.starts_with(name)).with_context(|| format!("no {name}"))?;
    Ok(line.split_whitespace().nth(1).context("no figure")?.parse()?)
}

/// A number with commas.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
