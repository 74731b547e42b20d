//! Alerts that one generation of the rules has published against those that another has derived: compared once, at the watermark,
//! when a store of this generation takes over from an owner of another. What fires there only is resolved, what fires here only
//! is fired, in the transaction that stamps the watermark with the new generation. Never touches what lies beyond the watermark.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use lineage::alert::AlertMessage;
use lineage::row::key::{AlertKey, prefix};
use lineage::row::{self, AlertRow, AlertState, OpenAlertRow};
use store::tables::{self, Meta, OutboxKey, Outgoing, Row};
use store::{Read, Scan, Table};

use super::outgoing::{self, POSITION, parse};
use super::{PublishError, Publisher, Watermark};
use crate::log::{NewRecord, Start};
use crate::recorder::{ALERT_TEST, LEDGER_INTEGRITY, LEDGER_KEY, REFUSED_RECORD, alert_attributes};

/// Open alerts of one tenant that are compared.
const OPEN_MAX: usize = 100_000;
/// Why an alert that fires there only ends.
const RULE_CHANGED: &str = "rule changed";

type Alerts = BTreeMap<String, AlertMessage>;

impl Publisher {
    /// Compares, where the watermark was written under other rules. Gives false while the store has not come to the watermark.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn reconcile(&mut self) -> Result<bool, PublishError> {
        let other = self.found_mark.clone().filter(|mark| mark.generation != self.settings.generation);
        let Some(mark) = other else { return Ok(true) };
        let meta = tables::get::<Meta>(&self.store, &[]).map_err(|error| self.broken(error))?;
        let Some(meta) = meta.filter(|meta| meta.next_offset >= mark.next_offset) else { return Ok(false) };
        let (records, count) = self.differences(&meta, &mark)?;
        let Some(mut transactor) = self.transactor.take() else {
            return Err(PublishError::Recover("not recovered yet".to_owned()));
        };
        // The commit point: from here on the watermark is of this generation, and this is not done again.
        self.published = self.commit(transactor.as_mut(), &meta, records, self.published.next_offset)?;
        self.transactor = Some(transactor);
        let (partition, from, to) = (self.partition, mark.generation, self.settings.generation);
        tracing::info!(
            partition,
            from,
            to,
            alerts = count,
            "alerts are reconciled with those of another generation of the rules"
        );
        self.found_mark = Some(Watermark { generation: to, ..mark });
        Ok(true)
    }

    fn differences(&self, meta: &Meta, mark: &Watermark) -> Result<(Vec<NewRecord>, usize), PublishError> {
        let there = self.published_alerts(meta)?;
        // In this order: an alert that is opened in between is among the unsent, not among the open.
        let open = self.open_alerts()?;
        let unsent = self.unsent(mark.next_offset)?;
        let is_open_there = |id: &str| there.get(id).is_some_and(|message| message.state != AlertState::Resolved);
        let is_open_here = |id: &str| match unsent.get(id) {
            Some(first) => *first != AlertState::Firing,
            None => open.contains_key(id),
        };
        let mut messages = Vec::new();
        for (id, message) in there.iter().filter(|(id, _)| is_open_there(id) && !is_open_here(id)) {
            let mut ended = message.clone();
            ended.resolve_at(RULE_CHANGED, there[id].sequence.saturating_add(1));
            messages.push(ended);
        }
        // One that is resolved beyond the watermark is over before anybody could act on it.
        let fires = |id: &str| is_open_here(id) && unsent.get(id) != Some(&AlertState::Resolved);
        for (id, message) in open.iter().filter(|(id, _)| fires(id) && !is_open_there(id)) {
            let sequence = there.get(id).map_or(0, |past| past.sequence.saturating_add(1)).max(message.sequence);
            messages.push(AlertMessage { state: AlertState::Firing, sequence, ..message.clone() });
        }
        let offset = mark.next_offset.saturating_sub(1);
        let record = |(number, message): (u32, &AlertMessage)| {
            // Below the watermark, and no ordinal that a row of that offset has.
            let key = OutboxKey { offset, ordinal: u32::MAX - number };
            let position = outgoing::position(meta, self.partition, key);
            let mut attributes = alert_attributes(message, &meta.ledger_name);
            attributes.push((
                "ledgerline-reconciled".to_owned(),
                format!("{} to {}", mark.generation, self.settings.generation),
            ));
            outgoing::alert(&self.settings.alerts, &position, &message.id, &attributes, Some(&message.to_json()))
        };
        Ok(((0..).zip(&messages).map(record).collect(), messages.len()))
    }

    /// The newest message of each alert of this partition that a rule about the data has published.
    fn published_alerts(&self, meta: &Meta) -> Result<Alerts, PublishError> {
        let topic = &self.settings.alerts;
        let mut newest = Alerts::new();
        for partition in 0..self.log.partitions(topic).map_err(|error| self.reading(error))? {
            self.read(topic, partition, Start::Earliest, |record| {
                let position = record.header(POSITION).and_then(|value| std::str::from_utf8(value).ok());
                let ours = position.is_some_and(|position| parse(position, meta, self.partition).is_some());
                let message = record.value.as_deref().filter(|_| ours);
                let message = message.and_then(|value| serde_json::from_slice::<AlertMessage>(value).ok());
                if let Some(message) = message.filter(|message| {
                    ![ALERT_TEST, LEDGER_INTEGRITY, LEDGER_KEY, REFUSED_RECORD].contains(&&*message.rule)
                }) {
                    newest.insert(message.id.clone(), message);
                }
            })?;
        }
        Ok(newest)
    }

    /// Alerts that are open in the store, whatever of it has been sent.
    fn open_alerts(&self) -> Result<Alerts, PublishError> {
        let mut open = Alerts::new();
        for (_, tenant) in tables::tenants(&self.store).map_err(|error| self.broken(error))? {
            let graph = self.store.graph(tenant.number);
            let rows =
                row::scan::<OpenAlertRow, _>(&graph, &prefix(&[]), OPEN_MAX).map_err(|error| self.broken(error))?;
            for (key, _) in rows {
                let row = row::get::<AlertRow, _>(&graph, &AlertKey { alert: key.alert })
                    .map_err(|error| self.broken(error))?;
                let message = row.and_then(|row| serde_json::from_slice::<AlertMessage>(&row.body).ok());
                open.extend(message.map(|message| (message.id.clone(), message)));
            }
        }
        Ok(open)
    }

    /// The state in the first message of each alert that is still to be sent.
    fn unsent(&self, from: u64) -> Result<BTreeMap<String, AlertState>, PublishError> {
        let mut first = BTreeMap::new();
        let scanned = self.store.scan(Scan::prefix(Table::Outbox, &[]), &mut |key, value| {
            if let (Some(key), Some(Outgoing::Alert { body: Some(body), .. })) =
                (OutboxKey::parse(key), Outgoing::decode(value))
                && key.offset >= from
                && let Ok(message) = serde_json::from_slice::<AlertMessage>(&body)
            {
                first.entry(message.id).or_insert(message.state);
            }
            ControlFlow::Continue(())
        });
        scanned.map_err(|error| self.broken(error))?;
        Ok(first)
    }
}
