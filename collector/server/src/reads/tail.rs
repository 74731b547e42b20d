//! What one of our topics holds, as a bounded list in memory: alerts and rejections are read back from where everyone else
//! reads them, so nothing is shown that was not published. Owns the newest rows of each tenant and says when there were older
//! ones; never writes.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};

use crate::http::ReadError;
use crate::log::{Log, LogError, ReadBound, Record, Start};

const READ: ReadBound = ReadBound { records_max: 1_000, bytes_max: 8 << 20, wait: Duration::from_millis(50) };
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Offsets of each partition, counted from its end, that a start reads: what lies before them is in the topic only.
const START_OFFSETS_MAX: u64 = 100_000;
/// How long a question waits for the first reading to come to the end.
const CATCH_UP_MAX: Duration = Duration::from_secs(5);

/// A row of a tail: how it is ordered within its tenant, and what it says.
pub(super) trait TailRow: Sized + Clone + Send + Sync {
    /// Its place; the same for a record that was written twice.
    type Place: Ord + Clone + Send + Sync;
    /// Reads a record; `None` for one that is no such row.
    fn read(record: &Record) -> Option<(String, Self::Place, Self)>;
}

/// A tenant's newest rows.
pub(super) struct Rows<R: TailRow> {
    /// By place.
    pub rows: BTreeMap<R::Place, R>,
    /// Whether the topic holds, or held, older ones than these.
    pub is_cut: bool,
}

/// The newest rows of each tenant.
pub(super) struct Tail<R: TailRow> {
    topic: String,
    rows_max: usize,
    tenants: RwLock<HashMap<String, Rows<R>>>,
    /// Whether reading began behind the topic's beginning.
    began_late: AtomicBool,
    caught_up: Mutex<bool>,
    came_up: Condvar,
}

impl<R: TailRow> Tail<R> {
    pub fn new(topic: &str, rows_max: usize) -> Self {
        Self {
            topic: topic.to_owned(),
            rows_max,
            tenants: RwLock::new(HashMap::new()),
            began_late: AtomicBool::new(false),
            caught_up: Mutex::new(false),
            came_up: Condvar::new(),
        }
    }

    /// Looks at a tenant's rows, in order, once the topic has been read to the end that it had at the start.
    ///
    /// # Errors
    /// When that takes longer than a question waits.
    pub fn with<T>(&self, tenant: &str, look: impl FnOnce(&Rows<R>) -> T) -> Result<T, ReadError> {
        let mut caught_up = self.caught_up.lock();
        if !*caught_up && self.came_up.wait_for(&mut caught_up, CATCH_UP_MAX).timed_out() {
            return Err(ReadError::Unavailable { reason: format!("{} is still being read; try again", self.topic) });
        }
        drop(caught_up);
        match self.tenants.read().get(tenant) {
            Some(rows) => Ok(look(rows)),
            None => Ok(look(&self.none())),
        }
    }

    fn none(&self) -> Rows<R> {
        Rows { rows: BTreeMap::new(), is_cut: self.began_late.load(Ordering::Relaxed) }
    }

    /// Reads the topic from its beginning, or from so far before its end, and follows it until `stop`. `grown` is called when
    /// rows came.
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
        let mut starts = Vec::new();
        for partition in 0..log.partitions(&self.topic)? {
            let range = log.range(&self.topic, partition)?;
            let start = range.start.max(range.end.saturating_sub(START_OFFSETS_MAX));
            if start > range.start {
                self.began_late.store(true, Ordering::Relaxed);
            }
            starts.push((partition, Start::At(start)));
        }
        reader.assign(&starts)?;
        while !stop.load(Ordering::Relaxed) {
            let batch = reader.read(READ)?;
            if !batch.records.is_empty() {
                batch.records.iter().for_each(|record| self.take(record));
                grown();
            }
            if batch.at_end {
                *self.caught_up.lock() = true;
                self.came_up.notify_all();
            }
        }
        Ok(())
    }

    fn take(&self, record: &Record) {
        let Some((tenant, place, row)) = R::read(record) else { return };
        let mut tenants = self.tenants.write();
        let rows = tenants.entry(tenant).or_insert_with(|| self.none());
        rows.rows.insert(place, row);
        if rows.rows.len() > self.rows_max {
            rows.rows.pop_first();
            rows.is_cut = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::ManualClock;
    use crate::log::sim::Sim;
    use crate::log::{Cleanup, NewRecord, TopicSpec};

    #[derive(Clone)]
    struct Line(u64);

    impl TailRow for Line {
        type Place = u64;
        fn read(record: &Record) -> Option<(String, u64, Self)> {
            Some(("default".to_owned(), record.offset, Line(record.offset)))
        }
    }

    /// Follows a topic of `written` records with room for `rows_max`; gives the rows held and whether there were more.
    fn followed(written: usize, rows_max: usize) -> (Vec<u64>, bool) {
        let log = Sim::new(1, Arc::new(ManualClock::at(0)));
        let name: Arc<str> = Arc::from("topic");
        let (cleanup, partitions) = (Cleanup::Keep, 1);
        let spec = TopicSpec {
            name: Arc::clone(&name),
            partitions,
            replication: 1,
            min_insync_replicas: 1,
            cleanup,
            message_bytes_max: 1000,
        };
        log.create(&spec).expect("made");
        let records = (0..written).map(|_| NewRecord::new(&name, "x").partition(0)).collect::<Vec<_>>();
        if written > 0 {
            log.appender().expect("an appender").append(records).expect("appended");
        }
        let (tail, stop) = (Tail::<Line>::new("topic", rows_max), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| tail.follow(&log, &|| {}, &stop));
            let held = tail.with("default", |rows| (rows.rows.values().map(|line| line.0).collect(), rows.is_cut));
            stop.store(true, Ordering::Relaxed);
            held.expect("read to its end")
        })
    }

    #[test]
    fn the_newest_rows_are_held_and_what_is_not_is_said() {
        assert_eq!(followed(0, 3), (vec![], false));
        assert_eq!(followed(3, 3), (vec![0, 1, 2], false));
        assert_eq!(followed(5, 3), (vec![2, 3, 4], true));
    }
}
