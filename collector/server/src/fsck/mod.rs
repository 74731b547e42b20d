//! The record against itself: leaves against tiles and bodies, tiles against the signed root, dedup rows against both.
//! Reads every row anew and believes none: what is wrong first is named, with what was expected. Never writes.

mod fault;
mod unit;

pub use fault::{FsckError, FsckFault};

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ledger::checkpoint::Checkpoint;
use ledger::key::IdentityKey;
use ledger::tile::{TILE_WIDTH, full_subtree};
use ledger::tree::Hash;
use lineage::decode::Limits;
use lineage::schema::Schemas;
use store::tables::{self, CheckpointRow, TenantRow, Tree};
use store::{Read as _, Scan, Store, Table};

use self::fault::fault;
use self::unit::{Scratch, Unit};
use crate::config::Config;

/// Leaves that one unit of work covers: a tile.
const WIDTH: u64 = TILE_WIDTH as u64;

/// What is needed to check a tenant's ledger.
pub struct Fsck<'a> {
    /// Where it is.
    pub store: &'a Store,
    /// Its name.
    pub tenant: &'a str,
    /// Its row.
    pub row: &'a TenantRow,
    /// The key behind its event ids; without it they are not computed again.
    pub identity: Option<&'a IdentityKey>,
    /// The rules by which a body is read.
    pub schemas: &'a Schemas,
    /// The bounds that it was taken in with, or wider ones.
    pub limits: &'a Limits,
}

/// What was found sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Sound {
    /// Leaves.
    pub leaves: u64,
    /// Bodies that are the ones recorded, their event ids computed again.
    pub bodies: u64,
    /// Leaves whose body is erased.
    pub erased: u64,
    /// Dedup rows.
    pub dedup: u64,
}

impl Sound {
    fn add(&mut self, other: Self) {
        self.leaves += other.leaves;
        self.bodies += other.bodies;
        self.erased += other.erased;
        self.dedup += other.dedup;
    }
}

