//! One tile's leaves: each read, hashed, opened and looked up.

use std::ops::ControlFlow;

use ledger::leaf::{self, Detail};
use ledger::proof::commitment;
use ledger::tile::full_subtree;
use ledger::tree::{Hash, leaf_hash};
use ledger::{Commitment, Opening};
use lineage::{c14n, decode};
use store::tables::{self, LeafKey};
use store::{Read as _, Scan, Table};

use super::fault::fault;
use super::{Fsck, FsckError, Sound, WIDTH};

/// What a thread keeps between units.
#[derive(Default)]
pub(super) struct Scratch {
    decode: decode::Scratch,
    canonical: c14n::Scratch,
}

/// The leaves of one tile.
pub(super) struct Unit<'a> {
    pub fsck: &'a Fsck<'a>,
    pub number: u64,
}

/// Rows of a range by their index.
type Rows = Vec<(u64, Vec<u8>)>;

impl Unit<'_> {
    /// Gives what is sound, and the root of the tile.
    pub fn check(&self, scratch: &mut Scratch) -> Result<(Sound, Hash), FsckError> {
        let (first, end) = (self.number * WIDTH, self.fsck.row.size.min((self.number + 1) * WIDTH));
        let leaves = self.rows(Table::Leaves, first, end)?;
        let mut openings = self.rows(Table::Openings, first, end)?.into_iter().peekable();
        let tile = tables::tile(self.fsck.store, self.fsck.row.number, 0, self.number)?.unwrap_or_default();
        let (hashes, rest) = tile.as_chunks::<32>();
        if hashes.len() as u64 != end - first || !rest.is_empty() {
            let what = format!("tile 0/{} has {} bytes, and {} leaves", self.number, tile.len(), end - first);
            return fault("tile-mismatch", first, what);
        }
        let mut sound = Sound::default();
        let mut rows = leaves.into_iter();
        for (index, hash) in (first..end).zip(hashes) {
            let Some((_, bytes)) = rows.next().filter(|(found, _)| *found == index) else {
                return fault("leaf-missing", index, "there is no leaf record".to_owned());
            };
            if leaf_hash(&bytes) != *hash {
                return fault(
                    "leaf-mismatch",
                    index,
                    format!("the leaf does not have the hash in tile 0/{}", self.number),
                );
            }
            let opening = openings.next_if(|(found, _)| *found == index).map(|(_, opening)| opening);
            let key = LeafKey { tenant: self.fsck.row.number, index }.bytes();
            // Where it lies: bodies are most of what is read, and need not be copied.
            let checked = self.fsck.store.with(Table::Bodies, &key, |body| {
                self.leaf(index, &bytes, opening.as_deref(), Some(body), scratch, &mut sound)
            })?;
            match checked {
                Some(checked) => checked?,
                None => self.leaf(index, &bytes, opening.as_deref(), None, scratch, &mut sound)?,
            }
        }
        if let Some((index, _)) = openings.next() {
            return fault("body-surplus", index, "an opening lies behind no leaf".to_owned());
        }
        // Only a full tile's is a hash of the level above.
        let root = if hashes.len() as u64 == WIDTH { full_subtree(hashes) } else { [0; 32] };
        Ok((sound, root))
    }

    fn leaf(
        &self,
        index: u64,
        bytes: &[u8],
        opening: Option<&[u8]>,
        body: Option<&[u8]>,
        scratch: &mut Scratch,
        sound: &mut Sound,
    ) -> Result<(), FsckError> {
        let decoded = match leaf::decode(bytes) {
            Ok(decoded) => decoded,
            Err(error) => return fault("leaf-not-canonical", index, error.to_string()),
        };
        if decoded.tenant.as_str() != self.fsck.tenant {
            return fault("leaf-misplaced", index, format!("it is of tenant {}", decoded.tenant));
        }
        sound.leaves += 1;
        let Some(commitment) = commitment(&decoded.detail) else {
            return match opening.is_none() && body.is_none() {
                true => Ok(()),
                false => fault("body-surplus", index, "a body lies behind a leaf that commits to none".to_owned()),
            };
        };
        let is_whole = self.opened(index, commitment, opening, body, sound)?;
        let Detail::Event(event) = &decoded.detail else { return Ok(()) };
        let row = tables::leaf_of(self.fsck.store, self.fsck.row.number, &event.event_id.0)?;
        if row != Some(index) {
            let what = format!("the dedup row of event {} names {row:?}", event.event_id);
            return fault("dedup-mismatch", index, what);
        }
        sound.dedup += 1;
        match (body, self.fsck.identity) {
            (Some(body), Some(identity)) if is_whole => {
                let Scratch { decode: read, canonical } = scratch;
                let plain = decode::plain_event_id(body, read, self.fsck.limits, identity.expose(), canonical);
                // It is in the leaf, so it is the event's: only run ids in upper case take the longer way.
                if plain.is_some_and(|plain| plain.0 == event.event_id.0) {
                    return Ok(());
                }
                let read = decode::decode(body, &mut scratch.decode, self.fsck.schemas, self.fsck.limits);
                let Ok(read) = read else {
                    return fault("body-unreadable", index, "the body is no event that is accepted".to_owned());
                };
                let found = read.event_id(identity.expose(), &mut scratch.canonical);
                if found.0 != event.event_id.0 {
                    let what = format!("the body makes event {found}, and the leaf says {}", event.event_id);
                    return fault("event-id-mismatch", index, what);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether there is a body; it is the one that the leaf commits to.
    fn opened(
        &self,
        index: u64,
        commitment: &Commitment,
        opening: Option<&[u8]>,
        body: Option<&[u8]>,
        sound: &mut Sound,
    ) -> Result<bool, FsckError> {
        match (opening.map(|opening| <[u8; 32]>::try_from(opening).map_err(|_| opening.len())), body) {
            (Some(Ok(opening)), Some(body)) => {
                if !Opening::from_random(opening).opens(commitment, body) {
                    return fault(
                        "body-mismatch",
                        index,
                        "opening and body do not make the leaf's commitment".to_owned(),
                    );
                }
                sound.bodies += 1;
                Ok(true)
            }
            (None, None) => {
                sound.erased += 1;
                Ok(false)
            }
            (Some(Err(length)), _) => fault("body-mismatch", index, format!("the opening has {length} bytes")),
            _ => fault("body-missing", index, "of opening and body only one is there".to_owned()),
        }
    }

    fn rows(&self, table: Table, first: u64, end: u64) -> Result<Rows, FsckError> {
        let tenant = self.fsck.row.number;
        let (prefix, from) = (tenant.to_be_bytes(), LeafKey { tenant, index: first }.bytes());
        let mut rows = Vec::new();
        self.fsck.store.scan(Scan::from(table, &prefix, &from), &mut |key, value| {
            let index = key.get(4..).and_then(|index| index.try_into().ok()).map(u64::from_be_bytes);
            match index.filter(|index| *index < end) {
                Some(index) => {
                    rows.push((index, value.to_vec()));
                    ControlFlow::Continue(())
                }
                None => ControlFlow::Break(()),
            }
        })?;
        Ok(rows)
    }
}
