//! An archive against itself, on any machine: every leaf against its body, every root from the leaves, every tile, every signed
//! checkpoint. Believes nothing but the keys that it is given.

use std::collections::BTreeMap;

use ledger::Origin;
use ledger::checkpoint::Checkpoint;
use ledger::proof::{Fault, Trust, Verdict};
use ledger::tile::{Part, TILE_WIDTH, TilePath, decode_bundle, encode_bundle, full_subtree};
use ledger::tree::{Frontier, Hash, leaf_hash};

use super::writer::{archived, opens, unpack};
use super::{ArchiveError, Held, Objects, bodies_path, decode_bodies};

/// What was found sound.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Recomputed {
    /// Leaves, each in its one encoding and of this tree.
    pub leaves: u64,
    /// Bodies that are the ones recorded.
    pub bodies: u64,
    /// Leaves whose body was erased before it was archived.
    pub erased: u64,
    /// Checkpoints whose root the leaves have.
    pub checkpoints: u64,
    /// Tiles of hashes.
    pub tiles: u64,
}

/// Checks one tree's archive; `progress` hears of leaves done.
///
/// # Errors
/// The first fault, or that the store can't be read.
pub fn recompute(
    objects: &Objects,
    origin: &Origin,
    trust: &Trust,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Recomputed, ArchiveError> {
    let signed = checkpoints(objects, origin, trust)?;
    let Some((&size, _)) = signed.last_key_value() else {
        return Err(Fault::new(Verdict::Missing, format!("a checkpoint below {origin}/checkpoints")).into());
    };
    let mut walk = Walk {
        objects,
        origin,
        signed: &signed,
        frontier: Frontier::new(),
        levels: Vec::new(),
        done: Recomputed::default(),
    };
    let width = u64::from(TILE_WIDTH);
    for number in 0..size.div_ceil(width) {
        walk.bundle(number, u16::try_from((size - number * width).min(width)).unwrap_or(TILE_WIDTH))?;
        progress(walk.done.leaves, size);
    }
    Ok(walk.done)
}

/// Every archived checkpoint, its signatures checked; the newest is the one under `checkpoint`.
fn checkpoints(objects: &Objects, origin: &Origin, trust: &Trust) -> Result<BTreeMap<u64, Checkpoint>, ArchiveError> {
    let mut signed = BTreeMap::new();
    for (size, path) in archived(objects, origin)? {
        let note = objects.get(&path)?.ok_or_else(|| Fault::new(Verdict::Missing, path.clone()))?;
        let checkpoint = trust.checkpoint(&note, origin).map_err(|fault| fault.at(&path))?.verified.checkpoint;
        if checkpoint.size != size {
            let what = format!("{path} is of {} leaves", checkpoint.size);
            return Err(Fault::new(Verdict::Malformed, what).into());
        }
        signed.insert(size, checkpoint);
    }
    let path = format!("{origin}/checkpoint");
    let note = objects.get(&path)?.ok_or_else(|| Fault::new(Verdict::Missing, path.clone()))?;
    let newest = trust.checkpoint(&note, origin).map_err(|fault| fault.at(&path))?.verified.checkpoint;
    match signed.last_key_value() {
        Some((_, last)) if *last == newest => Ok(signed),
        Some((size, _)) if *size > newest.size => {
            let what = format!("{path} is of {} leaves, and {size} are archived", newest.size);
            Err(Fault::new(Verdict::Rollback, what).into())
        }
        // The checkpoint is written before the pointer to it, never after.
        _ => Err(Fault::new(Verdict::Fork, format!("{path} is not the newest below {origin}/checkpoints")).into()),
    }
}

struct Walk<'a> {
    objects: &'a Objects,
    origin: &'a Origin,
    signed: &'a BTreeMap<u64, Checkpoint>,
    frontier: Frontier,
    /// The growing tile of each level, as the leaves make it.
    levels: Vec<Vec<Hash>>,
    done: Recomputed,
}

