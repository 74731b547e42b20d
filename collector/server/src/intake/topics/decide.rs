//! What becomes of each record of an input topic: an envelope, or a refusal with its original. Never appends: it fills the batch.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::Tenant;
use lineage::envelope::{Mode, Source};
use lineage::finding::{Finding, Grade};
use tracing::Span;

use super::TopicIntake;
use super::flight::{Batch, Origin};
use crate::intake::desk::{Channel, Prepared, envelope_record};
use crate::intake::rejected::{self, Refused};
use crate::log::Record;
use crate::metrics::{CodeLabel, OutcomeLabel, StageLabel, stage};
use crate::telemetry::{TRACEPARENT, TraceParent, follow};

impl TopicIntake {
    /// Decides a batch and hands it to the log.
    pub(super) fn decide(&mut self, records: Vec<Record>) {
        let began = self.parts.clock.monotonic();
        let received_at_ns = self.parts.clock.now_ns();
        self.parts.metrics.intake.batch_records.observe(records.len() as f64);
        let mut batch = Batch::default();
        let mut refused: Vec<Refused> = Vec::new();
        for record in &records {
            self.one(record, received_at_ns, &mut batch, &mut refused);
            batch.read(record);
        }
        self.refuse(&refused, &mut batch);
        let now = self.parts.clock.monotonic();
        let label = StageLabel { stage: stage::DECODE };
        let took = now.saturating_sub(began).as_secs_f64();
        self.parts.metrics.recorder.stage_seconds.get_or_create(&label).observe(took);
        self.flight.begin(self.appender.as_ref(), batch, now);
    }

    fn one(&mut self, record: &Record, received_at_ns: i64, batch: &mut Batch, refused: &mut Vec<Refused>) {
        let name = self.parts.settings.tenant_of_topic(&record.topic);
        let tenant = Tenant::parse(name).expect("configuration has checked the names of tenants");
        let payload = record.value.clone().unwrap_or_default();
        self.parts.metrics.intake.payload_bytes.inc_by(payload.len() as u64);
        let mut opening = [0; 32];
        self.parts.random.fill(&mut opening);
        let source = Source {
            topic: &record.topic,
            partition: i32::try_from(record.partition).unwrap_or(i32::MAX),
            offset: i64::try_from(record.offset).unwrap_or(i64::MAX),
            timestamp_ms: record.timestamp_ms,
        };
        let channel = Channel {
            tenant: &tenant,
            principal: None,
            source: Some(source),
            mode: Mode::Live,
            received_at_ns,
            opening,
        };
        let (span, traceparent) = trace(record);
        let _entered = span.enter();
        let finding = match self.preparer.prepare(&payload, &channel) {
            Prepared::Sealed(sealed) => {
                for finding in &sealed.findings {
                    self.parts.metrics.intake.findings.get_or_create(&CodeLabel::of(&finding.code)).inc();
                }
                let topic = &self.parts.names.events;
                let mut envelope = envelope_record(topic, sealed.partition, tenant.as_str(), sealed.envelope);
                if let Some(parent) = traceparent {
                    envelope = envelope.header(TRACEPARENT, parent.to_string());
                }
                batch.push(envelope, Origin::Event(Box::new(record.clone())));
                self.count("accepted");
                return;
            }
            Prepared::Rejected(rejection) => rejection.finding,
            Prepared::UnknownTenant => unreachable_tenant(&tenant),
        };
        self.count("rejected");
        self.parts.metrics.intake.rejected.get_or_create(&CodeLabel::of(&finding.code)).inc();
        refused.push(self.refusal(record, tenant, finding, received_at_ns, traceparent));
    }

    fn refusal(
        &self,
        record: &Record,
        tenant: Tenant,
        finding: Finding,
        received_at_ns: i64,
        traceparent: Option<TraceParent>,
    ) -> Refused {
        Refused {
            tenant,
            topic: Arc::clone(&record.topic),
            partition: i32::try_from(record.partition).unwrap_or(i32::MAX),
            offset: i64::try_from(record.offset).unwrap_or(i64::MAX),
            timestamp_ms: Some(record.timestamp_ms),
            received_at_ns,
            principal: None,
            key: record.key.clone(),
            payload: record.value.clone().unwrap_or_default(),
            finding,
            traceparent,
        }
    }

    /// Adds the originals of refused events, and one report per tenant and source partition.
    fn refuse(&self, refused: &[Refused], batch: &mut Batch) {
        let (desk, names) = (&self.parts.desk, &self.parts.names);
        let mut groups: BTreeMap<(&Tenant, &str, i32), Vec<&Refused>> = BTreeMap::new();
        for one in refused {
            batch.push(one.record(desk, &names.rejected), Origin::Ours);
            groups.entry((&one.tenant, &one.topic, one.partition)).or_default().push(one);
        }
        for rows in groups.values() {
            let mut key = [0; 16];
            self.parts.random.fill(&mut key);
            for report in rejected::report(desk, &names.events, rows, key) {
                batch.push(report, Origin::Ours);
            }
        }
    }

    /// Envelopes that the log will never take: their events are refused instead.
    pub(super) fn too_large(&mut self, records: &[Record]) {
        let received_at_ns = self.parts.clock.now_ns();
        let refusal = |record: &Record| {
            let name = self.parts.settings.tenant_of_topic(&record.topic);
            let tenant = Tenant::parse(name).expect("configuration has checked the names of tenants");
            self.refusal(record, tenant, over_sized(), received_at_ns, None)
        };
        let refused: Vec<Refused> = records.iter().map(refusal).collect();
        let mut batch = Batch::default();
        self.refuse(&refused, &mut batch);
        self.flight.amend(self.appender.as_ref(), batch);
    }

    fn count(&self, outcome: &'static str) {
        self.parts.metrics.intake.events.get_or_create(&OutcomeLabel::of("kafka", outcome)).inc();
    }
}

/// The trace that goes on with an event: a span of ours within the sender's; the sender's own where traces are off; none where
/// it sent none.
fn trace(record: &Record) -> (Span, Option<TraceParent>) {
    let sender = TraceParent::find(record.headers.iter().map(|header| (&*header.name, &*header.value)));
    if sender.is_none() {
        return (Span::none(), None);
    }
    let span = tracing::info_span!("take", topic = %record.topic, partition = record.partition, offset = record.offset);
    follow(&span, sender);
    let traceparent = TraceParent::of(&span).or(sender);
    (span, traceparent)
}

fn finding(code: &str, message: String) -> Finding {
    Finding { grade: Grade::Reject, code: code.to_owned(), path: "$".to_owned(), message }
}

fn over_sized() -> Finding {
    let message = "The log does not take an envelope of this size; send less in one event.";
    finding("envelope-too-large", message.to_owned())
}

fn unreachable_tenant(tenant: &Tenant) -> Finding {
    finding("unknown-tenant", format!("Tenant {tenant} has no identity key; run `ledgerline keys init`, then replay."))
}
