//! A tenant's published tree: tiles, bundles, and how one size leads to another. Never shows a hash or a leaf beyond the
//! checkpoint that is served.

use std::ops::ControlFlow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ledger::tile::{Part, TILE_WIDTH, TilePath, encode_bundle, tile_hashes, width_at};
use ledger::tree::{self, ProveError};
use ledger::{Checkpoint, proof};
use store::tables::{self, CheckpointRow, LeafKey, TreeHashes};
use store::{Read as _, Scan, Store, StoreError, Table};

use super::events;
use super::scope::{Scope, broken};
use super::served::served_checkpoint;
use crate::archive::{Held, encode_bodies};
use crate::http::ReadError;
use crate::http::model::query::ConsistencyQuery;
use crate::http::model::{Consistency, TreeHead};

/// What is published of a tree.
pub(super) struct Published {
    pub checkpoint: Checkpoint,
    /// The checkpoint as it was signed.
    pub note: String,
}

impl Published {
    pub fn of(scope: &Scope, tenant: &str) -> Result<Self, ReadError> {
        let row = served_checkpoint(scope, tenant)?;
        let CheckpointRow { note, .. } =
            row.ok_or_else(|| ReadError::NotFound { what: format!("a published checkpoint of {tenant}") })?;
        let body = note.find("\n\n").map(|end| &note[..=end]).unwrap_or_default();
        let checkpoint = Checkpoint::from_body(body)
            .map_err(|fault| ReadError::Internal(format!("the stored checkpoint of {tenant}: {fault}")))?;
        Ok(Self { checkpoint, note })
    }
}

/// The hashes of a scope's tree.
pub(super) fn hashes<'s>(scope: &'s Scope) -> TreeHashes<'s, Store> {
    TreeHashes { state: scope.store(), tenant: scope.number }
}

pub(super) fn tile(scope: &Scope, tenant: &str, path: &TilePath) -> Result<Vec<u8>, ReadError> {
    let size = Published::of(scope, tenant)?.checkpoint.size;
    let missing = || ReadError::NotFound { what: format!("{path} in the published tree of {size} leaves") };
    let width = width_at(path.part(), path.number(), size);
    if path.width() > width {
        return Err(missing());
    }
    match path.part() {
        Part::Level(_) => tile_hashes(path, size, &hashes(scope)).map_err(broken)?.ok_or_else(missing),
        Part::Entries => bundle(scope, path.number() * u64::from(TILE_WIDTH), path.width()),
    }
}

/// The bundle of `width` leaves from `first` on.
fn bundle(scope: &Scope, first: u64, width: u16) -> Result<Vec<u8>, ReadError> {
    let mut leaves: Vec<Vec<u8>> = Vec::with_capacity(usize::from(width));
    let (number, from) = (scope.number.to_be_bytes(), LeafKey { tenant: scope.number, index: first }.bytes());
    let scanned = scope.store().scan(Scan::from(Table::Leaves, &number, &from), &mut |key, leaf| {
        // Keys rise without a gap, or the store is damaged.
        let next = LeafKey { tenant: scope.number, index: first + leaves.len() as u64 };
        if leaves.len() == usize::from(width) || key != next.bytes() {
            return ControlFlow::Break(());
        }
        leaves.push(leaf.to_vec());
        ControlFlow::Continue(())
    });
    scanned.map_err(broken)?;
    if leaves.len() != usize::from(width) {
        return Err(ReadError::Internal(format!("leaf {} is missing in the store", first + leaves.len() as u64)));
    }
    encode_bundle(leaves.iter().map(Vec::as_slice)).map_err(|fault| ReadError::Internal(fault.to_string()))
}

/// Openings and bodies behind a bundle of leaves, as an archive has them.
pub(super) fn bodies(scope: &Scope, tenant: &str, path: &TilePath) -> Result<Vec<u8>, ReadError> {
    let size = Published::of(scope, tenant)?.checkpoint.size;
    if path.width() > width_at(path.part(), path.number(), size) {
        return Err(ReadError::NotFound { what: format!("{path} in the published tree of {size} leaves") });
    }
    let first = path.number() * u64::from(TILE_WIDTH);
    let held = (first..first + u64::from(path.width())).map(|index| {
        let key = LeafKey { tenant: scope.number, index };
        if proof::commitment(&events::read(scope, index)?.detail).is_none() {
            return Ok(Held::None);
        }
        let opening = tables::opening(scope.store(), key).map_err(broken)?;
        let body = tables::body(scope.store(), key).map_err(broken)?;
        Ok(match (opening.and_then(|opening| opening.try_into().ok()), body) {
            (Some(opening), Some(body)) => Held::Body(opening, body),
            _ => Held::Erased,
        })
    });
    let held = held.collect::<Result<Vec<_>, ReadError>>()?;
    encode_bodies(&held).ok_or_else(|| ReadError::Internal("a body is longer than a bundle can say".to_owned()))
}

pub(super) fn consistency(scope: &Scope, tenant: &str, query: &ConsistencyQuery) -> Result<Consistency, ReadError> {
    let published = Published::of(scope, tenant)?;
    let size = published.checkpoint.size;
    let new = query.new.unwrap_or(size);
    if new > size {
        return Err(uncovered(&format!("a tree of {new} leaves"), size));
    }
    let hashes = hashes(scope);
    let proof = tree::prove_consistency(query.old, new, &hashes).map_err(|error| match error {
        ProveError::Fault(fault) => ReadError::Invalid { parameter: "old", reason: fault.to_string() },
        ProveError::Read(error) => broken(error),
    })?;
    let head = |size: u64| -> Result<TreeHead, StoreError> {
        Ok(TreeHead { size, root: BASE64_STANDARD.encode(tree::root(size, &hashes)?) })
    };
    Ok(Consistency {
        origin: published.checkpoint.origin.as_str().to_owned(),
        old: head(query.old).map_err(broken)?,
        new: head(new).map_err(broken)?,
        hashes: proof.iter().map(|hash| BASE64_STANDARD.encode(hash)).collect(),
        note: (new == size).then_some(published.note),
    })
}

/// What is asked for is recorded, or will be, and not published yet.
pub(super) fn uncovered(what: &str, size: u64) -> ReadError {
    let reason = format!(
        "{what} is not covered by a published checkpoint yet, the newest has {size} leaves; it will be within \
         ledger.checkpoint_interval_ms"
    );
    ReadError::Unavailable { reason }
}
