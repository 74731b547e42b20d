//! Instructions that a median event takes, stage by stage: callgrind over a child, main thread only, so that neither load nor
//! RocksDB's background threads count. SHA-256 stands apart: callgrind's processor lacks the instructions that do it.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::mix::Mix;
use crate::options::Options;
use crate::row::Row;
use crate::stages::{Stages, folder};

const INSTRUCTIONS_MAX: f64 = 350_000.0;

/// Instructions of one run.
#[derive(Clone, Copy, Debug)]
struct Count {
    all: f64,
    sha256: f64,
}

/// The rows: both stages together, and each.
pub fn run(options: &Options) -> Result<Vec<Row>> {
    let (few, many) = options.pick((300, 2_300), (100, 400));
    let each = |child: &str| -> Result<Count> {
        let (less, more) = (count(options, child, few)?, count(options, child, many)?);
        let each = |more: f64, less: f64| (more - less) / (many - few) as f64;
        Ok(Count { all: each(more.all, less.all), sha256: each(more.sha256, less.sha256) })
    };
    let (prepare, both) = (each("prepare")?, each("record")?);
    let net = |count: Count| count.all - count.sha256;
    println!(
        "instructions a median event, SHA-256 apart: intake {:.0}, recorder {:.0}; SHA-256 in software {:.0}",
        net(prepare),
        net(both) - net(prepare),
        both.sha256
    );
    Ok(vec![
        Row::bounded("ingest: instructions a median event", net(both), INSTRUCTIONS_MAX, "instructions"),
        Row::told("ingest: instructions a median event, intake", net(prepare), "instructions"),
        Row::told("ingest: instructions a median event, recorder", net(both) - net(prepare), "instructions"),
    ])
}

/// The child: prepares the events, and records them when told to.
pub fn child(options: &Options, record: bool) -> Result<()> {
    let folder = folder()?;
    let mut stages = Stages::new(folder.path())?;
    // On a thread of its own: only what the main thread does is counted.
    let (seed, count) = (options.seed, options.events);
    let events = std::thread::spawn(move || median_events(seed, count)).join().ok().context("the mix panicked")?;
    for chunk in events.chunks(500) {
        let mut prepared = Vec::with_capacity(chunk.len());
        for event in chunk {
            prepared.push(stages.prepare(event)?);
        }
        if record {
            stages.record(prepared)?;
        }
    }
    Ok(())
}

/// Events of the mix whose length is near its median.
fn median_events(seed: u64, events: usize) -> Vec<Vec<u8>> {
    let mut lengths: Vec<usize> = Mix::new(seed, 200).take(2_000).map(|event| event.len()).collect();
    lengths.sort_unstable();
    let (low, high) = (lengths[lengths.len() * 40 / 100], lengths[lengths.len() * 60 / 100]);
    Mix::new(seed, 200).filter(|event| (low..=high).contains(&event.len())).take(events).collect()
}

/// Runs the child under callgrind.
fn count(options: &Options, child: &str, events: usize) -> Result<Count> {
    let folder = folder()?;
    let out = folder.path().join("callgrind");
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--separate-threads=yes", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args(["--child", child, "--events", &events.to_string(), "--seed", &options.seed.to_string()])
        .stdout(Stdio::null())
        .status()
        .context("valgrind can't be started; install it (Debian: valgrind)")?;
    ensure!(status.success(), "the child failed under valgrind");
    let main = folder.path().join("callgrind-01");
    let text = std::fs::read_to_string(&main).with_context(|| format!("no {}", main.display()))?;
    let totals =
        text.lines().rev().find_map(|line| line.strip_prefix("totals: ")).context("callgrind tells no total")?;
    Ok(Count { all: totals.trim().parse()?, sha256: sha256(&main)? })
}

/// Instructions inside of SHA-256's functions.
fn sha256(file: &Path) -> Result<f64> {
    let output = Command::new("callgrind_annotate").args(["--threshold=100", "--auto=no"]).arg(file).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let figure = |line: &str| line.split_whitespace().next()?.replace(',', "").parse::<f64>().ok();
    Ok(text.lines().filter(|line| line.contains("sha2::")).filter_map(figure).sum())
}
