//! The two stages as plain calls, with no log between them: what the counts of instructions and of bytes are taken from.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use ledger::Tenant;
use lineage::envelope::{Mode, Source};
use server::clock::{Clock, SystemClock};
use server::intake::{Channel, Prepared, Preparer};
use server::log::embedded::{Bounds, Embedded};
use server::log::{Log, Names, NewRecord, ReadBound, Record, Start};
use server::recorder::{Recorder, RecorderSettings};
use store::{Store, StoreOptions};

use crate::desk::{self, TENANT};

/// Records in one commit: what a busy recorder reaches.
const BATCH_RECORDS: usize = 500;
const RECEIVED_NS: i64 = 1_760_000_000_000_000_000;

/// Intake's step and the recorder over a store in a folder.
pub struct Stages {
    preparer: Preparer,

    recorder: Recorder,
    /// Its store.
    pub store: Store,
    tenant: Tenant,
    topic: Arc<str>,
    taken: i64,
}

impl Stages {
    /// Begins a ledger in `folder`; its genesis record is applied.
    pub fn new(folder: &Path) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let names = Names::new("");
        let log = Embedded::open(&folder.join("log"), Arc::clone(&clock), Bounds::default())?;
        let desk = desk::begin(&log, &names, &folder.join("keys"), clock.as_ref())?;
        let store = Store::open(&folder.join("partition-0"), &StoreOptions::default())?;
        let settings = RecorderSettings::default();
        let recorder = Recorder::open(store.clone(), 0, Arc::clone(&desk.keyring), settings).map_err(halted)?;
        let mut reader = log.reader(&names.events)?;
        reader.assign(&[(0, Start::Earliest)])?;
        let bound = ReadBound { records_max: 10, bytes_max: 1 << 20, wait: std::time::Duration::from_secs(1) };
        let genesis = reader.read(bound)?.records;
        let preparer = Preparer::new(Arc::clone(&desk));
        let topic = Arc::clone(&names.events);
        let mut stages = Self { preparer, recorder, store, tenant: Tenant::parse(TENANT)?, topic, taken: 0 };
        stages.recorder.apply(&genesis).map_err(halted)?;
        Ok(stages)
    }

    /// Decides and seals one event.
    pub fn prepare(&mut self, payload: &[u8]) -> Result<NewRecord> {
        let mut opening = [0; 32];
        opening[..8].copy_from_slice(&self.taken.to_le_bytes());
        // Openings are random: they must not compress.
        let opening = *blake3::hash(&opening).as_bytes();
        let source = Source {
            topic: "openlineage.events",
            partition: 0,
            offset: self.taken,
            timestamp_ms: RECEIVED_NS / 1_000_000,
        };
        let channel = Channel {
            tenant: &self.tenant,
            principal: None,
            source: Some(source),
            mode: Mode::Live,
            received_at_ns: RECEIVED_NS + self.taken * 1_000_000,
            opening,
        };
        self.taken += 1;
        match self.preparer.prepare(payload, &channel) {
            Prepared::Sealed(sealed) => Ok(NewRecord::new(&self.topic, sealed.envelope).key(TENANT)),
            Prepared::Rejected(rejection) => bail!("an event of the mix is rejected: {rejection}"),
            Prepared::UnknownTenant => bail!("there is no key of {}", self.tenant.as_str()),
        }
    }

    /// Records what was prepared, in commits of a busy recorder's size.
    pub fn record(&mut self, prepared: Vec<NewRecord>) -> Result<()> {
        let first = self.recorder.next_offset();
        let records: Vec<Record> = (first..).zip(prepared).map(|(offset, record)| landed(offset, record)).collect();
        for batch in records.chunks(BATCH_RECORDS) {
            let applied = self.recorder.apply(batch).map_err(halted)?;
            let expected = batch.len() as u64;
            if applied.recorded != expected || applied.faults > 0 {
                bail!("{expected} events came to {applied:?}");
            }
        }
        Ok(())
    }
}

/// A record as it comes back from the log.
fn landed(offset: u64, record: NewRecord) -> Record {
    let NewRecord { topic, key, value, headers, .. } = record;
    Record { topic, partition: 0, offset, timestamp_ms: RECEIVED_NS / 1_000_000, key, value, headers }
}

fn halted(halt: server::recorder::Halt) -> anyhow::Error {
    anyhow::Error::msg(halt.to_string()).context("the recorder halted")
}

/// The bytes of events, in MiB.
pub fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// A folder that goes when dropped.
pub fn folder() -> Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix("ledgerline-bench-").tempdir().context("no temporary folder")
}
