//! Snapshots: what one of an idle store uploads, and a restore beside copying the same bytes with hash and sync, in turns.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use ledger::digest::object_hasher;
use ledger::manifest::{Manifest, TreeHead, object_path};
use ledger::{LedgerName, SnapshotName};
use server::clock::SystemClock;
use server::keyring::Keyring;
use server::snapshot::{
    Access, Digests, Made, Maker, Place, Publish, Remote, SnapshotError, Target, Trust, manifest, restore,
};
use store::Durability;
use store::tables::{self, Meta};
use tokio::runtime::Runtime;

use crate::measure::turns;
use crate::mix::Mix;
use crate::options::Options;
use crate::row::{Row, Target as Asked};
use crate::stages::{Stages, folder, mebibytes};

/// Events between two commits of the store's filling.
const CHUNK: usize = 2_000;
/// Ticks of an idle hour.
const IDLE_TICKS: u64 = 360;
const ROUNDS: usize = 5;

/// Nothing is published here: only the copying is measured.
struct Unpublished;

impl Publish for Unpublished {
    async fn covered(&self, _: &[TreeHead]) -> Result<(), SnapshotError> {
        Ok(())
    }
}

/// Both rows.
pub fn run(options: &Options) -> Result<Vec<Row>> {
    let folder = folder()?;
    let stages = filled(options, folder.path())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let place = Place::Folder(folder.path().join("copies"));
    let keyring = Arc::new(Keyring::load(&folder.path().join("keys"))?);
    let maker = Maker {
        remote: Remote::open(&place, &Default::default(), Access::Write)?,
        keyring: Arc::clone(&keyring),
        clock: Arc::new(SystemClock::new()),
        folder: folder.path().to_owned(),
    };
    let mut digests = Digests::default();
    let mut make =
        || -> Result<Made> { Ok(runtime.block_on(maker.make(&stages.store, 0, &mut digests, &Unpublished))?) };
    let first = make()?;
    idle(&stages)?;
    let second = make()?;
    println!(
        "snapshot: {:.1} MiB in {} files; an hour later {} bytes of new objects in {} files",
        mebibytes(first.size_bytes),
        first.files,
        second.uploaded_bytes,
        second.uploaded_files
    );
    let trust = Trust::Own(keyring, LedgerName::parse("bench")?);
    let [ours, floor] = restores(&runtime, &maker.remote, &second.name, &trust, folder.path())?;
    let rate = |seconds: f64| mebibytes(second.size_bytes) / seconds;
    println!("restore: {:.0} MiB/s, copying {:.0} MiB/s", rate(ours), rate(floor));
    Ok(vec![
        Row::bounded("snapshot: new objects of an idle store", second.uploaded_bytes as f64 / 1024.0, 256.0, "KiB"),
        Row::ratio("restore: time ÷ copy with hash and sync", ours, floor, Asked::RatioMax(2.0), "s"),
    ])
}

/// A store with events in it, its files as a compaction leaves them.
fn filled(options: &Options, folder: &Path) -> Result<Stages> {
    let mut stages = Stages::new(folder)?;
    let events = options.pick(60_000, 4_000);
    let mut mix = Mix::new(options.seed, 200);
    let mut taken = 0;
    while taken < events {
        let payloads: Vec<_> = mix.by_ref().take(CHUNK).collect();
        let prepared = payloads.iter().map(|payload| stages.prepare(payload)).collect::<Result<Vec<_>>>()?;
        taken += prepared.len();
        stages.record(prepared)?;
    }
    stages.store.flush()?;
    stages.store.compact();
    Ok(stages)
}

/// What ticks write into a store that nobody sends anything to: the time of the log and the next offset.
fn idle(stages: &Stages) -> Result<()> {
    let meta = tables::get::<Meta>(&stages.store, &[])?.context("the store has begun")?;
    for tick in 1..=IDLE_TICKS {
        let mut batch = stages.store.batch();
        let moved = Meta { next_offset: meta.next_offset + tick, time_ns: meta.time_ns + 1, ..meta.clone() };
        tables::put(&mut batch, &[], &moved);
        batch.commit(Durability::Written)?;
    }
    Ok(())
}

/// Seconds of a restore, and of copying the same files one after another with the same hash and a sync each.
fn restores(runtime: &Runtime, remote: &Remote, name: &SnapshotName, trust: &Trust, folder: &Path) -> Result<[f64; 2]> {
    let made = runtime.block_on(manifest(remote, name, trust))?;
    let (to, copy) = (folder.join("restored"), folder.join("copied"));
    let target = Target { folder: to.clone(), partition: 0, incarnation: None, generation: 1 };
    let mut failed: Option<anyhow::Error> = None;
    let mut failing = None;
    let mut ours = || {
        let done = runtime.block_on(restore(remote, name, trust, &target)).map_err(anyhow::Error::from);
        failed = done.and_then(|()| Ok(std::fs::remove_dir_all(&to)?)).err().or(failed.take());
    };
    let mut floor = || {
        let done = copied(&made, &folder.join("copies"), &copy);
        failing = done.and_then(|()| Ok(std::fs::remove_dir_all(&copy)?)).err().or(failing.take());
    };
    let seconds = turns(ROUNDS, &mut [&mut ours, &mut floor]);
    match failed.or(failing) {
        None => Ok(seconds),
        Some(error) => Err(error),
    }
}

fn copied(manifest: &Manifest, copies: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    let mut piece = vec![0; 1 << 20];
    for file in &manifest.files {
        let mut from = File::open(copies.join(object_path(&file.digest)))?;
        let mut into = File::create_new(to.join(file.name.as_str()))?;
        let mut hasher = object_hasher();
        loop {
            let read = from.read(&mut piece)?;
            if read == 0 {
                break;
            }
            hasher.update(&piece[..read]);
            into.write_all(&piece[..read])?;
        }
        into.sync_all()?;
        anyhow::ensure!(*hasher.finalize().as_bytes() == file.digest.0, "{} is damaged", file.name);
    }
    Ok(File::open(to)?.sync_all()?)
}
