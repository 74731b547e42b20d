//! What one of our topics holds, as a bounded list in memory: alerts and rejections are read back from where everyone else
//! reads them, so nothing is shown that was not published. Owns the newest rows of each tenant; never writes.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::RwLock;

use crate::log::{Log, LogError, ReadBound, Record, Start};

const READ: ReadBound = ReadBound { records_max: 1_000, bytes_max: 8 << 20, wait: Duration::from_millis(50) };
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// A row of a tail: how it is ordered within its tenant, and what it says.
pub(super) trait TailRow: Sized + Clone + Send + Sync {
    /// Its place; the same for a record that was written twice.
    type Place: Ord + Clone + Send + Sync;
    /// Reads a record; `None` for one that is no such row.
    fn read(record: &Record) -> Option<(String, Self::Place, Self)>;
}

/// The newest rows of each tenant.
pub(super) struct Tail<R: TailRow> {
    topic: String,
    rows_max: usize,
    tenants: RwLock<HashMap<String, BTreeMap<R::Place, R>>>,
}

impl<R: TailRow> Tail<R> {
    pub fn new(topic: &str, rows_max: usize) -> Self {
        Self { topic: topic.to_owned(), rows_max, tenants: RwLock::new(HashMap::new()) }
    }

    /// Looks at a tenant's rows, in order.
    pub fn with<T>(&self, tenant: &str, look: impl FnOnce(&BTreeMap<R::Place, R>) -> T) -> T {
        match self.tenants.read().get(tenant) {
            Some(rows) => look(rows),
            None => look(&BTreeMap::new()),
        }
    }

    /// Reads the topic from its beginning and follows it until `stop`. `grown` is called when rows came.
    pub fn follow(&self, log: &dyn Log, grown: &dyn Fn(), stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            if let Err(error) = self.read(log, grown, stop) {
                tracing::warn!(topic = self.topic, %error, "a topic that is shown can't be read; it is tried again");
                std::thread::sleep(RETRY_PAUSE);
            }
        }
    }

    fn read(&self, log: &dyn Log, grown: &dyn Fn(), stop: &AtomicBool) -> Result<(), LogError> {
        let mut reader = log.reader(&self.topic)?;
        let partitions = log.partitions(&self.topic)?;
        reader.assign(&(0..partitions).map(|partition| (partition, Start::Earliest)).collect::<Vec<_>>())?;
        while !stop.load(Ordering::Relaxed) {
            let batch = reader.read(READ)?;
            if !batch.records.is_empty() {
                batch.records.iter().for_each(|record| self.take(record));
                grown();
            }
        }
        Ok(())
    }

    fn take(&self, record: &Record) {
        let Some((tenant, place, row)) = R::read(record) else { return };
        let mut tenants = self.tenants.write();
        let rows = tenants.entry(tenant).or_default();
        rows.insert(place, row);
        if rows.len() > self.rows_max {
            rows.pop_first();
        }
    }
}
