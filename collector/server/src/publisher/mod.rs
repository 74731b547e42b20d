//! The publisher: outbox rows into Kafka transactions, with a watermark, each once.
//! Never trusts its memory: on every start and after every uncertain commit it takes the transactional id over, reads the
//! watermark back, and skips what the alert partitions already hold. Nothing signed leaves before the transaction that
//! publishes it has committed.

mod compare;
mod figures;
mod outgoing;
mod reconcile;
mod recover;
mod sign;
#[cfg(test)]
mod tests;
mod watermark;

pub use compare::Compared;
pub(crate) use figures::{label_of, name_of};
pub use watermark::{Delivered, Watermark};

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use ledger::checkpoint::{Checkpoint, Verified};
use ledger::key::KeyId;
use ledger::note::Note;
use ledger::{LedgerName, Origin, Tenant};
use store::tables::{self, CheckpointRow, Meta, OutboxKey, Outgoing, PublishedRow, Row};
use store::{Durability, Read, Scan, Store, StoreError, Table, failpoint};

use crate::clock::Clock;
use crate::keyring::Keyring;
use crate::log::{CommitError, Log, LogError, NewRecord, Transactor};
use crate::metrics::Metrics;
use crate::recorder::Halt;

/// Where and how a partition publishes.
#[derive(Clone, Debug)]
pub struct PublisherSettings {
    /// The alert topic.
    pub alerts: Arc<str>,
    /// The checkpoint topic.
    pub checkpoints: Arc<str>,
    /// The watermark topic.
    pub recorders: Arc<str>,
    /// Prefix of transactional ids; empty without a deployment name.
    pub deployment: String,
    /// At most this many rows in one transaction.
    pub batch_rows_max: usize,
    /// Where this process answers for the partition.
    pub advertised_url: String,
    /// The seat that this process has in the group.
    pub node: String,
    /// Whether a new owner says so before it has anything to publish: only where there are others to read it.
    pub announces: bool,
    /// Generation of the rule code.
    pub generation: u32,
    /// Envelope versions that this process reads.
    pub envelope_versions: Vec<u16>,
}

/// Why nothing was published, by what the caller does.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Call [`Publisher::recover`] after a pause, then go on.
    #[error("publishing is interrupted: {0}")]
    Recover(String),
    /// Another process owns the partition's transactional id: stop.
    #[error("another process publishes for this partition: {0}")]
    Fenced(String),
    /// Stop the partition.
    #[error(transparent)]
    Halt(Halt),
}

/// Newest published checkpoints, by tenant and by key that signed.
type Unproved = BTreeMap<(String, KeyId), Verified>;

/// Signed checkpoints by tenant.
type Notes = Vec<(String, CheckpointRow)>;

/// One partition's publisher.
pub struct Publisher {
    log: Arc<dyn Log>,
    store: Store,
    partition: u32,
    keyring: Arc<Keyring>,
    settings: PublisherSettings,
    transactor: Option<Box<dyn Transactor>>,
    published: PublishedRow,
    /// The watermark that the last recovery found.
    found_mark: Option<Watermark>,
    /// Positions found beyond the watermark on recovery: published, though the store does not know.
    found: BTreeSet<OutboxKey>,
    /// Newest published checkpoints that the store's trees are still to be compared with, by tenant and by key that signed.
    /// Nothing is published before that.
    unproved: Unproved,
    /// The newest checkpoints that no key known so far has signed, by the key that they name: one that the log has still to tell
    /// of, or nobody's.
    unknown: BTreeMap<(String, KeyId), Note>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

impl Publisher {
    /// A publisher that has not recovered yet.
    pub fn new(
        log: Arc<dyn Log>,
        settings: PublisherSettings,
        store: Store,
        partition: u32,
        keyring: Arc<Keyring>,
        (clock, metrics): (Arc<dyn Clock>, Arc<Metrics>),
    ) -> Self {
        Publisher {
            log,
            store,
            partition,
            keyring,
            settings,
            transactor: None,
            published: PublishedRow::default(),
            found_mark: None,
            found: BTreeSet::new(),
            unproved: Unproved::new(),
            unknown: BTreeMap::new(),
            clock,
            metrics,
        }
    }

    /// Offsets below this are published, whole.
    pub fn next_offset(&self) -> u64 {
        self.published.next_offset
    }

