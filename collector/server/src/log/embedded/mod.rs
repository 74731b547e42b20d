//! The embedded log: durable topics inside a local RocksDB, for one process with no broker.
//!
//! An append is answered once it has been synced; appends that wait together share one write and one sync. Never keeps
//! writing after a failed sync: the log closes itself and says so. Where the disk was full it opens itself anew once there is
//! space; after any other failure somebody has to look first.

mod append;
mod catalog;
mod database;
mod format;
mod group;
mod group_commit;
mod queue;
mod reader;
mod shared;
#[cfg(test)]
mod tests;
mod transactor;
mod upkeep;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use self::append::EmbeddedAppender;
use self::database::Database;
use self::group::EmbeddedGroupReader;
use self::queue::Request;
use self::reader::EmbeddedReader;
use self::shared::Shared;
use self::transactor::EmbeddedTransactor;
use self::writer::{Disk, WriteSynced, Writer};
use super::{
    Appender, Created, GroupOffset, GroupReader, Join, Log, LogError, Membership, Range, Reader, TopicSpec, TopicState,
    Transactor,
};
use crate::clock::Clock;

/// How much may wait, and how much goes into one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of records that may wait to be written; more is refused with `Retry`.
    pub queue_bytes_max: usize,
    /// Bytes of records after which one write takes no further request.
    pub group_bytes_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { queue_bytes_max: 64 << 20, group_bytes_max: 8 << 20 }
    }
}

/// A log in a folder of this machine. Dropping it finishes what waits and closes the folder; handles made from it
/// answer `Halt` afterwards.
pub struct Embedded {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Opens the log in `folder`, or makes it. [`LogError::Locked`] where another process has it open.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>, bounds: Bounds) -> Result<Self, LogError> {
        Self::open_on(folder, clock, bounds, Box::new(Database::write_synced))
    }

    fn open_on(
        folder: &Path,
        clock: Arc<dyn Clock>,
        bounds: Bounds,
        write_synced: WriteSynced,
    ) -> Result<Self, LogError> {
        let folder = folder.to_owned();
        let disk = Disk { open: Box::new(move || Database::open(&folder)), write_synced };
        let shared = Arc::new(Shared::new((disk.open)()?, clock, bounds.queue_bytes_max)?);
        let database = shared.database()?;
        for topic in shared.catalog.all() {
            for partition in 0..topic.row.partitions {
                upkeep::keep_up(&database, shared.clock.now_ms(), &disk.write_synced, &topic, partition)
                    .map_err(LogError::halt)?;
            }
        }
        let writer = Writer::new(Arc::clone(&shared), disk, bounds.group_bytes_max)?;
        let thread = std::thread::Builder::new().name("log-writer".to_owned()).spawn(move || writer.run());
        let thread = thread.map_err(|error| LogError::halt(format!("cannot start the log's writer: {error}")))?;
        Ok(Self { shared, writer: Some(thread) })
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the embedded log's writer panicked");
        }
        self.shared.close(LogError::halt("the log is closed"));
    }
}

impl Log for Embedded {
    fn reader(&self, topic: &str) -> Result<Box<dyn Reader>, LogError> {
        Ok(Box::new(EmbeddedReader::new(Arc::clone(&self.shared), self.shared.catalog.get(topic)?)))
    }

    fn group_reader(&self, join: Join, membership: Arc<dyn Membership>) -> Result<Box<dyn GroupReader>, LogError> {
        Ok(Box::new(EmbeddedGroupReader::new(Arc::clone(&self.shared), join, membership)?))
    }

    fn appender(&self) -> Result<Arc<dyn Appender>, LogError> {
        Ok(Arc::new(EmbeddedAppender::new(Arc::clone(&self.shared))))
    }

    fn transactor(&self, transactional_id: &str) -> Result<Box<dyn Transactor>, LogError> {
        Ok(Box::new(EmbeddedTransactor::new(Arc::clone(&self.shared), transactional_id)))
    }

    fn create(&self, spec: &TopicSpec) -> Result<Created, LogError> {
        self.shared.ask(|answer| Request::Create { spec: spec.clone(), answer })?
    }

    fn describe(&self, topic: &str) -> Result<Option<TopicState>, LogError> {
        Ok(self.shared.catalog.find(topic).map(|topic| topic.state()))
    }

    fn range(&self, topic: &str, partition: u32) -> Result<Range, LogError> {
        Ok(self.shared.catalog.get(topic)?.partition(partition)?.range())
    }

    fn trouble(&self) -> Option<LogError> {
        self.shared.database().err()
    }

    fn trim(&self, topic: &str, partition: u32, below: u64) -> Result<(), LogError> {
        let topic = self.shared.catalog.get(topic)?;
        self.shared.ask(|answer| Request::Trim { topic, partition, below, answer })?
    }

    fn group_offset(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>, LogError> {
        group::group_offset(&self.shared, group, topic, partition)
    }

    fn store_group_offsets(&self, group: &str, offsets: &[GroupOffset]) -> Result<(), LogError> {
        let offsets = group::stored(group, offsets);
        self.shared.ask(|answer| Request::Store { offsets, answer: Some(answer) })?
    }
}
