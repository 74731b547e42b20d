//! Snapshots in a list: what their manifests say, and what is wrong with them. Reads no object.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use ledger::SnapshotName;

use super::SnapshotError;
use super::remote::{Remote, Stored};
use super::verify::{Trust, Wanted, list, manifest};
use crate::http::model::{SnapshotSummary, Time};

/// Manifests that one list reads.
const LISTED_MAX: usize = 200;
/// Of them, read at once.
const READS_MAX: usize = 8;

/// The newest snapshots, by partition and offset, and whether older ones were left out.
///
/// # Errors
/// When the object store fails. A manifest that is not sound is listed with what is wrong.
pub async fn summaries(remote: &Remote, trust: &Trust) -> Result<(Vec<SnapshotSummary>, bool), SnapshotError> {
    let mut found = list(remote, &Wanted::default()).await?;
    let left_out = found.len().saturating_sub(LISTED_MAX);
    if left_out > 0 {
        found.sort_by_key(|stored| stored.written_at_ns);
        found.drain(..left_out);
    }
    let reads = found.into_iter().map(|stored| summary(remote, trust, stored)).collect::<Vec<_>>();
    let mut items: Vec<SnapshotSummary> = stream::iter(reads).buffered(READS_MAX).try_collect().await?;
    items.sort_by(|a, b| (a.partition, a.next_offset, &a.snapshot).cmp(&(b.partition, b.next_offset, &b.snapshot)));
    Ok((items, left_out > 0))
}

async fn summary(
    remote: &Remote,
    trust: &Trust,
    stored: Stored<SnapshotName>,
) -> Result<SnapshotSummary, SnapshotError> {
    let name = stored.what;
    let mut summary = SnapshotSummary {
        snapshot: name.to_string(),
        partition: name.partition,
        next_offset: name.next_offset,
        written_at: Time(stored.written_at_ns),
        size_bytes: 0,
        files: 0,
        leaves: 0,
        fault: None,
    };
    match manifest(remote, &name, trust).await {
        Ok(manifest) => {
            summary.size_bytes = manifest.size_bytes();
            summary.files = manifest.files.len() as u64;
            summary.leaves = manifest.trees.iter().map(|tree| tree.size).sum();
        }
        Err(error) if error.is_unsound() || error.is_absent() => summary.fault = Some(error.to_string()),
        Err(error) => return Err(error),
    }
    Ok(summary)
}
