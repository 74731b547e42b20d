//! The recorder: envelopes in, one commit out. Deduplicates, appends leaves, folds, judges, fills the outbox.
//! Never reads a clock, never talks to a log, never signs: its state is a function of the records that it was given,
//! however they were cut into batches.

mod alarm;
mod applied;
mod book;
pub mod control;
mod coverage;
mod drill;
mod event;
mod halt;
mod intake;
mod key_alarm;
mod key_operation;
mod outside;
mod refusal;
mod tick;
mod tree_keys;
pub mod upkeep;

pub use applied::Applied;
pub use drill::ALERT_TEST;
pub use halt::Halt;
pub use key_alarm::LEDGER_KEY;
pub use key_operation::KEY_OPERATION;
pub use refusal::REFUSED_RECORD;
pub(crate) use refusal::rule_of_row;
pub use upkeep::LEDGER_INTEGRITY;

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::leaf::{Hex, Position};
use ledger::{LedgerName, Origin, Tenant};
use lineage::alert::{AlertMessage, Settings};
use lineage::envelope::{Envelope, Event, Kind};
use lineage::fold::{self, Accepted};
use lineage::frame::{self, Opened, Refusal};
use lineage::id::EventId;
use store::tables::{self, Beside, LeafKey, Meta, OutboxKey, Outgoing, SourceKey};
use store::{Batch, Durability, Store, Table, failpoint};

use crate::keyring::Keyring;
use crate::log::Record;
use crate::telemetry::{TRACEPARENT, TraceParent};
use crate::tenancy::partition_of_tenant;
use book::Book;
use coverage::{Coverage, Taken};

/// What a recorder is told beside the log. No leaf follows from it: only how time is believed, and what is published when.
#[derive(Clone, Debug)]
pub struct RecorderSettings {
    /// How far one tick may move the time of the log, ns.
    pub tick_jump_max_ns: i64,
    /// A tree that grew is signed at most once in each stretch of this much time of the log, ns; an ordered tick signs at once.
    pub checkpoint_interval_ns: i64,
    /// The newest envelope version that is read.
    pub envelope_version: u16,
    /// What alerts need beside the facts: fallback owner, runbooks, generation of the rule code.
    pub alerts: Settings,
}

impl Default for RecorderSettings {
    fn default() -> Self {
        let (tick_jump_max_ns, checkpoint_interval_ns) = (86_400_000_000_000, 10_000_000_000);
        let envelope_version = frame::VERSION;
        RecorderSettings { tick_jump_max_ns, checkpoint_interval_ns, envelope_version, alerts: Settings::default() }
    }
}

/// One partition's recorder.
pub struct Recorder {
    store: Store,
    keyring: Arc<Keyring>,
    settings: RecorderSettings,
    meta: Meta,
    books: BTreeMap<String, Book>,
    coverage: Coverage,
}

/// The record being applied.
struct Turn<'r, 's> {
    batch: Batch<'s>,
    record: &'r Record,
    /// Outbox rows that this record has made.
    ordinal: u32,
    applied: Applied,
}

impl Recorder {
    /// Opens a partition's state, or begins it.
    ///
    /// # Errors
    /// When the store fails, is of another partition or format, or holds a tenant whose key is missing.
    pub fn open(store: Store, partition: u32, keyring: Arc<Keyring>, settings: RecorderSettings) -> Result<Self, Halt> {
        let halted = |error: store::StoreError| Halt::store(partition, &error);
        if let Some((reason, remedy)) = Meta::format_of(&store).map_err(halted)?.refusal() {
            return Err(Halt::new(partition, reason, remedy));
        }
        let meta = tables::get::<Meta>(&store, &[]).map_err(halted)?;
        let meta = meta.unwrap_or_else(|| Meta::new(partition, settings.alerts.generation));
        if meta.partition != partition {
            let reason = format!("the store is that of partition {}", meta.partition);
            return Err(Halt::new(partition, reason, "Move the store's folder away; it is made anew."));
        }
        let mut books = BTreeMap::new();
        for (name, row) in tables::tenants(&store).map_err(halted)? {
            let tenant = Tenant::parse_recorded(&name)
                .map_err(|error| Halt::new(partition, error.to_string(), "Run `ledgerline doctor`."))?;
            let identity = identity(&keyring, partition, &tenant)?;
            let ledger = LedgerName::parse(&meta.ledger_name)
                .map_err(|error| Halt::new(partition, error.to_string(), "Run `ledgerline doctor`."))?;
            let origin = Origin::new(&ledger, &tenant);
            books.insert(name, Book::load(&store, origin, row, identity).map_err(halted)?);
        }
        let coverage = Coverage::load(&store).map_err(halted)?;
        Ok(Recorder { store, keyring, settings, meta, books, coverage })
    }

