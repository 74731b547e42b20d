//! The checkpoint that is shown of a tree: with the cosignatures that it has, and no newer than `witness.quorum` allows. Whoever
//! shows a checkpoint, or a tile under one, asks here. Never shows one before the transaction that published it.

use ledger::cosignature::times;
use ledger::note::Note;
use store::tables::{self, CheckpointRow, CosignedRow};

use super::scope::{Scope, broken};
use crate::http::ReadError;

/// The checkpoint of a tenant's tree to be shown, size and signed note: without a quorum the newest published one, with one the
/// newest that so many of the configured witnesses have cosigned. Nothing where there is none yet.
pub(super) fn served_checkpoint(scope: &Scope, tenant: &str) -> Result<Option<CheckpointRow>, ReadError> {
    let published = tables::get::<CheckpointRow>(scope.store(), tenant.as_bytes()).map_err(broken)?;
    let cosigned = tables::get::<CosignedRow>(scope.store(), tenant.as_bytes()).map_err(broken)?;
    let quorum = scope.witness.quorum;
    if quorum == 0 {
        return published.map(|published| with_cosignatures(scope, published, cosigned)).transpose();
    }
    let Some(CosignedRow { newest, quorate, .. }) = cosigned else { return Ok(None) };
    // Counted anew: witnesses and quorum may be others than when the row was written.
    let keys = scope.witness.keys();
    for row in [Some(newest), quorate].into_iter().flatten() {
        if times(&note(&row)?, &keys).is_ok_and(|times| times.len() >= quorum) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// A published checkpoint with the cosignatures of it that are there.
fn with_cosignatures(
    scope: &Scope,
    published: CheckpointRow,
    cosigned: Option<CosignedRow>,
) -> Result<CheckpointRow, ReadError> {
    let Some(cosigned) = cosigned.filter(|cosigned| cosigned.newest.size == published.size) else {
        return Ok(published);
    };
    let (mut shown, from) = (note(&published)?, note(&cosigned.newest)?);
    if shown.text() == from.text() {
        let keys = scope.witness.keys();
        let known = |line: &&ledger::note::NoteSignature| {
            keys.iter().any(|key| (key.name(), key.id()) == (line.name(), line.id()))
        };
        from.signatures().iter().filter(known).for_each(|line| shown.add(line.clone()));
    }
    let note = String::from_utf8(shown.to_bytes()).map_err(|_| damaged())?;
    Ok(CheckpointRow { size: published.size, note })
}

fn note(row: &CheckpointRow) -> Result<Note, ReadError> {
    Note::from_bytes(row.note.as_bytes()).map_err(|_| damaged())
}

fn damaged() -> ReadError {
    ReadError::Internal("a stored checkpoint does not parse".to_owned())
}
