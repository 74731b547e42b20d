//! What the ledger costs: throughput with and without it, a checkpoint, a proof, its check, the tree on disk, and reading all
//! of it anew beside a program that only reads, skims and hashes.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ledger::checkpoint::Checkpoint;
use ledger::key::{KeyName, SigningKey};
use ledger::leaf::{self, Detail, Heartbeat, Hex, Leaf, Position};
use ledger::proof::{TlogProof, Trust};
use ledger::tree::{leaf_hash, prove_inclusion};
use ledger::{Opening, Origin, Tenant};
use lineage::decode::Limits;
use lineage::schema::Schemas;
use serde::de::IgnoredAny;
use server::clock::SystemClock;
use server::fsck::Fsck;
use server::keyring::Keyring;
use server::log::Names;
use server::log::embedded::{Bounds, Embedded};
use store::failpoint::{self, Action};
use store::tables::{self, LeafKey, TenantRow, Tree, TreeHashes};
use store::{Durability, Read as _, Store, StoreOptions};

use crate::desk::TENANT;
use crate::ingest::{self, LIMIT};
use crate::measure::{median, percentile, time, turns};
use crate::mix::{Mix, Random};
use crate::options::Options;
use crate::rig::Rig;
use crate::row::{Row, Target};
use crate::stages::folder;

/// Number of the tenant whose tree is built.
const NUMBER: u32 = 7;

/// All rows.
pub fn run(options: &Options) -> Result<Vec<Row>> {
    let mut rows = vec![throughput(options)?];
    rows.extend(tree(options)?);
    rows.push(fsck(options)?);
    Ok(rows)
}

/// Both hops with leaves, tree and commitments, and without.
fn throughput(options: &Options) -> Result<Row> {
    let events: Vec<Vec<u8>> = Mix::new(options.seed, 200).take(options.pick(12_000, 1_500)).collect();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..options.pick(7, 1) {
        with.push(hops(&events)?);
        failpoint::arm("recorder.ledger", Action::Skip, None);
        without.push(hops(&events)?);
        failpoint::disarm();
    }
    println!("ledger: {} events; seconds with {with:.2?}, without {without:.2?}", events.len());
    let rate = |seconds: Vec<f64>| events.len() as f64 / median(seconds);
    let (with, without) = (rate(with), rate(without));
    Ok(Row::ratio("ledger: throughput with ÷ without", with, without, Target::RatioMin(0.77), "events/s"))
}

fn hops(events: &[Vec<u8>]) -> Result<f64> {
    let folder = folder()?;
    let log = Embedded::open(&folder.path().join("log"), Arc::new(SystemClock::new()), Bounds::default())?;
    ingest::ours(Arc::new(log), Names::new(""), folder.path(), events)
}

fn sample(index: u64) -> Vec<u8> {
    let position = Position { incarnation: Hex([1; 16]), partition: 0, offset: index };
    let tenant = Tenant::parse(TENANT).expect("a tenant's name");
    leaf::encode(&Leaf { position, tenant, detail: Detail::from(Heartbeat { tick_at_ns: 0 }) })
}

