//! Row 4: a disk that fails. First the calls of a run are listed; then the same run is made once for each chosen call, which fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use ledgerline_tests::{Around, Disk, Fault, Ledgerline, Random, Standing, Witness, rounds, run_event};

use crate::oracle::{judge, panics};
use crate::site::Site;

const ROW: u32 = 4;
const SEED: u64 = 0x5eed_0004;
/// Lives of the deployment before the fault: as many files of a level as make RocksDB merge them.
const LIVES: usize = 5;
/// Events sent in each life.
const EVENTS: usize = 8;
/// Of writes these: the first, the last, and so many between.
const WRITES_DRAWN: usize = 3;
/// Calls that are failed each time they come.
const EVERY: [&str; 4] = ["fsync", "fdatasync", "rename", "open"];
/// Words of the system for what these disks do.
/// RocksDB, when it can't open `CURRENT`, says that direct I/O, for which nobody asked, is not supported.
const WORDS: [&str; 5] = ["Input/output error", "No space left", "os error", "IO error", "Direct I/O is not supported"];

/// A deployment with files of every kind, that was killed.
fn used() -> Result<(Site<'static>, Arc<Witness>)> {
    let (site, witness) = (Site::embedded()?, Arc::new(Witness::default()));
    for _ in 0..LIVES {
        let mut server = site.launch(&Around::default())?;
        let standing = server.standing()?;
        assert!(matches!(standing, Standing::Ready), "{standing:?}: {}", site.heard());
        send(&server, &witness)?;
        server.crash()?;
    }
    Ok((site, witness))
}

/// Sends some events one after another; gives what was said of those that were not taken.
fn send(server: &Ledgerline, witness: &Witness) -> Result<Vec<String>> {
    let sender = reqwest::blocking::Client::new();
    let mut refused = Vec::new();
    for event in witness.next(EVENTS) {
        let request =
            sender.post(format!("{}/api/v1/lineage", server.url())).header("content-type", "application/json");
        match request.body(run_event(event.0, event.1)).send() {
            Ok(answer) if answer.status() == 201 => witness.acknowledged(&[event]),
            Ok(answer) => {
                refused.push(answer.text()?);
                witness.unsure(&[event]);
            }
            Err(error) => {
                refused.push(error.to_string());
                witness.unsure(&[event]);
            }
        }
    }
    Ok(refused)
}

/// The calls of a run, each as `call:kind:folder:n:effect`.
fn calls(used: &Site<'_>, witness: &Witness) -> Result<Vec<String>> {
    let site = Site::copy_of(&used.data())?;
    let disk = Disk::under(&site.data(), &site.beside())?;
    let server = {
        let mut server = site.launch(&disk.around(&[])?)?;
        assert!(matches!(server.standing()?, Standing::Ready));
        server
    };
    send(&server, &witness.fork())?;
    server.stop()?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in disk.lines()? {
        if let [word, call, kind, folder, _, _] = line.as_slice()
            && word == "call"
        {
            *counts.entry(format!("{call}:{kind}:{folder}")).or_default() += 1;
        }
    }
    let mut random = Random::new(SEED);
    let mut cases = Vec::new();
    for (name, count) in counts {
        let is_every = EVERY.iter().any(|call| name.starts_with(&format!("{call}:")));
        let chosen: Vec<usize> = match is_every {
            true => (1..=count).collect(),
            false => {
                let mut chosen = vec![1, count];
                chosen.extend((0..WRITES_DRAWN).map(|_| random.between(1, count + 1)));
                chosen.sort_unstable();
                chosen.dedup();
                chosen
            }
        };
        let effects: &[&str] = if is_every { &["EIO", "ENOSPC"] } else { &["EIO", "ENOSPC", "short", "torn"] };
        cases.extend(
            chosen
                .iter()
                .flat_map(|n| effects.iter().map(move |effect| (n, effect)))
                .map(|(n, effect)| format!("{name}:{n}:{effect}")),
        );
    }
    Ok(cases)
}

/// One case: whether the fault struck, and in `fault` what must not have happened.
fn case(used: &Site<'_>, witness: &Witness, at: &str, more: &[(&str, &str)], fault: &mut Fault) -> Result<bool> {
    let (site, witness) = (Site::copy_of(&used.data())?, witness.fork());
    let disk = Disk::under(&site.data(), &site.beside())?;
    let mut server = site.launch(&disk.around(&[&[("FAULT_AT", at)], more].concat())?)?;
    let mut told = Vec::new();
    let ended = match server.standing()? {
        Standing::Ended(status) => Some(status),
        standing => {
            if let Standing::Halted(why) = standing {
                told.push(why);
            }
            told.extend(send(&server, &witness)?);
            told.extend(server.readiness().and_then(|(_, halted)| halted));
            match server.is_dead()? {
                true => None,
                false => Some(server.terminate()?),
            }
        }
    };
    let struck = disk.lines()?.iter().any(|line| line[0] == "fault");
    let said = std::fs::read_to_string(disk.said()).unwrap_or_default();
    let mut wrong = panics(&said);
    match ended.and_then(|status| status.code()) {
        None => wrong.push("it died of the fault instead of halting".to_owned()),
        Some(code) if code != 0 => told.push(said.clone()),
        Some(_) => {}
    }
    if !told.is_empty() && !WORDS.iter().any(|word| said.contains(word) || told.iter().any(|text| text.contains(word)))
    {
        wrong.push(format!("it failed and does not say of what: {told:?}"));
    }
    let mut judged = Fault::default();
    judge(&site, &witness, &mut judged)?;
    fault.events += judged.events;
    wrong.extend(judged.violations);
    fault.violations.extend(wrong.into_iter().map(|wrong| format!("{at}: {wrong}")));
    Ok(struck)
}

#[test]
fn row_4_a_failing_disk_halts_and_says_so() -> Result<()> {
    let (used, witness) = used()?;
    let mut cases = calls(&used, &witness)?;
    let (all, mut random) = (cases.len(), Random::new(SEED));
    let mut fault = Fault { row: ROW, log: "embedded", ..Fault::default() };
    let mut missed = 0;
    while fault.rounds < rounds(16) && !cases.is_empty() {
        let at = cases.swap_remove(random.below(cases.len()));
        match case(&used, &witness, &at, &[], &mut fault)? {
            true => fault.rounds += 1,
            // Two runs do not make quite the same calls.
            false => missed += 1,
        }
    }
    println!("{all} calls listed; of those tried {missed} did not come again");
    fault.told()
}

/// A log that takes a failed write for a good one.
#[test]
fn row_4_catches_a_log_that_passes_over_a_failed_write() -> Result<()> {
    let (used, witness) = used()?;
    let mut fault = Fault::default();
    let struck = case(&used, &witness, "fdatasync:wal:log:4:EIO", &[("FAILPOINTS", "log.failure=skip")], &mut fault)?;
    assert!(struck && !fault.violations.is_empty(), "acknowledged events were lost and nobody noticed");
    Ok(())
}
