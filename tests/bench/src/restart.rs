//! How long the shipped server takes from `kill -9` to serving, over a ledger of many events on the embedded log.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use ledgerline_tests::{Ledgerline, binary, until};
use server::clock::{Clock, SystemClock};

use crate::measure::median;
use crate::options::Options;
use crate::row::Row;
use crate::stages::folder;

const SECONDS_MAX: f64 = 5.0;
const ROUNDS: u64 = 5;
/// Events that are on their way when the server is killed.
const UNDER_WAY: usize = 4_000;

/// The rows.
pub fn run(options: &Options) -> Result<Vec<Row>> {
    let events = options.restart_events.unwrap_or_else(|| options.pick(1_000_000, 5_000));
    let folder = folder()?;
    let data = folder.path().to_str().context("a path")?;
    finished(&mut ingest(&["--data", data], options.seed, events)?)?;
    let mut server = Ledgerline::start(folder.path(), &[])?;
    let mut seconds = Vec::new();
    for round in 1..=ROUNDS {
        let before = recorded(&server)?;
        let mut load = ingest(&["--server", &server.url()], options.seed + round, UNDER_WAY)?;
        until("the load has begun", || Ok((recorded(&server)? > before + 500).then_some(())))?;
        let clock = SystemClock::new();
        server.crash_and_restart()?;
        seconds.push(clock.monotonic().as_secs_f64());
        // It asks again until it is answered, or gives up: either is no matter here.
        load.wait()?;
    }
    println!("restart: seconds {seconds:.2?} after {events} events");
    let longest = seconds.iter().copied().fold(0.0, f64::max);
    server.stop()?;
    Ok(vec![
        Row::bounded(format!("restart: to serving after kill -9, {events} events"), longest, SECONDS_MAX, "s"),
        Row::told("restart: the middle one", median(seconds), "s"),
    ])
}

fn recorded(server: &Ledgerline) -> Result<u64> {
    Ok(server.status()?.and_then(|status| status["recorded"].as_u64()).unwrap_or(0))
}

/// Begins to hand events of the mix to `ledgerline ingest`.
fn ingest(to: &[&str], seed: u64, events: usize) -> Result<Child> {
    let mut mix = Command::new(std::env::current_exe()?)
        .args(["--child", "mix", "--events", &events.to_string(), "--seed", &seed.to_string()])
        .stdout(Stdio::piped())
        // It complains when its reader has given up.
        .stderr(Stdio::null())
        .spawn()?;
    let pipe = mix.stdout.take().context("a pipe")?;
    let quiet = || Stdio::null();
    let mut command = Command::new(binary()?);
    command.args(to).args(["ingest", "-"]).stdin(pipe).stdout(quiet()).stderr(quiet());
    Ok(command.spawn()?)
}

fn finished(child: &mut Child) -> Result<()> {
    let status = child.wait()?;
    ensure!(status.success(), "ingest ended with {status}");
    Ok(())
}
