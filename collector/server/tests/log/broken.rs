//! Logs that break one promise each: what the conformance suite is for.

use std::sync::Arc;

use parking_lot::Mutex;
use server::log::sim::{Fault, Sim};
use server::log::{
    AppendAction, AppendError, Appender, Batch, CommitError, Created, GroupOffset, GroupReader, Join, Log, LogError,
    Membership, NewRecord, Outcome, Pending, Position, Range, ReadBound, Reader, Start, TopicSpec, TopicState,
    Transactor,
};

use super::conformance::Subject;

/// The promise that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakage {
    /// Records of a refused transaction are shown.
    ShowsUncommitted,
    /// Every transactor may commit, whoever took the id over.
    FencesNobody,
    /// A transaction's records are shown although its answer says more than is there.
    TearsTransactions,
    /// Group offsets of a transaction are stored whether it commits or not.
    StoresOffsetsEarly,
    /// Appends are answered before they are synced.
    AnswersBeforeSync,
    /// A read gives all there is.
    IgnoresBounds,
    /// A start outside the log becomes the earliest.
    ResetsSilently,
    /// The last two records of an append change places.
    Reorders,
    /// An append lands twice.
    Doubles,
    /// The end is announced before it has been reached.
    AnnouncesTheEndEarly,
    /// A record for a missing partition counts as refused.
    BlamesTheRecord,
}

/// Each breakage, and the case that must catch it.
pub const BREAKAGES: &[(Breakage, &str)] = &[
    (Breakage::ShowsUncommitted, "a refused transaction is never visible"),
    (Breakage::FencesNobody, "taking an id over fences its former owner"),
    (Breakage::TearsTransactions, "a committed transaction is visible whole"),
    (Breakage::StoresOffsetsEarly, "group offsets are kept, by transactions too"),
    (Breakage::AnswersBeforeSync, "what was answered outlives a restart"),
    (Breakage::IgnoresBounds, "a read keeps its bounds"),
    (Breakage::ResetsSilently, "an offset outside the log is named"),
    (Breakage::Reorders, "offsets of one appender rise without a gap, in its order"),
    (Breakage::Doubles, "offsets of one appender rise without a gap, in its order"),
    (Breakage::BlamesTheRecord, "a record for a missing topic or partition stops its writer"),
    (Breakage::AnnouncesTheEndEarly, "offsets of one appender rise without a gap, in its order"),
];

/// A sound log with one promise broken.
pub struct Broken {
    log: Sim,
    breakage: Breakage,
}

impl Broken {
    pub fn new(log: Sim, breakage: Breakage) -> Self {
        Self { log, breakage }
    }
}

impl Subject for Broken {
    fn log(&self) -> &dyn Log {
        self
    }

    fn restart(&mut self) {
        self.log.crash();
    }

    fn waits(&self) -> bool {
        false
    }
}

impl Log for Broken {
    fn reader(&self, topic: &str) -> Result<Box<dyn Reader>, LogError> {
        Ok(Box::new(BrokenReader { reader: self.log.reader(topic)?, breakage: self.breakage }))
    }

    fn group_reader(&self, join: Join, membership: Arc<dyn Membership>) -> Result<Box<dyn GroupReader>, LogError> {
        self.log.group_reader(join, membership)
    }

    fn appender(&self) -> Result<Arc<dyn Appender>, LogError> {
        Ok(Arc::new(BrokenAppender { log: self.log.clone(), breakage: self.breakage }))
    }

    fn transactor(&self, id: &str) -> Result<Box<dyn Transactor>, LogError> {
        let (log, breakage, id) = (self.log.clone(), self.breakage, id.to_owned());
        let transactor = Mutex::new(log.transactor(&id)?);
        Ok(Box::new(BrokenTransactor { log, breakage, id, transactor }))
    }

    fn create(&self, spec: &TopicSpec) -> Result<Created, LogError> {
        self.log.create(spec)
    }

    fn describe(&self, topic: &str) -> Result<Option<TopicState>, LogError> {
        self.log.describe(topic)
    }

    fn range(&self, topic: &str, partition: u32) -> Result<Range, LogError> {
        self.log.range(topic, partition)
    }

