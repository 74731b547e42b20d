//! What survived of the lost ledger, in the order in which it was recorded: events that only stores hold and that came before
//! the log's beginning, the log, and events that only stores hold and that came after its end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::Tenant;
use ledger::leaf::{self, Detail, Hex, Leaf, SourcePosition};
use lineage::envelope::{Kind, Mode, Source};
use lineage::frame::{self, Opened};
use store::tables::{self, LeafKey, Meta, PublishedRow};
use store::{Store, StoreOptions};

use super::target::Target;
use super::{RecoverError, Recovery, Told};
use crate::intake::{Channel, Desk, Prepared, Preparer};
use crate::log::{LogError, Range, Record, Start, Whole};
use crate::publisher::Watermark;

/// Memory that reading a store may take.
const CACHE_BYTES: usize = 8 << 20;
const MEMTABLE_BYTES: usize = 1 << 20;

/// The lost ledger.
pub(super) struct Survivors<'a> {
    recovery: &'a Recovery<'a>,
    stores: Vec<(PathBuf, Store)>,
    /// What the lost log still holds, by partition, and the life of the topic that it belongs to.
    log: Vec<(Option<Hex<16>>, Range)>,
    told: Vec<Told>,
    tenants: BTreeSet<String>,
}

/// Counted by why a record has no place in the new ledger.
type LeftBehind = BTreeMap<&'static str, u64>;

impl<'a> Survivors<'a> {
    /// Opens the stores, and looks at what the log holds.
    pub fn open(recovery: &'a Recovery<'a>) -> Result<Self, RecoverError> {
        let (mut stores, mut told, mut tenants) = (Vec::new(), Vec::new(), BTreeSet::new());
        for path in recovery.stores {
            let broken = |error| RecoverError::Store { path: path.clone(), error };
            // To be read alone: the lost ledger stays as it is.
            let store = Store::open_copy(path, &StoreOptions::new(CACHE_BYTES, MEMTABLE_BYTES)).map_err(broken)?;
            tenants.extend(tables::tenants(&store).map_err(broken)?.into_iter().map(|(name, _)| name));
            let meta = tables::get::<Meta>(&store, &[]).map_err(broken)?;
            let published = tables::get::<PublishedRow>(&store, &[]).map_err(broken)?;
            if let (Some(meta), Some(published)) = (meta, published)
                && let Some(incarnation) = meta.incarnation
            {
                let next_offset = published.next_offset;
                told.push(Told { incarnation: Hex(incarnation), partition: meta.partition, next_offset });
            }
            stores.push((path.clone(), store));
        }
        let mut survivors = Survivors { recovery, stores, log: Vec::new(), told, tenants };
        let mut told = std::mem::take(&mut survivors.told);
        survivors.each(&recovery.lost.recorders, |record| told.extend(told_by(record)))?;
        survivors.told = told;
        survivors.look_at_log()?;
        Ok(survivors)
    }

    /// Tenants that stores and log name.
    pub fn tenants(&self) -> impl Iterator<Item = &str> {
        self.tenants.iter().map(String::as_str)
    }

    /// The stores that were opened.
    pub fn stores(&self) -> impl Iterator<Item = (&Path, &Store)> {
        self.stores.iter().map(|(path, store)| (path.as_path(), store))
    }

    /// Hands everything over, in order. Gives what has no place in the new ledger.
    pub fn hand_over(&self, desk: &Arc<Desk>, target: &mut Target<'_>) -> Result<LeftBehind, RecoverError> {
        let mut left = LeftBehind::new();
        let mut preparer = Preparer::new(Arc::clone(desk));
        self.take_stores(&mut preparer, target, &mut left, false)?;
        for partition in 0..self.log.len() {
            self.take_log(u32::try_from(partition).unwrap_or(u32::MAX), target, &mut left)?;
        }
        self.take_stores(&mut preparer, target, &mut left, true)?;
        Ok(left)
    }

    fn partitions(&self, topic: &str) -> Result<u32, RecoverError> {
        match self.recovery.from.partitions(topic) {
            Err(LogError::NoTopic { .. }) => Ok(0),
            partitions => Ok(partitions?),
        }
    }

    /// Shows `take` every record of a topic of the lost ledger; none where there is no such topic.
    pub fn each(&self, topic: &str, mut take: impl FnMut(&Record)) -> Result<(), RecoverError> {
        for partition in 0..self.partitions(topic)? {
            Whole::each((self.recovery.from, topic, partition), Start::Earliest, |record| {
                take(record);
                Ok::<_, RecoverError>(())
            })?;
        }
        Ok(())
    }

    /// Which life of each partition the log holds, and the tenants that it names.
    fn look_at_log(&mut self) -> Result<(), RecoverError> {
        let topic = &self.recovery.lost.events;
        for partition in 0..self.partitions(topic)? {
            let range = self.recovery.from.range(topic, partition)?;
            let mut incarnation = None;
            let mut tenants = std::mem::take(&mut self.tenants);
            self.envelopes(partition, range, |_, opened| {
                if let Opened::Envelope(envelope) = opened {
                    incarnation.get_or_insert(Hex(envelope.incarnation));
                    if !tenants.contains(envelope.tenant) {
                        tenants.insert(envelope.tenant.to_owned());
                    }
                }
                Ok(())
            })?;
            self.tenants = tenants;
            self.log.push((incarnation, range));
        }
        Ok(())
    }

