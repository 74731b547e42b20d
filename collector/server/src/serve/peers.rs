//! Who publishes for each partition, as `lineage.recorders` said last. Owns that table; never decides who should, and is
//! believed for nothing but where to ask: who may publish is the transactional id's business.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ledger::leaf::Hex;
use lineage::frame;
use parking_lot::RwLock;

use crate::genesis::Homes;
use crate::log::{Log, LogError, ReadBound, Record, Start};
use crate::publisher::Watermark;

const READ: ReadBound = ReadBound { records_max: 1_000, bytes_max: 1 << 20, wait: Duration::from_millis(50) };
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The newest watermark of each partition.
#[derive(Default)]
pub struct Peers {
    marks: RwLock<BTreeMap<u32, Watermark>>,
    caught_up: AtomicBool,
}

impl Peers {
    /// What the owner of a partition said last; `None` where none has published yet.
    pub fn of(&self, partition: u32) -> Option<Watermark> {
        self.marks.read().get(&partition).cloned()
    }

    /// Every partition whose owner has spoken.
    pub fn all(&self) -> BTreeMap<u32, Watermark> {
        self.marks.read().clone()
    }

    /// Whether the topic has been read to the end that it had at the start.
    pub fn is_caught_up(&self) -> bool {
        self.caught_up.load(Ordering::Acquire)
    }

    /// The newest envelope version that the owners of all `partitions` read, of those up to `newest`. One that has not spoken
    /// reads the oldest.
    pub fn readable(&self, partitions: u32, newest: u16) -> u16 {
        let marks = self.marks.read();
        let reads = |partition: u32| {
            let newest_read = marks.get(&partition).and_then(|mark| mark.envelope_versions.iter().max().copied());
            newest_read.unwrap_or(frame::OLDEST)
        };
        (0..partitions).map(reads).min().unwrap_or(frame::OLDEST).clamp(frame::OLDEST, newest)
    }

    /// Reads the topic and follows it until `stop`; `heard` is called when an owner has spoken. Watermarks of another log than `homes` knows are passed over.
    pub(super) fn follow(&self, log: &dyn Log, topic: &str, homes: &Homes, heard: &dyn Fn(), stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            if let Err(error) = self.read(log, topic, homes, heard, stop) {
                tracing::warn!(topic, %error, "the owners of partitions can't be read; it is tried again");
                std::thread::sleep(RETRY_PAUSE);
            }
        }
    }

    fn read(
        &self,
        log: &dyn Log,
        topic: &str,
        homes: &Homes,
        heard: &dyn Fn(),
        stop: &AtomicBool,
    ) -> Result<(), LogError> {
        let mut reader = log.reader(topic)?;
        let starts: Vec<_> = (0..log.partitions(topic)?).map(|partition| (partition, Start::Earliest)).collect();
        reader.assign(&starts)?;
        while !stop.load(Ordering::Relaxed) {
            let batch = reader.read(READ)?;
            batch.records.iter().for_each(|record| self.take(record, homes));
            if !batch.records.is_empty() {
                heard();
            }
            if batch.at_end {
                self.caught_up.store(true, Ordering::Release);
            }
        }
        Ok(())
    }

    fn take(&self, record: &Record, homes: &Homes) {
        let key = record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()?.parse::<u32>().ok());
        let mark = record.value.as_deref().and_then(|value| serde_json::from_slice::<Watermark>(value).ok());
        let (Some(partition), Some(mark)) = (key, mark) else { return };
        if partition < homes.count() && mark.incarnation == Hex(homes.at(partition).incarnation).to_string() {
            self.marks.write().insert(partition, mark);
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

    #[test]
    fn the_newest_word_of_each_owner_of_this_log_counts() {
        let log = Sim::new(1, Arc::new(ManualClock::at(0)));
        let name: Arc<str> = Arc::from("lineage.recorders");
        let spec = TopicSpec {
            name: Arc::clone(&name),
            partitions: 1,
            replication: 1,
            min_insync_replicas: 1,
            cleanup: Cleanup::Keep,
            message_bytes_max: 10_000,
        };
        log.create(&spec).unwrap();
        let homes = Homes::from(vec![[1; 16], [2; 16]]);
        let mark = |partition: u32, incarnation: [u8; 16], url: &str| {
            let mark = Watermark {
                incarnation: Hex(incarnation).to_string(),
                next_offset: 1,
                delivered: Vec::new(),
                generation: 1,
                advertised_url: url.to_owned(),
                node: String::new(),
                envelope_versions: vec![1],
            };
            NewRecord::new(&name, serde_json::to_vec(&mark).unwrap()).partition(0).key(partition.to_string())
        };
        let records = vec![
            mark(0, [1; 16], "http://a"),
            mark(1, [9; 16], "http://of-another-log"),
            mark(7, [1; 16], "http://of-no-partition"),
            mark(0, [1; 16], "http://b"),
            NewRecord::new(&name, "not a watermark").partition(0).key("0"),
        ];
        log.appender().unwrap().append(records).unwrap();
        let (peers, stop) = (Peers::default(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| peers.follow(&log, "lineage.recorders", &homes, &|| (), &stop));
            while !peers.is_caught_up() {
                std::thread::yield_now();
            }
            stop.store(true, Ordering::Relaxed);
        });
        let known: Vec<_> = peers.all().into_iter().map(|(partition, mark)| (partition, mark.advertised_url)).collect();
        assert_eq!(known, [(0, "http://b".to_owned())]);

        // An intake writes what all of them read; who has not spoken reads the oldest.
        assert_eq!((peers.readable(1, 3), peers.readable(2, 3)), (1, 1));
        let reads = |partition: u32, versions: Vec<u16>| {
            let mark = peers.of(0).map(|mark| Watermark { envelope_versions: versions, ..mark });
            peers.marks.write().insert(partition, mark.unwrap());
        };
        reads(0, vec![1, 2]);
        assert_eq!((peers.readable(1, 3), peers.readable(2, 3)), (2, 1));
        reads(1, vec![1, 2, 3]);
        assert_eq!((peers.readable(2, 3), peers.readable(2, 1)), (2, 1));
    }
}