impl Walk<'_> {
    fn bundle(&mut self, number: u64, width: u16) -> Result<(), ArchiveError> {
        let path = part_path(Part::Entries, number, width)?;
        let bytes = self.wanted(&path)?;
        let leaves = decode_bundle(&bytes, width)
            .map_err(|fault| Fault::new(Verdict::BundleMismatch, format!("{path}: {fault}")))?;
        let packed = format!("{}.gz", bodies_path(&path));
        let bodies = unpack(&self.wanted(&packed)?)
            .and_then(|bodies| decode_bodies(&bodies, width))
            .ok_or_else(|| Fault::new(Verdict::BundleMismatch, format!("{packed} is not one record for each leaf")))?;
        for (bytes, held) in leaves.iter().zip(&bodies) {
            let index = self.done.leaves;
            let leaf = opens(index, bytes, held)?;
            if leaf.tenant != *self.origin.tenant() {
                let what = format!("leaf {index} is of tenant {} in the tree of {}", leaf.tenant, self.origin);
                return Err(Fault::new(Verdict::WrongOrigin, what).into());
            }
            match held {
                Held::Body(..) => self.done.bodies += 1,
                Held::Erased => self.done.erased += 1,
                Held::None => {}
            }
            self.push(leaf_hash(bytes))?;
            self.prefix(number, &leaves, &bodies)?;
        }
        Ok(())
    }

    /// One leaf more: full tiles and checkpoints are compared where they end.
    fn push(&mut self, leaf: Hash) -> Result<(), ArchiveError> {
        let mut completed = leaf;
        let mut size = self.done.leaves + 1;
        for level in 0_u8..8 {
            if self.levels.len() <= usize::from(level) {
                self.levels.push(Vec::with_capacity(usize::from(TILE_WIDTH)));
            }
            let tile = &mut self.levels[usize::from(level)];
            tile.push(completed);
            if tile.len() < usize::from(TILE_WIDTH) {
                break;
            }
            let hashes = std::mem::take(tile);
            size /= u64::from(TILE_WIDTH);
            self.compare(level, size - 1, &hashes)?;
            completed = full_subtree(&hashes);
        }
        self.frontier.push(leaf, |_, _| {});
        self.done.leaves += 1;
        let Some(signed) = self.signed.get(&self.done.leaves) else { return Ok(()) };
        let root = self.frontier.root();
        if root != signed.root {
            let what = format!(
                "the leaves have root {} at {} leaves, and {} was signed",
                hex::encode(root),
                signed.size,
                hex::encode(signed.root)
            );
            return Err(Fault::new(Verdict::RootMismatch, what).into());
        }
        for level in 0..self.levels.len() {
            let hashes = std::mem::take(&mut self.levels[level]);
            if !hashes.is_empty() {
                let depth = u8::try_from(level).unwrap_or(u8::MAX);
                self.compare(depth, signed.size >> (8 * (level + 1)), &hashes)?;
            }
            self.levels[level] = hashes;
        }
        self.done.checkpoints += 1;
        Ok(())
    }

    /// A partial bundle of an earlier checkpoint holds the beginning of the bundle that it became.
    fn prefix(&self, number: u64, leaves: &[&[u8]], bodies: &[Held]) -> Result<(), ArchiveError> {
        let width = u16::try_from(self.done.leaves % u64::from(TILE_WIDTH)).unwrap_or(0);
        if width == 0 || !self.signed.contains_key(&self.done.leaves) {
            return Ok(());
        }
        let path = part_path(Part::Entries, number, width)?;
        let beginning = encode_bundle(leaves.iter().take(usize::from(width)).copied()).unwrap_or_default();
        if self.wanted(&path)? != beginning {
            return Err(
                Fault::new(Verdict::BundleMismatch, format!("{path} is not the beginning of its bundle")).into()
            );
        }
        let packed = format!("{}.gz", bodies_path(&path));
        let held = unpack(&self.wanted(&packed)?).and_then(|bodies| decode_bodies(&bodies, width));
        let held = held
            .ok_or_else(|| Fault::new(Verdict::BundleMismatch, format!("{packed} is not one record for each leaf")))?;
        // What was held then may have been erased since.
        let agrees = |(then, now): (&Held, &Held)| then == now || *now == Held::Erased || *then == Held::Erased;
        match held.iter().zip(bodies).all(agrees) {
            true => Ok(()),
            false => {
                Err(Fault::new(Verdict::BodyMismatch, format!("{packed} holds other bodies than its bundle")).into())
            }
        }
    }

    fn compare(&mut self, level: u8, number: u64, hashes: &[Hash]) -> Result<(), ArchiveError> {
        let path = part_path(Part::Level(level), number, u16::try_from(hashes.len()).unwrap_or(TILE_WIDTH))?;
        if self.wanted(&path)? != hashes.as_flattened() {
            return Err(Fault::new(Verdict::TileMismatch, format!("{path} is not what the leaves make it")).into());
        }
        self.done.tiles += 1;
        Ok(())
    }

    fn wanted(&self, path: &str) -> Result<Vec<u8>, ArchiveError> {
        let path = format!("{}/{path}", self.origin);
        Ok(self.objects.get(&path)?.ok_or_else(|| Fault::new(Verdict::Missing, path))?)
    }
}

fn part_path(part: Part, number: u64, width: u16) -> Result<String, Fault> {
    TilePath::new(part, number, width)
        .map(|path| path.to_string())
        .map_err(|fault| Fault::new(Verdict::Malformed, fault.to_string()))
}