    fn envelopes(
        &self,
        partition: u32,
        range: Range,
        mut take: impl FnMut(u64, Opened<'_>) -> Result<(), RecoverError>,
    ) -> Result<(), RecoverError> {
        let topic = &self.recovery.lost.events;
        Whole::each((self.recovery.from, topic, partition), Start::At(range.start), |record| {
            let value = record.value.as_deref().unwrap_or_default();
            take(record.offset, frame::open(value, self.recovery.keyring.intake_keys()))
        })
    }

    fn take_log(&self, partition: u32, target: &mut Target<'_>, left: &mut LeftBehind) -> Result<(), RecoverError> {
        let (incarnation, range) = self.log[partition as usize];
        self.envelopes(partition, range, |offset, opened| {
            let envelope = match opened {
                Opened::Envelope(envelope) => Ok(envelope),
                Opened::Foreign => Err("not ours"),
                Opened::Newer { .. } => Err("of a newer version"),
                Opened::Refused(_) => Err("not authentic"),
            };
            let envelope = envelope.and_then(|envelope| match envelope.kind {
                Kind::Event | Kind::Tick | Kind::Rejections => Ok(envelope),
                Kind::Progress => Err("progress of a source, which is read again"),
                Kind::Control => Err("control records of the lost ledger"),
            });
            let envelope = match envelope {
                Ok(envelope) => envelope,
                Err(why) => {
                    *left.entry(why).or_default() += 1;
                    return Ok(());
                }
            };
            let published = incarnation.is_none_or(|life| self.is_published(life, partition, offset));
            target.put(*envelope, published)
        })
    }

    /// Events that only stores hold: those before the log's beginning, or those after its end.
    fn take_stores(
        &self,
        preparer: &mut Preparer,
        target: &mut Target<'_>,
        left: &mut LeftBehind,
        after: bool,
    ) -> Result<(), RecoverError> {
        for (path, store) in &self.stores {
            let broken = |error| RecoverError::Store { path: path.clone(), error };
            for (name, row) in tables::tenants(store).map_err(broken)? {
                let Ok(tenant) = Tenant::parse(&name) else { continue };
                for index in 0..row.size {
                    let key = LeafKey { tenant: row.number, index };
                    let leaf = tables::leaf_at(store, key).map_err(broken)?.and_then(|leaf| leaf::decode(&leaf).ok());
                    let Some(Leaf { position, detail: Detail::Event(event), .. }) = leaf else { continue };
                    if self.place(&position) != Some(after) {
                        continue;
                    }
                    let opening =
                        tables::opening(store, key).map_err(broken)?.and_then(|opening| opening.try_into().ok());
                    let body = tables::body(store, key).map_err(broken)?;
                    let (Some(opening), Some(body)) = (opening, body) else {
                        *left.entry("events whose body is gone").or_default() += 1;
                        continue;
                    };
                    let channel = Channel {
                        tenant: &tenant,
                        // The leaf holds a pseudonym alone.
                        principal: None,
                        source: event.source.as_ref().and_then(source),
                        mode: mode(event.mode),
                        received_at_ns: event.received_at_ns,
                        opening,
                    };
                    let published = self.is_published(position.incarnation, position.partition, position.offset);
                    match preparer.prepare(&body, &channel) {
                        Prepared::Sealed(sealed) => target.put_sealed(sealed, &name, published)?,
                        Prepared::Rejected(_) | Prepared::UnknownTenant => {
                            *left.entry("events that this build does not take").or_default() += 1;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Where an event lies that was recorded from there: `None` in the log, else whether after its end.
    fn place(&self, position: &leaf::Position) -> Option<bool> {
        match self.log.get(position.partition as usize) {
            Some((Some(life), range)) if *life == position.incarnation => {
                if (range.start..range.end).contains(&position.offset) {
                    None
                } else {
                    Some(position.offset >= range.end)
                }
            }
            // Another life, or no log at all: what was before.
            _ => Some(false),
        }
    }

    /// Whether what follows from a record was published, as far as anybody knows. Where nobody does it counts as published: the
    /// past is not told again.
    fn is_published(&self, incarnation: Hex<16>, partition: u32, offset: u64) -> bool {
        let of_it = self.told.iter().filter(|told| told.incarnation == incarnation && told.partition == partition);
        of_it.map(|told| told.next_offset).max().is_none_or(|next| offset < next)
    }
}

/// What a watermark says.
fn told_by(record: &Record) -> Option<Told> {
    let partition = std::str::from_utf8(record.key.as_deref()?).ok()?.parse().ok()?;
    let mark = serde_json::from_slice::<Watermark>(record.value.as_deref()?).ok()?;
    let incarnation = Hex::parse(&mark.incarnation).ok()?;
    Some(Told { incarnation, partition, next_offset: mark.next_offset })
}

fn source(position: &SourcePosition) -> Option<Source<'_>> {
    Some(Source {
        topic: position.topic.as_str(),
        partition: i32::try_from(position.partition).ok()?,
        offset: i64::try_from(position.offset).ok()?,
        timestamp_ms: position.timestamp_ms.unwrap_or_default(),
    })
}

fn mode(mode: leaf::Mode) -> Mode {
    match mode {
        leaf::Mode::Live => Mode::Live,
        leaf::Mode::Backfill => Mode::Backfill,
        leaf::Mode::Drill => Mode::Drill,
    }
}