    /// Offset of the next record to apply.
    pub fn next_offset(&self) -> u64 {
        self.meta.next_offset
    }

    /// The partition's own row, as of the last commit.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Compares the last record applied with what the log holds at its offset: another one means another log.
    ///
    /// # Errors
    /// When it is another one.
    pub fn compare(&self, last: &Record) -> Result<(), Halt> {
        if last.offset + 1 == self.meta.next_offset && digest(last) != self.meta.last_record {
            let reason = format!("offset {} holds another record than the one that was applied", last.offset);
            return Err(self.halt(
                reason,
                "The topic was made anew or cut off: run `ledgerline recover --new-origin` once you know why.",
            ));
        }
        Ok(())
    }

    /// Applies records in the order of their offsets and commits once. After an error the recorder is to be dropped and
    /// opened again: what it holds in memory is ahead of the store.
    ///
    /// # Errors
    /// When the store fails, the log is not the one that the store was made from, or a record needs a newer build.
    pub fn apply(&mut self, records: &[Record]) -> Result<Applied, Halt> {
        self.apply_after(records, || ())
    }

    /// The same, and calls `decided` when all is decided and only the commit is left: for whoever measures both.
    ///
    /// # Errors
    /// As [`Recorder::apply`].
    pub fn apply_after(&mut self, records: &[Record], decided: impl FnOnce()) -> Result<Applied, Halt> {
        let store = self.store.clone();
        let mut batch = store.batch();
        let mut applied = Applied::default();
        let first = records.iter().position(|record| record.offset >= self.meta.next_offset).unwrap_or(records.len());
        for record in &records[first..] {
            let mut turn = Turn { batch, record, ordinal: 0, applied };
            self.one(&mut turn)?;
            (batch, applied) = (turn.batch, turn.applied);
            applied.records += 1;
            applied.outbox |= turn.ordinal > 0;
            self.meta.next_offset = record.offset + 1;
            self.meta.last_record = digest(record);
        }
        self.books.values_mut().for_each(|book| book.store(&mut batch));
        self.coverage.store(&mut batch);
        tables::put(&mut batch, &[], &self.meta);
        decided();
        // The commit point: from here on each of these records is applied, and a redelivered event is a duplicate.
        batch.commit(Durability::Written).map_err(|error| Halt::store(self.meta.partition, &error))?;
        Ok(Applied { next_offset: self.meta.next_offset, time_ns: self.meta.time_ns, ..applied })
    }

    fn one(&mut self, turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
        let record = turn.record;
        let keyring = Arc::clone(&self.keyring);
        let value = record.value.as_deref().unwrap_or_default();
        let opened = frame::open_up_to(self.settings.envelope_version, value, keyring.intake_keys());
        match opened {
            Opened::Newer { version } => {
                let reason = format!(
                    "offset {} is an envelope of version {version}, newer than this build reads",
                    record.offset
                );
                Err(self.halt(reason, "Upgrade this process; recorders are upgraded before intakes."))
            }
            Opened::Envelope(envelope) if self.misplaced(&envelope, record) => {
                self.outside(turn, Some(Refusal::Misplaced))
            }
            Opened::Envelope(envelope) => self.envelope(turn, &envelope),
            Opened::Foreign => self.outside(turn, None),
            Opened::Refused(refusal) => self.outside(turn, Some(refusal)),
        }
    }

    /// Whether tenant, key, partition and incarnation contradict one another.
    fn misplaced(&self, envelope: &Envelope<'_>, record: &Record) -> bool {
        let keyed = record.key.as_deref() == Some(envelope.tenant.as_bytes());
        let home = match Tenant::parse_recorded(envelope.tenant).map(|tenant| tenant.as_partition()) {
            Ok(Some(partition)) => partition == self.meta.partition,
            Ok(None) => {
                self.meta.incarnation.is_none()
                    || partition_of_tenant(envelope.tenant, self.meta.partition_count) == self.meta.partition
            }
            Err(_) => false,
        };
        let incarnation = self.meta.incarnation.is_none_or(|known| known == envelope.incarnation);
        !(keyed && home && incarnation)
    }