    fn trim(&self, topic: &str, partition: u32, below: u64) -> Result<(), LogError> {
        match self.breakage {
            // Nothing has landed yet that could be trimmed.
            Breakage::AnswersBeforeSync => Ok(()),
            _ => self.log.trim(topic, partition, below),
        }
    }

    fn group_offset(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>, LogError> {
        self.log.group_offset(group, topic, partition)
    }

    fn store_group_offsets(&self, group: &str, offsets: &[GroupOffset]) -> Result<(), LogError> {
        self.log.store_group_offsets(group, offsets)
    }
}

struct BrokenReader {
    reader: Box<dyn Reader>,
    breakage: Breakage,
}

impl Reader for BrokenReader {
    fn assign(&mut self, partitions: &[(u32, Start)]) -> Result<(), LogError> {
        match self.reader.assign(partitions) {
            Err(LogError::OutOfRange { partition, .. }) if self.breakage == Breakage::ResetsSilently => {
                self.reader.assign(&[(partition, Start::Earliest)])
            }
            other => other,
        }
    }

    fn read(&mut self, bound: ReadBound) -> Result<Batch, LogError> {
        match self.breakage {
            Breakage::IgnoresBounds => self.reader.read(ReadBound { records_max: 1000, bytes_max: 1 << 30, ..bound }),
            Breakage::AnnouncesTheEndEarly => Ok(Batch { at_end: true, ..self.reader.read(bound)? }),
            _ => self.reader.read(bound),
        }
    }

    fn pause(&mut self, partition: u32) -> Result<(), LogError> {
        self.reader.pause(partition)
    }

    fn resume(&mut self, partition: u32) -> Result<(), LogError> {
        self.reader.resume(partition)
    }
}

struct BrokenAppender {
    log: Sim,
    breakage: Breakage,
}

impl Appender for BrokenAppender {
    fn begin(&self, mut records: Vec<NewRecord>) -> Pending {
        let last = records.len();
        match self.breakage {
            Breakage::Reorders if last > 3 => records.swap(last - 1, last - 3),
            Breakage::Doubles => self.log.order(Fault::AppendDoubled),
            _ => {}
        }
        self.log.appender().expect("an appender").begin(records)
    }

    fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, AppendError> {
        if self.breakage == Breakage::BlamesTheRecord {
            return self.begin(records).wait().map_err(|error| AppendError {
                action: AppendAction::Reject,
                outcomes: vec![Outcome::Refused; error.outcomes.len()],
                ..error
            });
        }
        if self.breakage != Breakage::AnswersBeforeSync {
            return self.begin(records).wait();
        }
        let positions = (0..records.len() as u64).map(|offset| Position { partition: 0, offset }).collect();
        // Dropped without waiting: it is still on its way when the power goes.
        drop(self.log.held_appender().begin(records));
        Ok(positions)
    }
}

struct BrokenTransactor {
    log: Sim,
    breakage: Breakage,
    id: String,
    transactor: Mutex<Box<dyn Transactor>>,
}

impl Transactor for BrokenTransactor {
    fn init(&mut self) -> Result<(), CommitError> {
        self.transactor.lock().init()
    }

    fn commit(
        &mut self,
        records: &[NewRecord],
        group: Option<(&str, &[GroupOffset])>,
    ) -> Result<Vec<Position>, CommitError> {
        let mut transactor = self.transactor.lock();
        match self.breakage {
            Breakage::StoresOffsetsEarly => {
                let (group, offsets) = group.unwrap_or(("none", &[]));
                self.log.store_group_offsets(group, offsets).expect("stored");
            }
            Breakage::ShowsUncommitted => {
                if let refused @ Err(CommitError::Refused { .. }) = transactor.commit(records, group) {
                    let fitting = &records[..records.len() - 1];
                    transactor.commit(fitting, None).expect("committed");
                    return refused;
                }
            }
            Breakage::FencesNobody => {
                let mut usurper = self.log.transactor(&self.id).expect("a transactor");
                usurper.init().expect("taken over");
                return usurper.commit(records, group);
            }
            Breakage::TearsTransactions if records.len() > 2 => {
                let mut positions = transactor.commit(&records[2..], group)?;
                let missing = positions[..2].to_vec();
                positions.splice(0..0, missing);
                return Ok(positions);
            }
            _ => {}
        }
        transactor.commit(records, group)
    }
}
