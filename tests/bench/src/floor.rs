//! The floor: the least program that moves the same bytes through the same hops. Reads each event, parses it keeping
//! nothing, hashes it once, appends it to a second topic, reads it there, and puts it into RocksDB.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use rocksdb::{Cache, ColumnFamilyDescriptor, DB, Env, Options, WriteBatch};
use serde::de::IgnoredAny;
use server::log::{GroupOffset, Inputs, Join, Log, NewRecord, NoMembership, ReadBound, Start};
use store::{Store, StoreOptions};

use crate::rig::Feeder;

const READ: ReadBound = ReadBound { records_max: 1_000, bytes_max: 16 << 20, wait: Duration::from_millis(50) };
/// Reads in a row that may come back empty before the floor gives up.
const EMPTY_READS_MAX: u32 = 600;
/// Block cache: that of the store.
const CACHE_BYTES: usize = 64 << 20;

/// What the floor writes at the end.
pub enum Rows {
    /// Each event under its hash, a batch for each read.
    Bare,
    /// The very batches that the recorder wrote for these events, and at the first hop the envelopes that intake made.
    Same {
        /// Envelopes, in the order of the events.
        envelopes: Vec<Vec<u8>>,
        /// Write batches, in order.
        batches: Vec<Vec<u8>>,
    },
}

/// Moves `events` events from `input` through `middle` into a database in `folder`.
pub fn run(
    log: &Arc<dyn Log>,
    input: &Arc<str>,
    middle: &Arc<str>,
    folder: &Path,
    events: usize,
    rows: &Rows,
) -> Result<()> {
    let database = open(folder)?;
    std::thread::scope(|scope| {
        let first = scope.spawn(|| first_hop(log, input, middle, events, rows));
        second_hop(log, middle, &database, events, rows)?;
        match first.join() {
            Ok(done) => done,
            Err(_) => bail!("the first hop panicked"),
        }
    })
}

fn first_hop(log: &Arc<dyn Log>, input: &Arc<str>, middle: &Arc<str>, events: usize, rows: &Rows) -> Result<()> {
    let join = Join {
        group: "floor".to_owned(),
        instance_id: None,
        inputs: Inputs::Topics(vec![input.to_string()]),
        session_timeout: Duration::from_secs(10),
        assignment_only: false,
    };
    let mut reader = log.group_reader(join, Arc::new(NoMembership))?;
    let mut feeder = Feeder::new(log.as_ref())?;
    let (mut moved, mut empty) = (0, 0);
    while moved < events {
        let records = reader.poll(READ)?;
        empty = if records.is_empty() { empty + 1 } else { 0 };
        if empty > EMPTY_READS_MAX {
            bail!("the floor found {moved} of {events} events in {input}");
        }
        let Some(last) = records.last() else { continue };
        let next = GroupOffset { topic: Arc::clone(input), partition: last.partition, next: last.offset + 1 };
        for record in records {
            let payload = record.value.unwrap_or_default();
            serde_json::from_slice::<IgnoredAny>(&payload)?;
            let hash = blake3::hash(&payload);
            let onward = match rows {
                Rows::Bare => NewRecord::new(middle, payload).key(hash.as_bytes().to_vec()),
                Rows::Same { envelopes, .. } => {
                    NewRecord::new(middle, envelopes[moved].clone()).key(hash.as_bytes().to_vec())
                }
            };
            feeder.push(onward.partition(0))?;
            moved += 1;
        }
        feeder.send()?;
        reader.store(&[next])?;
    }
    feeder.finish()?;
    Ok(reader.close()?)
}

fn second_hop(log: &Arc<dyn Log>, middle: &Arc<str>, database: &DB, events: usize, rows: &Rows) -> Result<()> {
    let mut reader = log.reader(middle)?;
    reader.assign(&[(0, Start::Earliest)])?;
    let bodies = database.cf_handle("bodies").ok_or_else(|| anyhow::anyhow!("the store has bodies"))?;
    let (mut moved, mut written, mut empty) = (0, 0, 0);
    while moved < events {
        let records = reader.read(READ)?.records;
        empty = if records.is_empty() { empty + 1 } else { 0 };
        if empty > EMPTY_READS_MAX {
            bail!("the floor found {moved} of {events} events in {middle}");
        }
        moved += records.len();
        match rows {
            Rows::Bare => {
                let mut batch = WriteBatch::default();
                for record in &records {
                    batch.put_cf(
                        bodies,
                        record.key.as_deref().unwrap_or_default(),
                        record.value.as_deref().unwrap_or_default(),
                    );
                }
                database.write(batch)?;
            }
            Rows::Same { batches, .. } => {
                let due = batches.len() * moved / events;
                for batch in &batches[written..due] {
                    database.write(WriteBatch::from_data(batch))?;
                }
                written = due;
            }
        }
    }
    Ok(())
}

/// A database with the store's own options and column families.
fn open(folder: &Path) -> Result<DB> {
    drop(Store::open(folder, &StoreOptions::default())?);
    let (options, families) = load(folder)?;
    Ok(DB::open_cf_descriptors(&options, folder, families)?)
}

fn load(folder: &Path) -> Result<(Options, Vec<ColumnFamilyDescriptor>)> {
    Ok(Options::load_latest(folder, Env::new()?, true, Cache::new_lru_cache(CACHE_BYTES))?)
}

/// The write batches of a store that has been closed, as its write-ahead log holds them.
pub fn batches(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let (options, families) = load(folder)?;

    let database = DB::open_cf_descriptors_read_only(&options, folder, families, false)?;
    let mut batches = Vec::new();
    for update in database.get_updates_since(0)? {
        let (_, batch) = update?;
        batches.push(batch.data().to_vec());
    }
    Ok(batches)
}
