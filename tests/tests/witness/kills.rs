//! The shipped witness is killed, at random and at each place of keeping: no tree that it cosigned is ever followed by a smaller
//! one, or by another of its size.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use ledger::cosignature::from_answer;
use ledger::tree::Hash;
use ledger::witness::AddCheckpoint;
use ledgerline_tests::{Around, Cosigner, Disk, Random, TileLog, after_power_loss, rounds, until};

const ORIGIN: &str = "log.test/orders";

/// What a witness has cosigned, by whoever received it.
#[derive(Default)]
struct Received(Mutex<BTreeMap<u64, Hash>>);

impl Received {
    /// Asks for a cosignature, and writes down what comes. Gives the size to go on from, where the witness names one.
    fn ask(&self, witness: &Cosigner, log: &TileLog, old: u64, new: u64) -> Result<Option<u64>> {
        let request: AddCheckpoint = log.request(old, new);
        let Ok((status, _, body)) = witness.submit(&request.to_bytes()) else { return Ok(None) };
        match status {
            200 => {
                from_answer(&request.checkpoint, &body, witness.key())?;
                let before = self.0.lock().unwrap().insert(new, log.root(new));
                ensure!(before.is_none_or(|root| root == log.root(new)), "two trees of {new} leaves are cosigned");
                Ok(Some(new))
            }
            409 => Ok(Some(String::from_utf8(body)?.trim().parse()?)),
            422 => Ok(None),
            status => anyhow::bail!("{status}: {}", String::from_utf8_lossy(&body)),
        }
    }

    fn largest(&self) -> u64 {
        self.0.lock().unwrap().keys().next_back().copied().unwrap_or(0)
    }

    /// The oracle, from outside: the witness knows of all that it cosigned, and takes back none of it.
    fn holds(&self, witness: &Cosigner, log: &TileLog, fork: &TileLog) -> Result<()> {
        let largest = self.largest();
        let (status, _, body) = witness.submit(&log.request(0, 1).to_bytes())?;
        let known: u64 = if status == 409 { String::from_utf8(body)?.trim().parse()? } else { 0 };
        ensure!(known >= largest, "{largest} leaves were cosigned, and the witness knows of {known}");
        let (status, _, _) = witness.submit(&fork.request(known, known).to_bytes())?;
        ensure!(status == 409, "a fork at {known} leaves: {status}");
        Ok(())
    }
}

#[test]
fn killed_at_random_it_takes_nothing_back() -> Result<()> {
    let (log, fork) = (TileLog::new(ORIGIN, 4_000, None), TileLog::new(ORIGIN, 4_000, Some(0)));
    let state = tempfile::tempdir()?;
    let mut witness = Cosigner::start(state.path(), &[log.key()])?;
    let (received, mut random) = (Received::default(), Random::new(7));
    for round in 0..rounds(12) {
        let (stop, before) = (AtomicBool::new(false), received.largest());
        std::thread::scope(|scope| -> Result<()> {
            let asking: Vec<_> = (1..=3_u64)
                .map(|step| {
                    let (received, witness, log, stop) = (&received, &witness, &log, &stop);
                    scope.spawn(move || -> Result<()> {
                        let mut known = received.largest();
                        while !stop.load(Ordering::Relaxed) && known + step < 4_000 {
                            known = received.ask(witness, log, known, known + step)?.unwrap_or(known);
                        }
                        Ok(())
                    })
                })
                .collect();
            until("it has cosigned in this round", || Ok((received.largest() > before).then_some(())))?;
            // How far it comes before it dies is the system's to decide: any moment will do.
            std::thread::sleep(Duration::from_millis(random.between(0, 40) as u64));
            let pid = witness.pid().to_string();
            let killed = std::process::Command::new("kill").args(["-9", &pid]).status()?;
            stop.store(true, Ordering::Relaxed);
            ensure!(killed.success(), "kill -9 {pid}");
            asking.into_iter().try_for_each(|asking| asking.join().unwrap())
        })?;
        witness.crash_and_restart("")?;
        received.holds(&witness, &log, &fork).map_err(|error| error.context(format!("round {round}")))?;
    }
    println!("{} cosignatures over {} kills", received.0.lock().unwrap().len(), rounds(12));
    Ok(())
}

