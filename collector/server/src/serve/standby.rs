//! A process that stands by: it keeps the partitions of one other process current without publishing, and takes that one's
//! seat when it is told to, or when the seat was held and is held no more.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use store::tables::OutboxKey;
use store::{Durability, Read, Scan, StoreError, Table};

use super::Core;
use super::owners::{LOOK, Owners};
use super::parts::seat_of;
use crate::log::LogError;
use crate::worker::Partition;

/// Between two looks at whether the seat is held.
const SEAT_INTERVAL: Duration = Duration::from_secs(1);
/// Looks that must find the seat empty, after it was held, before it is taken: a broker that has just begun to lead the group
/// may not know its members yet.
const EMPTY_LOOKS: u32 = 3;
/// Outbox rows that one look drops.
const TRIM_ROWS_MAX: usize = 10_000;

impl Core {
    /// Follows the partitions of `primary` until it is time to take them over; then shares them in its place.
    ///
    /// # Errors
    /// As [`Owners::share`].
    pub(super) fn stand_by(&self, owners: &Arc<Owners>, primary: &str) -> Result<(), LogError> {
        let seat = seat_of("recorder", primary);
        owners.settle();
        let (mut held, mut empty, mut next) = (false, 0, Duration::ZERO);
        loop {
            if self.leave.load(Ordering::Relaxed) || self.stop_flag().load(Ordering::Relaxed) {
                owners.release_all();
                return Ok(());
            }
            if self.takeover.load(Ordering::Relaxed) {
                tracing::info!(primary, "told to take over");
                break;
            }
            self.follow_primary(owners, primary);
            let now = self.host.clock.monotonic();
            if now >= next {
                next = now + SEAT_INTERVAL;
                match self.log.has_member(&self.names.group("recorder"), &seat) {
                    Ok(true) => (held, empty) = (true, 0),
                    Ok(false) => empty += 1,
                    // Not known: no reason to act.
                    Err(error) => tracing::debug!(%error, "the group can't be asked"),
                }
                if held && empty >= EMPTY_LOOKS {
                    tracing::warn!(primary, "the seat is held no more: this process takes over");
                    break;
                }
            }
            std::thread::sleep(LOOK);
        }
        self.takeover.store(true, Ordering::Relaxed);
        owners.share(Some(&seat), &self.leave)
    }

    /// Opens what the primary has come to own, gives up what it owns no more, and drops the rows that it has published.
    fn follow_primary(&self, owners: &Owners, primary: &str) {
        let marks = self.peers.all();
        let followed = owners.followed();
        for (partition, mark) in &marks {
            let at_work = followed.iter().any(|followed| followed.number == *partition);
            if mark.node == primary
                && !at_work
                && let Err(why) = owners.follow(*partition)
            {
                tracing::warn!(partition, why, "a partition can't be followed yet");
            }
        }
        for partition in followed {
            match marks.get(&partition.number) {
                Some(mark) if mark.node == primary => {
                    if let Err(error) = trim(&partition, mark.next_offset) {
                        tracing::debug!(partition = partition.number, %error, "published rows could not be dropped");
                    }
                }
                _ => owners.release(&[partition.number]),
            }
        }
    }
}

/// Drops outbox rows that the owner has published: a standby's would grow without end.
fn trim(partition: &Partition, published: u64) -> Result<(), StoreError> {
    let mut keys = Vec::new();
    partition.store.scan(Scan::prefix(Table::Outbox, &[]), &mut |key, _| {
        let old = OutboxKey::parse(key).is_some_and(|key| key.offset < published);
        if old && keys.len() < TRIM_ROWS_MAX {
            keys.push(key.to_vec());
            return std::ops::ControlFlow::Continue(());
        }
        std::ops::ControlFlow::Break(())
    })?;
    if keys.is_empty() {
        return Ok(());
    }
    let mut batch = partition.store.batch();
    keys.iter().for_each(|key| batch.delete(Table::Outbox, key));
    batch.commit(Durability::Written)
}
