//! A partition's store, derived by this build's rules. One that another generation of the rules derived is set aside, whole, and a
//! new one is made from a snapshot of this generation or from the log: what two generations have derived is never mixed.

use std::path::Path;

use store::tables::{self, Meta};
use store::{Store, StoreOptions};

/// Opens the store of a partition at `path`. Gives none where it was of another generation and has been set aside: then there is
/// none, or the one that this generation had before.
///
/// # Errors
/// Why it can't be opened, in a sentence.
pub(super) fn open(path: &Path, generation: u32, options: &StoreOptions) -> Result<Option<Store>, String> {
    let store = Store::open(path, options).map_err(|error| error.to_string())?;
    let meta = tables::get::<Meta>(&store, &[]).map_err(|error| error.to_string())?;
    let former = match meta {
        Some(meta) if meta.generation != generation => meta.generation,
        _ => return Ok(Some(store)),
    };
    drop(store);
    let aside = |generation: u32| path.with_extension(format!("generation-{generation}"));
    let renamed = |from: &Path, to: &Path| {
        let cannot = |error| format!("{} can't be renamed to {}: {error}", from.display(), to.display());
        std::fs::rename(from, to).map_err(cannot)
    };
    renamed(path, &aside(former))?;
    // A build that is taken back finds what it had; it is as far behind as the upgrade lasted.
    if aside(generation).exists() {
        renamed(&aside(generation), path)?;
    }
    store::make_durable(&aside(former)).map_err(|error| format!("{} can't be synced: {error}", path.display()))?;
    tracing::warn!(store = %path.display(), former, generation, "the store of another generation of the rules is set aside");
    Ok(None)
}

#[cfg(test)]
mod tests {
    use store::Durability;

    use super::*;

    /// Writes that this generation derived the store, up to an offset.
    fn derive(store: &Store, generation: u32, next_offset: u64) {
        let mut batch = store.batch();
        tables::put(&mut batch, &[], &Meta { next_offset, ..Meta::new(0, generation) });
        batch.commit(Durability::Written).unwrap();
    }

    fn next_offset(store: &Store) -> Option<u64> {
        tables::get::<Meta>(store, &[]).unwrap().map(|meta| meta.next_offset)
    }

    #[test]
    fn what_two_generations_derived_is_never_mixed() {
        let folder = tempfile::tempdir().unwrap();
        let open = |generation| open(&folder.path().join("partition-0"), generation, &StoreOptions::default()).unwrap();
        derive(&open(1).unwrap(), 1, 10);
        assert_eq!(next_offset(&open(1).unwrap()), Some(10), "its own is opened as it is");
        assert!(open(2).is_none());
        let second = open(2).unwrap();
        assert_eq!(next_offset(&second), None, "a new one");
        derive(&second, 2, 20);
        drop(second);
        // Taken back, and forth again: each finds its own.
        for (generation, expected) in [(1, 10), (2, 20), (1, 10)] {
            assert!(open(generation).is_none());
            assert_eq!(next_offset(&open(generation).unwrap()), Some(expected));
        }
    }
}