    fn envelope(&mut self, turn: &mut Turn<'_, '_>, envelope: &Envelope<'_>) -> Result<(), Halt> {
        if self.meta.incarnation.is_none() {
            return self.before_genesis(turn, envelope);
        }
        match (envelope.kind, &envelope.event, &envelope.control, &envelope.progress, &envelope.rejections) {
            (Kind::Event, Some(event), ..) => self.event(turn, envelope, event),
            (Kind::Control, _, Some(control), ..) => self.control(turn, envelope, control),
            (Kind::Tick, ..) => self.tick(turn, envelope.received_at_ns, envelope.idempotency_key.is_some()),
            (Kind::Progress, .., Some(progress), _) => self.progress(turn, progress),
            (Kind::Rejections, .., Some(rejections)) => self.rejections(turn, envelope, rejections),
            _ => self.unappliable(turn, "payload-missing", None),
        }
    }

    /// An event: deduplicate → leaf → fold → outbox. The leaf depends on the envelope alone; what can't be derived is a
    /// fault of its offset and leaves the ledger as it is.
    fn event(&mut self, turn: &mut Turn<'_, '_>, envelope: &Envelope<'_>, event: &Event<'_>) -> Result<(), Halt> {
        let source = envelope.source.as_ref().and_then(|source| {
            let offset = u64::try_from(source.offset).ok()?;
            Some((SourceKey { topic: source.topic.to_owned(), partition: source.partition }, offset))
        });
        let Some(book) = self.books.get_mut(envelope.tenant) else {
            return self.outside_reason(turn, refusal::UNKNOWN_TENANT);
        };
        let known = tables::leaf_of(&turn.batch, book.row.number, &event.event_id);
        let known = known.map_err(|error| Halt::store(self.meta.partition, &error))?;
        if let Some(index) = known.filter(|_| !failpoint::skipped("recorder.deduplicate")) {
            let key = LeafKey { tenant: book.row.number, index };
            tables::count_repeat(&mut turn.batch, key).map_err(|error| Halt::store(self.meta.partition, &error))?;
            turn.applied.duplicates += 1;
            book.count(Taken::Duplicate);
            source.iter().for_each(|(source, offset)| self.coverage.count(source, *offset, Taken::Duplicate));
            return Ok(());
        }
        let (Some(opening), Some(body)) = (event.opening.filter(|opening| opening.len() == 32), event.body) else {
            return self.unappliable(turn, "sealed-or-without-body", Some(event.event_id));
        };
        if failpoint::skipped("recorder.ledger") {
            // For `make bench` alone: what the same event costs without a ledger.
            let index = book.without_leaf(&mut turn.batch, &event.event_id, body);
            book.count(Taken::Recorded);
            turn.applied.recorded += 1;
            return self.derive(turn, envelope, event, index);
        }
        let detail = match event::leaf(envelope, event, &book.identity) {
            Ok(leaf) => leaf.into(),
            Err(reason) => return self.unappliable(turn, reason, Some(event.event_id)),
        };
        let position = position(&self.meta, turn.record);
        let beside = Beside { event_id: Some(&event.event_id), opening, body };
        let index = book.append(&mut turn.batch, position, self.meta.time_ns, detail, Some(beside));
        book.count(Taken::Recorded);
        turn.applied.recorded += 1;
        source.iter().for_each(|(source, offset)| self.coverage.count(source, *offset, Taken::Recorded));
        self.derive(turn, envelope, event, index)
    }