    /// Publishes the next rows, whole offsets, at most `batch_rows_max` unless one offset has more. Gives their number.
    ///
    /// # Errors
    /// See [`PublishError`]; nothing is lost by any of them.
    pub fn step(&mut self) -> Result<usize, PublishError> {
        if !self.unproved.is_empty() {
            return Ok(0);
        }
        let began = self.clock.monotonic();
        let Some(mut transactor) = self.transactor.take() else {
            return Err(PublishError::Recover("not recovered yet".to_owned()));
        };
        let meta = tables::get::<Meta>(&self.store, &[]).map_err(|error| self.broken(error))?;
        let Some(meta) = meta.filter(|meta| meta.incarnation.is_some()) else {
            self.transactor = Some(transactor);
            return Ok(0);
        };
        let rows = self.take(meta.next_offset)?;
        let Some(last) = rows.last().map(|(key, _)| key.offset) else {
            self.transactor = Some(transactor);
            return Ok(0);
        };
        // What is sent must follow from a store that survives power loss.
        self.sync()?;
        let (records, notes) = self.records(&meta, &rows)?;
        // A store that was behind makes rows that a former owner has published: they are dropped, and the watermark stays.
        let next_offset = self.published.next_offset.max(last + 1);
        let committed = match records.is_empty() && next_offset == self.published.next_offset {
            true => self.published.clone(),
            false => {
                let committed = self.commit(transactor.as_mut(), &meta, records, next_offset)?;
                self.count(&rows, began);
                committed
            }
        };
        self.transactor = Some(transactor);
        self.remember(&rows, notes, committed)?;
        Ok(rows.len())
    }

    /// Says that this process owns the partition, where the watermark does not say so yet: others ask it from then on.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn announce(&mut self) -> Result<(), PublishError> {
        let meta = tables::get::<Meta>(&self.store, &[]).map_err(|error| self.broken(error))?;
        let Some(meta) = meta.filter(|_| self.settings.announces) else { return Ok(()) };
        let ours = Watermark::new(&meta, &self.settings, &self.published);
        if self.found_mark.as_ref().is_some_and(|found| found.names_the_same_owner(&ours)) {
            return Ok(());
        }
        let Some(mut transactor) = self.transactor.take() else {
            return Err(PublishError::Recover("not recovered yet".to_owned()));
        };
        self.published = self.commit(transactor.as_mut(), &meta, Vec::new(), self.published.next_offset)?;
        self.transactor = Some(transactor);
        self.found_mark = Some(ours);
        Ok(())
    }

    /// Rows of whole offsets, in order.
    fn take(&self, below: u64) -> Result<Vec<(OutboxKey, Outgoing)>, PublishError> {
        let mut rows: Vec<(OutboxKey, Outgoing)> = Vec::new();
        let mut damaged = false;
        let rows_max = self.settings.batch_rows_max.max(1);
        let scanned = self.store.scan(Scan::prefix(Table::Outbox, &[]), &mut |key, value| {
            let (Some(key), Some(row)) = (OutboxKey::parse(key), Outgoing::decode(value)) else {
                damaged = true;
                return ControlFlow::Break(());
            };
            let full = rows.len() >= rows_max && rows.last().is_some_and(|(last, _)| last.offset != key.offset);
            if full || key.offset >= below {
                return ControlFlow::Break(());
            }
            rows.push((key, row));
            ControlFlow::Continue(())
        });
        scanned.map_err(|error| self.broken(error))?;
        if damaged { Err(self.broken(tables::undecodable(Table::Outbox))) } else { Ok(rows) }
    }

    /// What goes out, and the checkpoints among it. Rows that recovery found published are left out.
    fn records(&self, meta: &Meta, rows: &[(OutboxKey, Outgoing)]) -> Result<(Vec<NewRecord>, Notes), PublishError> {
        let (mut records, mut notes) = (Vec::new(), Vec::new());
        let ledger = LedgerName::parse(&meta.ledger_name).map_err(|error| self.stop(error))?;
        for (key, row) in rows.iter().filter(|(key, _)| self.is_unsent(*key)) {
            let position = outgoing::position(meta, self.partition, *key);
            match row {
                Outgoing::Alert { key, attributes, body, .. } => {
                    records.push(outgoing::alert(&self.settings.alerts, &position, key, attributes, body.as_deref()));
                }
                Outgoing::Checkpoint { tenant, size, root } => {
                    let name = Tenant::parse_recorded(tenant).map_err(|error| self.stop(error))?;
                    let origin = Origin::new(&ledger, &name);
                    let checkpoint = Checkpoint { origin, size: *size, root: *root };
                    let Some(note) = self.signed(&checkpoint)? else { continue };
                    records.push(outgoing::checkpoint(&self.settings.checkpoints, &position, tenant, *size, &note));
                    notes.push((tenant.clone(), CheckpointRow { size: *size, note }));
                }
            }
        }
        Ok((records, notes))
    }

