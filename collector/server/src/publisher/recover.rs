//! Taking over: fence, read the watermark back, find what is already published, and only then publish.

use std::sync::Arc;

use ledger::leaf::Hex;
use store::failpoint;
use store::tables::{self, Meta, OutboxKey, PublishedRow};

use super::outgoing::{POSITION, parse};
use super::{PublishError, Publisher, Watermark, advance};
use crate::log::{CommitError, Record, Start, Whole};

impl Publisher {
    /// Fences the former owner, settles what it left open, and learns from the log what is published. Nothing is published before
    /// [`Publisher::compare`] agrees.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn recover(&mut self) -> Result<(), PublishError> {
        let meta = tables::get::<Meta>(&self.store, &[]).map_err(|error| self.broken(error))?;
        let Some(meta) = meta.filter(|meta| meta.incarnation.is_some()) else {
            return Err(PublishError::Recover("the partition has no genesis record yet".to_owned()));
        };
        let mut id = format!("{}ledgerline-publisher-{}", self.settings.deployment, self.partition);
        // A broken build, for the tests whose oracle must notice: nobody fences it.
        if failpoint::hit("publisher.unfenced") {
            id = format!("{id}-{}", self.settings.node);
        }
        let mut transactor = self.log.transactor(&id).map_err(|error| self.reading(error))?;
        transactor.init().map_err(|error| match error {
            CommitError::Halt { what } => self.stop(what),
            error => PublishError::Recover(error.to_string()),
        })?;
        let watermark = self.watermark(&meta)?;
        let known = tables::get::<PublishedRow>(&self.store, &[]).map_err(|error| self.broken(error))?;
        let compared = known.map(|row| row.compared).unwrap_or_default();
        self.published = match &watermark {
            // Nobody knows any more what is published: all of it is looked at.
            None => PublishedRow::default(),
            Some(mark) => {
                let mut delivered = Vec::new();
                mark.delivered.iter().for_each(|place| advance(&mut delivered, place.partition, place.next_offset));
                PublishedRow { next_offset: mark.next_offset, delivered, compared }
            }
        };
        // A broken build, for the tests whose oracle must notice: it believes its store instead of the log.
        if failpoint::hit("publisher.forgetful") {
            let known = tables::get::<PublishedRow>(&self.store, &[]).map_err(|error| self.broken(error))?;
            self.published = known.unwrap_or_default();
            self.found.clear();
            self.transactor = Some(transactor);
            return Ok(());
        }
        self.found_mark = watermark;
        self.found.clear();
        let partitions = self.log.partitions(&self.settings.alerts).map_err(|error| self.reading(error))?;
        for partition in 0..partitions {
            self.look(&meta, partition)?;
        }
        self.look_for_checkpoints(&meta)?;
        // Rows are published in order and an offset's together: with no watermark the last one found stands for all before it,
        // and the next watermark says so.
        if self.found_mark.is_none()
            && let Some(last) = self.found.last()
        {
            self.published.next_offset = last.offset + 1;
        }
        self.transactor = Some(transactor);
        Ok(())
    }

    /// The newest watermark of this partition and incarnation.
    fn watermark(&self, meta: &Meta) -> Result<Option<Watermark>, PublishError> {
        let incarnation = Hex(meta.incarnation.unwrap_or_default()).to_string();
        let key = self.partition.to_string();
        let mut newest = None;
        for partition in 0..self.log.partitions(&self.settings.recorders).map_err(|error| self.reading(error))? {
            self.read(&self.settings.recorders, partition, Start::Earliest, |record| {
                let ours = record.key.as_deref() == Some(key.as_bytes());
                let mark = record
                    .value
                    .as_deref()
                    .filter(|_| ours)
                    .and_then(|value| serde_json::from_slice::<Watermark>(value).ok());
                newest =
                    mark.filter(|mark| meta.incarnation.is_none() || mark.incarnation == incarnation).or(newest.take());
            })?;
        }
        Ok(newest)
    }

    /// Skips what an alert partition holds beyond the watermark, and moves the place from which the next one looks.
    fn look(&mut self, meta: &Meta, partition: u32) -> Result<(), PublishError> {
        let range = self.log.range(&self.settings.alerts, partition).map_err(|error| self.reading(error))?;
        let known = self
            .published
            .delivered
            .iter()
            .find(|(known, _)| *known == partition)
            .map_or(range.start, |(_, next)| *next);
        let (mut found, mut next) = (Vec::new(), known.clamp(range.start, range.end));
        self.read(&self.settings.alerts, partition, Start::At(next), |record| {
            next = record.offset + 1;
            found.extend(self.position_of(record, meta));
        })?;
        self.find(found);
        advance(&mut self.published.delivered, partition, next);
        Ok(())
    }

    /// The row of this partition that a published record was made from.
    pub(super) fn position_of(&self, record: &Record, meta: &Meta) -> Option<OutboxKey> {
        let text = std::str::from_utf8(record.header(POSITION)?).ok()?;
        parse(text, meta, self.partition)
    }

    /// These are published, whatever the watermark says.
    pub(super) fn find(&mut self, found: Vec<OutboxKey>) {
        self.found.extend(found.into_iter().filter(|key| key.offset >= self.published.next_offset));
    }

    /// Reads committed records of one partition up to its end.
    pub(super) fn read(
        &self,
        topic: &Arc<str>,
        partition: u32,
        start: Start,
        mut visit: impl FnMut(&Record),
    ) -> Result<(), PublishError> {
        let read = Whole::each((self.log.as_ref(), topic, partition), start, |record| {
            visit(record);
            Ok(())
        });
        read.map_err(|error| self.reading(error))
    }
}
