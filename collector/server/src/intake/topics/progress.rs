//! How far intake is in each source: what rules about absence wait for. Owns the records that say so; each stands behind all
//! that it speaks of.

use std::time::Duration;

use ledger::Tenant;
use ledger::leaf::Hex;
use lineage::envelope::{Envelope, Gap, Kind, Progress};

use super::flight::{Batch, Origin};
use super::{Sources, TopicIntake, label, signed};
use crate::intake::desk::{blank, envelope_record};
use crate::log::TopicPartition;

impl TopicIntake {
    /// Writes how far each source is, at the interval of ticks.
    pub(super) fn tell_progress(&mut self, sources: &Sources) {
        let now = self.parts.clock.monotonic();
        if now < self.progress_at {
            return;
        }
        self.progress_at = now + Duration::from_millis(self.parts.progress_interval_ms);
        let heads: Vec<_> = self.heads.iter().map(|(source, head)| (source.clone(), *head)).collect();
        for (source, head) in heads.into_iter().filter(|(source, _)| sources.holds(source)) {
            // Asked before the end is: what is produced in between is later than this.
            let now_ns = self.parts.clock.now_ns();
            let end = self.parts.log.range(&source.topic, source.partition).map_or(head.next, |range| range.end);
            let lag = end.saturating_sub(head.next);
            self.parts.metrics.intake.lag_records.get_or_create(&label(&source)).set(signed(lag));
            let caught_up_to_ns = if lag == 0 { now_ns } else { head.newest_ms.saturating_mul(1_000_000) };
            self.progress(&source, head.next, caught_up_to_ns, None);
        }
    }

    /// Appends a progress record. It speaks of what is durable already, so that it stands behind all that it speaks of.
    pub(super) fn progress(
        &mut self,
        source: &TopicPartition,
        next_offset: u64,
        caught_up_to_ns: i64,
        gap: Option<Gap>,
    ) {
        let home = self.parts.desk.homes.of(self.parts.settings.tenant_of_topic(&source.topic));
        let own = Tenant::partition(home.partition);
        let envelope = Envelope {
            progress: Some(Progress {
                topic: &source.topic,
                partition: i32::try_from(source.partition).unwrap_or(i32::MAX),
                next_offset: signed(next_offset),
                caught_up_to_ns,
                gap,
            }),
            ..blank(Kind::Progress, own.as_str(), home.incarnation, self.parts.clock.now_ns())
        };
        match self.parts.desk.seal(&envelope) {
            Ok(sealed) => {
                let topic = &self.parts.names.events;
                let record = envelope_record(topic, home.partition, own.as_str(), sealed);
                let mut batch = Batch::default();
                batch.push(record, Origin::Ours);
                self.flight.begin(self.appender.as_ref(), batch, self.parts.clock.monotonic());
            }
            Err(error) => tracing::error!(%error, incarnation = %Hex(home.incarnation), "progress can't be sealed"),
        }
    }
}