impl Fsck<'_> {
    /// Checks all of it on some threads. `progress` hears of leaves done, and may end it.
    ///
    /// # Errors
    /// The fault of the least leaf, or that the store can't be read.
    pub fn whole(
        &self,
        threads: usize,
        progress: &(dyn Fn(u64) -> ControlFlow<()> + Sync),
    ) -> Result<Sound, FsckError> {
        let units = self.row.size.div_ceil(WIDTH);
        let (next, done, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let roots: Mutex<Vec<(u64, Hash)>> = Mutex::new(Vec::new());
        let found: Mutex<(Sound, Option<(u64, FsckError)>)> = Mutex::new((Sound::default(), None));
        std::thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(|| {
                    let mut scratch = Scratch::default();
                    let (mut sound, mut own) = (Sound::default(), Vec::new());
                    while !stop.load(Ordering::Relaxed) {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= units {
                            break;
                        }
                        match (Unit { fsck: self, number }).check(&mut scratch) {
                            Ok((one, root)) => {
                                sound.add(one);
                                own.push((number, root));
                                let leaves = done.fetch_add(one.leaves, Ordering::Relaxed) + one.leaves;
                                if progress(leaves).is_break() {
                                    stop.store(true, Ordering::Relaxed);
                                }
                            }
                            Err(error) => {
                                stop.store(true, Ordering::Relaxed);
                                let mut found = lock(&found);
                                // Units are taken in their order, so that the least one that fails was taken by some thread.
                                if found.1.as_ref().is_none_or(|(least, _)| number < *least) {
                                    found.1 = Some((number, error));
                                }
                            }
                        }
                    }
                    lock(&found).0.add(sound);
                    lock(&roots).extend(own);
                });
            }
        });
        let (sound, fault) = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, error)) = fault {
            return Err(error);
        }
        if stop.into_inner() {
            return Err(FsckError::Ended);
        }
        let mut roots = roots.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        roots.sort_unstable_by_key(|(number, _)| *number);
        self.levels(roots.into_iter().map(|(_, root)| root).collect())?;
        self.surplus(&sound)?;
        Ok(sound)
    }

    /// Checks the leaves of one tile, and nothing around it: a sample.
    ///
    /// # Errors
    /// As [`Fsck::whole`].
    pub fn sample(&self, leaf: u64) -> Result<Sound, FsckError> {
        let unit = Unit { fsck: self, number: leaf / WIDTH };
        Ok(unit.check(&mut Scratch::default())?.0)
    }

    /// Checks the tiles that a tile of leaves is the last below, each against the one under it.
    ///
    /// # Errors
    /// As [`Fsck::whole`].
    pub fn above(&self, number: u64) -> Result<(), FsckError> {
        let (mut level, mut end) = (1_u8, number + 1);
        while end.is_multiple_of(WIDTH) {
            let tile = end / WIDTH - 1;
            let below = |child| Ok(tables::tile(self.store, self.row.number, level - 1, tile * WIDTH + child)?);
            let below = (0..WIDTH).map(below).collect::<Result<Vec<_>, FsckError>>()?;
            let made = below.iter().map(|row| full_subtree(row.as_deref().unwrap_or_default().as_chunks::<32>().0));
            let stored = tables::tile(self.store, self.row.number, level, tile)?.unwrap_or_default();
            if made.flatten().ne(stored.iter().copied()) {
                let leaf = tile.saturating_mul(WIDTH.saturating_pow(u32::from(level) + 1));
                return fault(
                    "tile-mismatch",
                    leaf,
                    format!("tile {level}/{tile} is not what the tiles below make it"),
                );
            }
            end = tile + 1;
            level += 1;
        }
        Ok(())
    }

    /// The tiles above the leaves' own, the root, and the published checkpoint.
    fn levels(&self, mut hashes: Vec<Hash>) -> Result<(), FsckError> {
        // The last tile may be partial: it is no hash of the level above.
        hashes.truncate(usize::try_from(self.row.size / WIDTH).unwrap_or(usize::MAX));
        let mut level = 1_u8;
        while !hashes.is_empty() {
            for (number, expected) in (0_u64..).zip(hashes.chunks(usize::from(TILE_WIDTH))) {
                let stored = tables::tile(self.store, self.row.number, level, number)?.unwrap_or_default();
                if stored != expected.as_flattened() {
                    let leaf = number.saturating_mul(WIDTH.saturating_pow(u32::from(level) + 1));
                    return fault(
                        "tile-mismatch",
                        leaf,
                        format!("tile {level}/{number} is not what the tiles below make it"),
                    );
                }
            }
            hashes = hashes.as_chunks::<{ TILE_WIDTH as usize }>().0.iter().map(|tile| full_subtree(tile)).collect();
            level += 1;
        }
        self.published()
    }

    /// The root at the published size is the one that was signed.
    ///
    /// # Errors
    /// As [`Fsck::whole`].
    pub fn published(&self) -> Result<(), FsckError> {
        let Some(row) = tables::get::<CheckpointRow>(self.store, self.tenant.as_bytes())? else { return Ok(()) };
        let text = row.note.find("\n\n").map_or("", |end| &row.note[..=end]);
        let Ok(signed) = Checkpoint::from_body(text) else {
            return fault("checkpoint-mismatch", 0, "the stored checkpoint can't be read".to_owned());
        };
        if signed.size > self.row.size || signed.size != row.size {
            let what = format!("{} leaves are signed, and the store has {}", signed.size, self.row.size);
            return fault("checkpoint-mismatch", self.row.size, what);
        }
        let root = Tree::load(self.store, self.row.number, signed.size)?.root();
        if root != signed.root {
            let what = format!(
                "root {} at {} leaves, and {} was signed",
                hex::encode(root),
                signed.size,
                hex::encode(signed.root)
            );
            return fault("root-mismatch", signed.size.saturating_sub(1), what);
        }
        Ok(())
    }

    /// No leaf beyond the last, and no dedup row without its leaf.
    fn surplus(&self, sound: &Sound) -> Result<(), FsckError> {
        let beyond = tables::LeafKey { tenant: self.row.number, index: self.row.size };
        for table in [Table::Leaves, Table::Openings, Table::Bodies] {
            let mut first = None;
            self.store.scan(Scan::from(table, &self.row.number.to_be_bytes(), &beyond.bytes()), &mut |key, _| {
                first = Some(key.to_vec());
                ControlFlow::Break(())
            })?;
            if first.is_some() {
                return fault(
                    "leaf-surplus",
                    self.row.size,
                    format!("a row of {} lies beyond the last leaf", table.name()),
                );
            }
        }
        let mut rows = 0_u64;
        self.store.scan(Scan::prefix(Table::Dedup, &self.row.number.to_be_bytes()), &mut |_, _| {
            rows += 1;
            ControlFlow::Continue(())
        })?;
        if rows != sound.dedup {
            let what = format!("{rows} dedup rows, and {} events in the tree", sound.dedup);
            return fault("dedup-surplus", 0, what);
        }
        Ok(())
    }
}

/// The stores in a data folder, by partition.
pub fn stores(config: &Config) -> Vec<(u32, PathBuf)> {
    let store = |partition: u32| (partition, config.data_dir.join(format!("partition-{partition}")));
    // RocksDB's own mark: a folder without it holds no store.
    (0..config.recorder.partitions).map(store).filter(|(_, path)| path.join("CURRENT").exists()).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
