//! A plain `tlog-tiles` folder out of an archive, for tools that know nothing of archives.

use std::path::Path;

use ledger::Origin;
use ledger::proof::{Fault, Trust, Verdict};
use ledger::tile::{Part, TILE_WIDTH, TilePath, width_at};

use super::{ArchiveError, Objects};
use crate::snapshot::SnapshotError;

/// Writes the newest archived checkpoint of a tree, and the tiles and bundles that it covers, below `to`; gives its size.
///
/// # Errors
/// When something is missing, the checkpoint is not signed by a known key, or the folder can't be written.
pub fn checkout(objects: &Objects, origin: &Origin, trust: &Trust, to: &Path) -> Result<u64, ArchiveError> {
    let missing = |path: &str| Fault::new(Verdict::Missing, format!("{origin}/{path}"));
    let get = |path: &str| -> Result<Vec<u8>, ArchiveError> {
        Ok(objects.get(&format!("{origin}/{path}"))?.ok_or_else(|| missing(path))?)
    };
    let note = get("checkpoint")?;
    let size = trust.checkpoint(&note, origin)?.verified.checkpoint.size;
    for part in (0..8).map(Part::Level).chain([Part::Entries]) {
        for number in 0.. {
            let width = width_at(part, number, size);
            if width == 0 {
                break;
            }
            let path = TilePath::new(part, number, width.min(TILE_WIDTH));
            let path = path.map_err(|fault| Fault::new(Verdict::Malformed, fault.to_string()))?.to_string();
            write(&to.join(&path), &get(&path)?)?;
        }
    }
    // Last: a folder with a checkpoint holds all that it covers.
    write(&to.join("checkpoint"), &note)?;
    Ok(size)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ArchiveError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let made = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, bytes));
    made.map_err(|error| ArchiveError::Store(SnapshotError::disk(path, "be written", &error)))
}