    /// One transaction: the records, then the watermark that says so. The watermark names, for each alert partition, the place
    /// from which a recovery looks for more.
    fn commit(
        &mut self,
        transactor: &mut dyn Transactor,
        meta: &Meta,
        records: Vec<NewRecord>,
        next_offset: u64,
    ) -> Result<PublishedRow, PublishError> {
        let mut published = PublishedRow { next_offset, ..self.published.clone() };
        let watermark =
            Watermark::new(meta, &self.settings, &published).record(&self.settings.recorders, self.partition);
        let topics: Vec<Arc<str>> = records.iter().map(|record| Arc::clone(&record.topic)).collect();
        let sent: Vec<NewRecord> = records.into_iter().chain([watermark]).collect();
        if failpoint::hit("publisher.send.before") {
            return Err(PublishError::Recover("a failpoint".to_owned()));
        }
        let positions = transactor
            // No offsets of the group: they are a hint that its member stores, and its coordinator is not to be waited for here.
            .commit(&sent, None)
            .map_err(|error| self.failed(error))?;
        // Committed: what was sent is visible, and nothing of it is ever sent again.
        for (position, topic) in positions.iter().zip(topics) {
            let places = match &topic {
                topic if *topic == self.settings.alerts => &mut published.delivered,
                topic if *topic == self.settings.checkpoints => &mut published.compared,
                _ => continue,
            };
            advance(places, position.partition, position.offset + 1);
        }
        Ok(published)
    }

    /// Drops sent rows and keeps what was published. Losing this write costs a recovery nothing: it reads the log.
    fn remember(
        &mut self,
        rows: &[(OutboxKey, Outgoing)],
        notes: Vec<(String, CheckpointRow)>,
        published: PublishedRow,
    ) -> Result<(), PublishError> {
        if failpoint::hit("publisher.remember.before") {
            return Err(PublishError::Recover("a failpoint".to_owned()));
        }
        let mut batch = self.store.batch();
        rows.iter().for_each(|(key, _)| batch.delete(Table::Outbox, &key.bytes()));
        notes.iter().for_each(|(tenant, row)| tables::put(&mut batch, tenant.as_bytes(), row));
        tables::put(&mut batch, &[], &published);
        batch.commit(Durability::Written).map_err(|error| self.broken(error))?;
        self.found = self.found.split_off(&OutboxKey { offset: published.next_offset, ordinal: 0 });
        self.published = published;
        if failpoint::hit("publisher.remember.after") {
            return Err(PublishError::Recover("a failpoint".to_owned()));
        }
        Ok(())
    }

    fn failed(&self, error: CommitError) -> PublishError {
        match error {
            CommitError::Fenced { what } => PublishError::Fenced(what),
            CommitError::Uncertain { what } | CommitError::Aborted { what } => PublishError::Recover(what),
            CommitError::Refused { what } | CommitError::Halt { what } => self.stop(what),
        }
    }

    /// Whether a row is still to be sent.
    fn is_unsent(&self, key: OutboxKey) -> bool {
        key.offset >= self.published.next_offset && !self.found.contains(&key)
    }

    fn stop(&self, reason: impl ToString) -> PublishError {
        PublishError::Halt(Halt::new(self.partition, reason.to_string(), "Run `ledgerline doctor`."))
    }

    fn broken(&self, error: StoreError) -> PublishError {
        PublishError::Halt(Halt::store(self.partition, &error))
    }

    fn reading(&self, error: LogError) -> PublishError {
        match error {
            LogError::Fenced { what } => PublishError::Fenced(what),
            error if error.is_retry() => PublishError::Recover(error.to_string()),
            error => self.stop(error),
        }
    }
}

/// Moves a partition's place on; never back.
fn advance(places: &mut Vec<(u32, u64)>, partition: u32, next: u64) {
    match places.binary_search_by_key(&partition, |(known, _)| *known) {
        Ok(at) => places[at].1 = places[at].1.max(next),
        Err(at) => places.insert(at, (partition, next)),
    }
}