/// A tree built by direct append: its checkpoint at 1M leaves; its proofs, and what it takes on disk, at 10M.
fn tree(options: &Options) -> Result<Vec<Row>> {
    let (million, all) = (options.pick(1_000_000, 10_000), options.pick(10_000_000, 50_000));
    let folder = folder()?;
    let store = Store::open(folder.path(), &StoreOptions::default())?;
    let origin = Origin::parse(&format!("bench/{TENANT}"))?;
    let key = SigningKey::from_seed(KeyName::of_checkpoints(&origin), [1; 32]);
    let mut tree = Tree::default();
    let mut checkpoints = Vec::new();
    while tree.size() < all {
        let mut batch = store.batch();
        for _ in 0..10_000 {
            tree.push(&mut batch, NUMBER, leaf_hash(&sample(tree.size())));
        }
        tree.store(&mut batch, NUMBER);
        batch.commit(Durability::Written)?;
        if tree.size() == million {
            for _ in 0..options.pick(200, 5) {
                let took = time(|| {
                    let checkpoint = Checkpoint { origin: origin.clone(), size: tree.size(), root: tree.root() };
                    drop(std::hint::black_box(checkpoint.sign(&[&key])));
                });
                checkpoints.push(took.as_secs_f64() * 1e3);
            }
        }
    }
    store.flush()?;
    store.compact();
    let note = Checkpoint { origin: origin.clone(), size: all, root: tree.root() }.sign(&[&key])?.to_bytes();
    let (hashes, trust) = (TreeHashes { state: &store, tenant: NUMBER }, Trust::of(vec![key.verifier().clone()]));
    let mut random = Random::new(options.seed);
    let (mut proved, mut checked) = (Vec::new(), Vec::new());
    // The first round warms the cache; the second counts.
    for _ in 0..2 {
        (proved, checked) = (Vec::new(), Vec::new());
        for _ in 0..options.pick(5_000, 100) {
            let index = random.below(usize::try_from(all)?) as u64;
            let mut path = Ok(Vec::new());
            proved.push(time(|| path = prove_inclusion(all, index, &hashes)).as_secs_f64() * 1e3);
            let proof = TlogProof { index, hashes: path?, checkpoint: note.clone() }.to_bytes();
            let bytes = sample(index);
            let mut good = false;
            let took = time(|| {
                good = TlogProof::from_bytes(&proof).is_ok_and(|proof| trust.leaf(&proof, &bytes, &origin).is_ok());
            });
            checked.push(took.as_secs_f64() * 1e3);
            ensure!(good, "the proof of leaf {index} is not good");
        }
    }
    let disk: u64 = store.sizes().iter().map(|size| size.bytes).sum();
    Ok(vec![
        Row::bounded(
            format!("ledger: checkpoint over {million} leaves, ms"),
            percentile(checkpoints, 0.99),
            10.0,
            "ms",
        ),
        Row::bounded(format!("ledger: inclusion proof at {all} leaves, p99"), percentile(proved, 0.99), 1.0, "ms"),
        Row::bounded("ledger: offline check of one proof, p99", percentile(checked, 0.99), 1.0, "ms"),
        Row::bounded("ledger: tree on disk, bytes a leaf", disk as f64 / all as f64, 40.0, "bytes"),
    ])
}

/// Every row of a ledger read anew on two threads, beside reading the same bodies, skimming and hashing them.
fn fsck(options: &Options) -> Result<Row> {
    let events: Vec<Vec<u8>> = Mix::new(options.seed, 200).take(options.pick(20_000, 1_000)).collect();
    let folder = folder()?;
    let log = Embedded::open(&folder.path().join("log"), Arc::new(SystemClock::new()), Bounds::default())?;
    let rig = Rig::new(Arc::new(log), Names::new(""), folder.path())?;
    ingest::fill(rig.log.as_ref(), &rig.names.input, &events)?;
    let working = rig.start(folder.path(), &StoreOptions::default(), Duration::from_secs(10))?;
    working.wait(events.len() as u64, LIMIT)?;
    working.stop()?;
    drop(rig);
    let store = Store::open(&folder.path().join("partition-0"), &StoreOptions::default())?;
    store.flush()?;
    store.compact();
    let row = tables::get::<TenantRow>(&store, TENANT.as_bytes())?.context("the tenant has no row")?;
    let keyring = Keyring::load(Path::new(&folder.path().join("keys")))?;
    let (schemas, limits) = (Schemas::built_in()?, Limits::default());
    let identity = keyring.identity(&Tenant::parse(TENANT)?);
    let ours = Fsck { store: &store, tenant: TENANT, row: &row, identity, schemas: &schemas, limits: &limits };
    let mut sound = Ok(());
    let mut check = || sound = ours.whole(2, &|_| ControlFlow::Continue(())).map(drop);
    let [ours, floor] = turns(options.pick(7, 1), &mut [&mut check, &mut || skim(&store, &row)]);
    sound?;
    let rate = |seconds: f64| events.len() as f64 / seconds;
    let name = "ledger: fsck on two threads ÷ reading, skimming and hashing";
    Ok(Row::ratio(name, rate(ours), rate(floor), Target::RatioMin(0.5), "events/s"))
}

/// The floor: two threads that read every leaf and body, skim the body and take both hashes.
fn skim(store: &Store, row: &TenantRow) {
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let first = next.fetch_add(256, Ordering::Relaxed);
                    if first >= row.size {
                        break;
                    }
                    for index in first..row.size.min(first + 256) {
                        let key = LeafKey { tenant: row.number, index }.bytes();
                        let leaf = store.with(store::Table::Leaves, &key, leaf_hash);
                        let body = store.with(store::Table::Bodies, &key, |body| {
                            let read = serde_json::from_slice::<IgnoredAny>(body).is_ok();
                            (read, Opening::from_random([1; 32]).commit(body))
                        });
                        drop(std::hint::black_box((leaf, body)));
                    }
                }
            });
        }
    });
}