    fn derive(
        &mut self,
        turn: &mut Turn<'_, '_>,
        envelope: &Envelope<'_>,
        event: &Event<'_>,
        leaf: u64,
    ) -> Result<(), Halt> {
        let Some(facts) = &event.facts else { return self.fault(turn, "the envelope carries no facts") };
        let Some(book) = self.books.get(envelope.tenant) else {
            return self.outside_reason(turn, refusal::UNKNOWN_TENANT);
        };
        let accepted = Accepted {
            tenant: envelope.tenant,
            position: fold::Position {
                incarnation: envelope.incarnation,
                partition: i32::try_from(self.meta.partition).unwrap_or(i32::MAX),
                offset: i64::try_from(turn.record.offset).unwrap_or(i64::MAX),
            },
            event_id: EventId(event.event_id),
            leaf,
            received_at_ns: envelope.received_at_ns,
            mode: envelope.mode,
            facts,
        };
        // Before the first tick the log has no time of its own: the event's receipt stands in, a value of the log too.
        let time_ns = if self.meta.time_ns > 0 { self.meta.time_ns } else { envelope.received_at_ns };
        let mut graph = turn.batch.graph(book.row.number);
        let folded = fold::apply(&mut graph, &accepted, time_ns, &self.settings.alerts, &book.known);
        let folded = folded.map_err(|error| Halt::store(self.meta.partition, &error))?;
        for alert in &folded.alerts {
            self.tell(turn, alert, envelope.received_at_ns);
        }
        Ok(())
    }

    /// Remembers that an offset was recorded and could not be derived.
    fn fault(&self, turn: &mut Turn<'_, '_>, what: &str) -> Result<(), Halt> {
        turn.applied.faults += 1;
        turn.batch.put(Table::Faults, &turn.record.offset.to_be_bytes(), what.as_bytes());
        Ok(())
    }

    /// Puts a row into the outbox.
    fn send(&self, turn: &mut Turn<'_, '_>, outgoing: &Outgoing) {
        let key = OutboxKey { offset: turn.record.offset, ordinal: turn.ordinal };
        tables::put(&mut turn.batch, &key.bytes(), outgoing);
        turn.ordinal += 1;
    }

    fn halt(&self, reason: impl Into<String>, remedy: impl Into<String>) -> Halt {
        Halt::new(self.meta.partition, reason, remedy)
    }
}

/// The identity key of a tenant, which every process that records it must hold.
fn identity(keyring: &Keyring, partition: u32, tenant: &Tenant) -> Result<ledger::key::IdentityKey, Halt> {
    keyring.identity(tenant).cloned().ok_or_else(|| {
        let reason = format!("the identity key of tenant {} is missing", tenant.as_str());
        Halt::new(partition, reason, "Copy the key folder of the deployment here, or run `ledgerline keys init`.")
    })
}

/// Where a record stands.
fn position(meta: &Meta, record: &Record) -> Position {
    Position {
        incarnation: Hex(meta.incarnation.unwrap_or_default()),
        partition: meta.partition,
        offset: record.offset,
    }
}

/// What tells one record from another at the same offset: its key, its length and its first bytes, which hold the MAC
/// of an envelope.
fn digest(record: &Record) -> [u8; 32] {
    const HEAD_BYTES: usize = 64;
    let value = record.value.as_deref().unwrap_or_default();
    let mut hasher = ledger::digest::Hasher::new(ledger::digest::RECORD);
    hasher.field(record.key.as_deref().unwrap_or_default()).field(&(value.len() as u64).to_be_bytes());
    hasher.field(&value[..value.len().min(HEAD_BYTES)]);
    hasher.finish()
}

/// An alert as CloudEvents' Kafka binary binding has it, with the trace that its record came with.
fn alert_record(alert: &AlertMessage, ledger_name: &str, record: &Record, received_at_ns: i64) -> Outgoing {
    let trace = TraceParent::find(record.headers.iter().map(|header| (&*header.name, &*header.value)));
    let trace = trace.map(|trace| (TRACEPARENT.to_owned(), trace.to_string()));
    let attributes = alert_attributes(alert, ledger_name).into_iter().chain(trace);
    let (key, body) = (alert.id.clone(), Some(alert.to_json()));
    Outgoing::Alert { key, attributes: attributes.collect(), body, received_at_ns }
}

/// CloudEvents' attributes of an alert's message, as headers.
pub(crate) fn alert_attributes(alert: &AlertMessage, ledger_name: &str) -> Vec<(String, String)> {
    let attribute = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        attribute("ce_specversion", "1.0"),
        attribute("ce_id", &alert.ce_id()),
        attribute("ce_type", &format!("dev.ledgerline.alert.{}", alert.rule)),
        attribute("ce_source", &format!("{ledger_name}/{}", alert.tenant)),
        attribute("ce_subject", &alert.subject.node),
        attribute("ce_time", &alert.changed_at),
        attribute("content-type", "application/json"),
    ]
}

#[cfg(test)]
pub(crate) mod tests;