#[test]
fn killed_at_each_place_of_keeping_it_takes_nothing_back() -> Result<()> {
    let (log, fork) = (TileLog::new(ORIGIN, 60, None), TileLog::new(ORIGIN, 60, Some(0)));
    for place in ["folder.replace.before", "folder.replace.after"] {
        let state = tempfile::tempdir()?;
        let (mut witness, received) = (Cosigner::start(state.path(), &[log.key()])?, Received::default());
        received.ask(&witness, &log, 0, 7)?;
        for hit in 1..=3 {
            witness.crash_and_restart(&format!("{place}=abort@{hit}"))?;
            let mut known = received.largest();
            until("the witness dies at its failpoint", || {
                match received.ask(&witness, &log, known, known + 1)? {
                    Some(size) => known = size,
                    None => return Ok(Some(())),
                }
                Ok(None)
            })?;
            witness.crash_and_restart("")?;
            received.holds(&witness, &log, &fork).map_err(|error| error.context(format!("{place} at hit {hit}")))?;
        }
    }
    Ok(())
}

/// What is found wrong after power losses, with a witness that has these failpoints.
fn after_power_losses(failpoints: &str) -> Result<Vec<String>> {
    let (log, fork) = (TileLog::new(ORIGIN, 4_000, None), TileLog::new(ORIGIN, 4_000, Some(0)));
    let (state, beside) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (mut witness, received) = (Cosigner::start(state.path(), &[log.key()])?, Received::default());
    let (disk, mut random) = (Disk::under(state.path(), beside.path())?, Random::new(11));
    received.ask(&witness, &log, 0, 7)?;
    let (mut wrong, mut lost) = (Vec::new(), 0);
    for round in 0..rounds(6) {
        witness.crash()?;
        let before = disk.files()?;
        witness.restart(&disk.around(&[("FAILPOINTS", failpoints)])?)?;
        let mut known = received.largest();
        for _ in 0..random.between(1, 8) {
            known = received.ask(&witness, &log, known, known + 1)?.unwrap_or(known);
        }
        witness.crash()?;
        lost += after_power_loss(&disk, before, &mut random)?.0;
        if let Err(error) = witness.restart(&Around::default()) {
            wrong.push(format!("round {round}: {error}"));
            break;
        }
        wrong.extend(received.holds(&witness, &log, &fork).err().map(|error| format!("round {round}: {error}")));
    }
    println!(
        "{} cosignatures, {lost} changes of the folder lost, {} faults",
        received.0.lock().unwrap().len(),
        wrong.len()
    );
    Ok(wrong)
}

#[test]
fn power_losses_take_nothing_back() -> Result<()> {
    assert_eq!(after_power_losses("")?, Vec::<String>::new());
    // A build that does not sync is noticed.
    ensure!(!after_power_losses("folder.replace.sync=skip")?.is_empty(), "nothing was synced, and nothing was lost");
    Ok(())
}

#[test]
fn a_disk_that_fails_stops_the_cosigning() -> Result<()> {
    let log = TileLog::new(ORIGIN, 60, None);
    for place in ["folder.replace.before", "folder.replace.after"] {
        let state = tempfile::tempdir()?;
        let mut witness = Cosigner::start(state.path(), &[log.key()])?;
        assert_eq!(witness.submit(&log.request(0, 7).to_bytes())?.0, 200);
        witness.crash_and_restart(&format!("{place}=error@1"))?;
        assert_eq!(witness.submit(&log.request(7, 9).to_bytes())?.0, 500, "{place}");
        assert_eq!(witness.submit(&log.request(7, 8).to_bytes())?.0, 500, "{place}: nobody knows what is on disk");
        witness.crash_and_restart("")?;
        let (status, _, body) = witness.submit(&log.request(0, 1).to_bytes())?;
        assert_eq!(status, 409);
        let expected = if place.ends_with("before") { "7\n" } else { "9\n" };
        assert_eq!(String::from_utf8(body)?, expected, "{place}: the old one or the new one, whole");
    }
    Ok(())
}

#[test]
fn a_witness_that_forgets_is_noticed() -> Result<()> {
    let (log, fork) = (TileLog::new(ORIGIN, 60, None), TileLog::new(ORIGIN, 60, Some(0)));
    let state = tempfile::tempdir()?;
    let (mut witness, received) = (Cosigner::start(state.path(), &[log.key()])?, Received::default());
    received.ask(&witness, &log, 0, 7)?;
    received.holds(&witness, &log, &fork)?;
    witness.crash_and_restart("witness.keep=skip")?;
    received.ask(&witness, &log, 7, 9)?;
    witness.crash_and_restart("")?;
    let noticed = received.holds(&witness, &log, &fork).map_err(|error| error.to_string());
    assert_eq!(noticed, Err("9 leaves were cosigned, and the witness knows of 7".to_owned()));
    Ok(())
}
