//! Row 5, record by record: a write-ahead log cut at the end of each of its records. The store's may lose its tail at any time,
//! for the event log gives it back; the event log's own cannot, and a log that was cut behind a store's back must halt it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use ledgerline_tests::{Around, Fault, Load, Random, Standing, Witness, rounds, until};

use crate::oracle::judge;
use crate::site::Site;

const ROW: u32 = 5;
const SEED: u64 = 0x5eed_0055;
/// RocksDB's write-ahead log: blocks of this many bytes, in them records with a header of checksum (4 bytes), length (2,
/// little-endian) and type (1); types 5 to 8 carry four bytes more. A block's rest is filled with zeros.
const BLOCK_BYTES: usize = 32 << 10;
const HEADER_BYTES: usize = 7;
const RECYCLABLE_HEADER_BYTES: usize = 11;

/// A deployment that was killed under load, with what its clients know.
fn killed() -> Result<(Site<'static>, Arc<Witness>)> {
    let (site, witness) = (Site::embedded()?, Arc::new(Witness::default()));
    let mut server = site.launch(&Around::default())?;
    assert!(matches!(server.standing()?, Standing::Ready));
    let load = Load::start(&server.url(), &witness, 2, SEED);
    until("some events are acknowledged", || Ok((witness.count() > 150).then_some(())))?;
    load.stop();
    server.recorded(witness.count())?;
    server.crash()?;
    Ok((site, witness))
}

/// The newest write-ahead log in a folder.
fn newest(folder: &Path) -> Result<PathBuf> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let logs =
        entries.into_iter().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "log"));
    logs.max().with_context(|| format!("no write-ahead log in {}", folder.display()))
}

/// Where the records of a write-ahead log end.
fn ends(log: &[u8]) -> Vec<usize> {
    let (mut at, mut ends) = (0, Vec::new());
    while at + HEADER_BYTES <= log.len() {
        let left = BLOCK_BYTES - at % BLOCK_BYTES;
        let kind = log[at + 6];
        if left < HEADER_BYTES || kind == 0 {
            at += left;
            continue;
        }
        let header = if (5..=8).contains(&kind) { RECYCLABLE_HEADER_BYTES } else { HEADER_BYTES };
        at += header + usize::from(u16::from_le_bytes([log[at + 4], log[at + 5]]));
        ends.push(at);
    }
    ends
}

/// Cuts the newest write-ahead log below `part` of copies of a killed deployment at ends of its records, some or all of them.
fn cut(part: &str, short: u64, mut check: impl FnMut(&Site<'_>, &Witness) -> Result<()>) -> Result<u64> {
    let (killed, witness) = killed()?;
    let mut ends = ends(&std::fs::read(newest(&killed.data().join(part))?)?);
    assert!(ends.len() > 10, "too few records to cut: {}", ends.len());
    let (wanted, mut random) = (rounds(short), Random::new(SEED));
    let mut done = 0;
    while done < wanted && !ends.is_empty() {
        let end = ends.swap_remove(random.below(ends.len()));
        let site = Site::copy_of(&killed.data())?;
        std::fs::OpenOptions::new().write(true).open(newest(&site.data().join(part))?)?.set_len(end as u64)?;
        check(&site, &witness.fork()).with_context(|| format!("{part} cut at {end}"))?;
        done += 1;
    }
    Ok(done)
}

#[test]
fn row_5_a_store_cut_at_any_record_is_made_whole_by_the_log() -> Result<()> {
    let mut fault = Fault { row: ROW, log: "embedded", ..Fault::default() };
    fault.rounds = cut("partition-0", 6, |site, witness| judge(site, witness, &mut fault))?;
    fault.told()
}

#[test]
fn row_5_a_log_cut_behind_a_store_halts_it_and_begins_again_without_it() -> Result<()> {
    let mut fault = Fault { row: ROW, log: "embedded", ..Fault::default() };
    fault.rounds = cut("log", 4, |site, witness| {
        let mut server = site.launch(&Around::default())?;
        let standing = server.standing()?;
        let says = matches!(&standing, Standing::Halted(why) if why.contains("ledgerline recover --new-origin"));
        // Cut behind the last record that the store has applied, there is nothing to say.
        if !says && !matches!(standing, Standing::Ready) {
            fault.violations.push(format!("a log that was cut off: {standing:?}"));
        }
        server.crash()?;
        // The events are the clients' to send again: the log, and a store made from it, are as good as ever.
        std::fs::remove_dir_all(site.data().join("partition-0"))?;
        witness.forget_answers();
        judge(site, witness, &mut fault)
    })?;
    fault.told()
}

#[test]
fn records_end_where_they_say() {
    let record = |kind: u8, bytes: u16| {
        let mut record = vec![1, 2, 3, 4];
        record.extend(bytes.to_le_bytes());
        record.push(kind);
        record.resize(if kind >= 5 { 11 } else { 7 } + usize::from(bytes), 9);
        record
    };
    let mut log = [record(1, 10), record(5, 3)].concat();
    assert_eq!(ends(&log), [17, 31]);
    log.resize(BLOCK_BYTES, 0);
    log.extend(record(1, 2));
    assert_eq!(ends(&log), [17, 31, BLOCK_BYTES + 9]);
}
