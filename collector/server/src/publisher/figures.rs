//! What is measured of publishing. Never influences what is published.

use std::time::Duration;

use lineage::alert::AlertMessage;
use lineage::row::AlertState;
use lineage::rule::{RULES, Severity};
use store::tables::{OutboxKey, Outgoing};

use super::{PublishError, Publisher};
use crate::metrics::{AlertLabel, StageLabel, TopicLabel, stage};
use crate::recorder::{ALERT_TEST, LEDGER_INTEGRITY, LEDGER_KEY, REFUSED_RECORD};

impl Publisher {
    /// Syncs the store.
    pub(super) fn sync(&self) -> Result<(), PublishError> {
        let began = self.clock.monotonic();
        self.store.sync().map_err(|error| self.broken(error))?;
        self.metrics.store.sync_seconds.observe(self.since(began));
        Ok(())
    }

    /// Counts what a transaction has carried, of these rows; it `began` then.
    pub(super) fn count(&self, rows: &[(OutboxKey, Outgoing)], began: Duration) {
        let figures = &self.metrics.publisher;
        let sent = |topic, count: u64| figures.records.get_or_create(&TopicLabel { topic }).inc_by(count);
        let (mut alerts, mut checkpoints) = (0, 0);
        for (_, row) in rows.iter().filter(|(key, _)| self.is_unsent(*key)) {
            match row {
                Outgoing::Checkpoint { .. } => checkpoints += 1,
                Outgoing::Alert { body, received_at_ns, .. } => {
                    alerts += 1;
                    if *received_at_ns > 0 {
                        let waited_ns = self.clock.now_ns().saturating_sub(*received_at_ns).max(0);
                        figures.event_to_alert_seconds.observe(waited_ns as f64 / 1e9);
                    }
                    let label = body.as_deref().and_then(|body| serde_json::from_slice(body).ok());
                    let label = label.map(|message: AlertMessage| label_of(&message));
                    if let Some(label) = label {
                        self.metrics.alerts.messages.get_or_create(&label).inc();
                    }
                }
            }
        }
        sent("lineage.alerts", alerts);
        sent("lineage.checkpoints", checkpoints);
        sent("lineage.recorders", 1);
        let label = StageLabel { stage: stage::PUBLISH };
        self.metrics.recorder.stage_seconds.get_or_create(&label).observe(self.since(began));
    }

    fn since(&self, began: Duration) -> f64 {
        self.clock.monotonic().saturating_sub(began).as_secs_f64()
    }
}

/// A severity's name.
pub(crate) fn name_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

/// The label of a message: its rule is one of ours, so that there are few.
pub(crate) fn label_of(message: &AlertMessage) -> AlertLabel {
    let known = RULES.iter().map(|(rule, _)| *rule).chain([ALERT_TEST, LEDGER_INTEGRITY, LEDGER_KEY, REFUSED_RECORD]);
    AlertLabel {
        rule: known.into_iter().find(|rule| *rule == message.rule).unwrap_or("other"),
        severity: name_of(message.severity),
        state: match message.state {
            AlertState::Firing => "firing",
            AlertState::Updated => "updated",
            AlertState::Resolved => "resolved",
        },
    }
}
