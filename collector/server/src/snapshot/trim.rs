//! Which part of the log snapshots make needless: what lies below the oldest kept one, once every byte of it was read back.
//! Never trims to one that did not verify, and never the record before a snapshot's next, which a restored store is compared
//! with.

use std::collections::BTreeSet;

use ledger::SnapshotName;
use ledger::leaf::Hex;

use super::SnapshotError;
use super::remote::Remote;
use super::verify::{Trust, Wanted, list, verify};

/// Snapshots that this process has read back whole.
#[derive(Default)]
pub struct Verified(BTreeSet<SnapshotName>);

/// The offset below which the log of one life of a partition may be trimmed: the oldest kept snapshot that verifies says so.
///
/// # Errors
/// When the object store fails.
pub async fn trimmable(
    remote: &Remote,
    trust: &Trust,
    (incarnation, partition): (Hex<16>, u32),
    verified: &mut Verified,
) -> Result<Option<u64>, SnapshotError> {
    let wanted = Wanted { partition: Some(partition), incarnation: Some(incarnation) };
    let kept: Vec<SnapshotName> = list(remote, &wanted).await?.into_iter().map(|stored| stored.what).collect();
    // What was given up since is forgotten.
    verified.0.retain(|name| kept.contains(name) || (name.incarnation, name.partition) != (incarnation, partition));
    for name in kept {
        if !verified.0.contains(&name) {
            match verify(remote, &name, trust).await {
                Ok(_) => drop(verified.0.insert(name)),
                Err(error) if error.is_unsound() => {
                    tracing::error!(snapshot = %name, %error, "a kept snapshot is not sound; the log is not trimmed for it");
                    continue;
                }
                Err(error) => return Err(error),
            }
        }
        return Ok(Some(name.next_offset.saturating_sub(1)));
    }
    Ok(None)
}
