//! Owns every metric's name, help, unit and labels. Never carries an id, a name of a dataset or job, a principal or
//! anything else that grows with the data as a label; never influences what is recorded.
//!
//! A stage holds a clone of the group it writes; all clones share the same counters.

mod groups;
mod labels;

pub use groups::{
    AlertMetrics, BATCH_BUCKETS, HttpMetrics, IntakeMetrics, LATENCY_BUCKETS, PublisherMetrics, RecorderMetrics,
    SnapshotMetrics, StoreMetrics, WitnessMetrics,
};
pub use labels::{
    AlertLabel, CodeLabel, OutcomeLabel, PartitionLabel, RouteLabel, SourceLabel, StageLabel, TableLabel, TopicLabel,
    WitnessLabel, WitnessOutcomeLabel, stage,
};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every metric of a process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// What intake decides.
    pub intake: IntakeMetrics,
    /// What the recorder applies.
    pub recorder: RecorderMetrics,
    /// What leaves the process.
    pub publisher: PublisherMetrics,
    /// What lies on disk.
    pub store: StoreMetrics,
    /// Copies of the stores.
    pub snapshots: SnapshotMetrics,
    /// What witnesses answer.
    pub witnesses: WitnessMetrics,
    /// What is wrong with the data.
    pub alerts: AlertMetrics,
    /// What is asked.
    pub http: HttpMetrics,
}

impl Metrics {
    /// Registers everything once. `version` and `log` (`embedded` or `kafka`) describe the process.
    pub fn new(version: &str, log: &str) -> Self {
        let mut registry = Registry::with_prefix("ledgerline");
        let labels = [("version", version), ("log", log)].map(|(k, v)| (k.to_owned(), v.to_owned()));
        registry.register("build", "What runs", Info::new(labels.to_vec()));
        let metrics = Self {
            registry,
            intake: IntakeMetrics::default(),
            recorder: RecorderMetrics::default(),
            publisher: PublisherMetrics::default(),
            store: StoreMetrics::default(),
            snapshots: SnapshotMetrics::default(),
            witnesses: WitnessMetrics::default(),
            alerts: AlertMetrics::default(),
            http: HttpMetrics::default(),
        };
        metrics.registered()
    }

    /// The text of `/metrics`, in OpenMetrics form.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a String can't fail");
        text
    }

    /// The one place where names stand. Counters get `_total`, units their suffix, by the encoder.
    #[rustfmt::skip]
    fn registered(mut self) -> Self {
        let r = &mut self.registry;

        let m = &self.intake;
        r.register("intake_events", "Events decided by intake, by source and outcome", m.events.clone());
        r.register("intake_rejected", "Events rejected, by first code", m.rejected.clone());
        r.register("intake_findings", "Warnings and notes, by code", m.findings.clone());
        r.register_with_unit("intake_payload", "Bytes of payload decided", Unit::Bytes, m.payload_bytes.clone());
        r.register_with_unit("intake_queue", "Bytes of payload waiting to be durable", Unit::Bytes, m.queue_bytes.clone());
        r.register("intake_batch_records", "Records in a batch of intake", m.batch_records.clone());
        r.register("intake_lag_records", "Records of a source partition not yet read", m.lag_records.clone());
        r.register("intake_pauses", "Times that back-pressure has paused a source partition", m.pauses.clone());
        r.register("intake_paused", "1 while a source partition is paused by back-pressure", m.paused.clone());

        let m = &self.recorder;
        r.register("recorder_records", "Records of lineage.events applied, by outcome", m.records.clone());
        r.register("recorder_underived", "Offsets at which a fact could not be derived", m.underived.clone());
        r.register("recorder_batch_records", "Records in one commit", m.batch_records.clone());
        r.register("recorder_lag_records", "Records of a partition not yet applied", m.lag_records.clone());
        r.register("recorder_leaves", "Leaves in the trees of a partition", m.leaves.clone());
        r.register("recorder_halted", "1 while a partition is halted", m.halted.clone());
        r.register_with_unit("recorder_log_time", "Time of the log, since 1970", Unit::Seconds, m.log_time_seconds.clone());
        r.register_with_unit("stage_duration", "Time one batch takes in a stage", Unit::Seconds, m.stage_seconds.clone());
        r.register_with_unit("event_to_commit", "From received to committed", Unit::Seconds, m.event_to_commit_seconds.clone());

        let m = &self.publisher;
        r.register("publisher_records", "Records published, by topic", m.records.clone());
        r.register("publisher_transactions", "Transactions, by outcome", m.transactions.clone());
        r.register("publisher_outbox_rows", "Rows waiting to be published", m.outbox_rows.clone());
        r.register("publisher_checkpoint_leaves", "Size of the newest published checkpoint", m.checkpoint_leaves.clone());
        r.register_with_unit("event_to_alert", "From received to published", Unit::Seconds, m.event_to_alert_seconds.clone());

        let m = &self.store;
        r.register_with_unit("store_table", "Bytes on disk, by table", Unit::Bytes, m.table_bytes.clone());
        r.register_with_unit("store_disk_free", "Bytes free where the stores lie", Unit::Bytes, m.disk_free_bytes.clone());
        r.register_with_unit("store_sync_duration", "Time a sync takes", Unit::Seconds, m.sync_seconds.clone());

        let m = &self.snapshots;
        r.register_with_unit("snapshot_age", "Time since the newest snapshot of a partition", Unit::Seconds, m.age.clone());
        r.register_with_unit("snapshot_uploaded", "Bytes uploaded for snapshots", Unit::Bytes, m.uploaded_bytes.clone());
        r.register("snapshot_failures", "Snapshots that could not be made", m.failures.clone());

        let m = &self.witnesses;
        r.register("witness_requests", "Checkpoints that a witness was asked to cosign, by outcome", m.requests.clone());
        r.register("witness_failing", "1 while a witness does not answer, or answers wrongly", m.failing.clone());

        let m = &self.alerts;
        r.register("alerts", "Alert messages, by rule, severity and state", m.messages.clone());
        r.register("alerts_firing", "Alerts that fire now, by rule and severity", m.firing.clone());

        let m = &self.http;
        r.register("http_requests", "Requests answered, by route, method and status", m.requests.clone());
        r.register_with_unit("http_request_duration", "Time to answer", Unit::Seconds, m.request_seconds.clone());
        r.register("http_in_flight", "Requests being worked on", m.in_flight.clone());
        r.register_with_unit("http_in_flight_body", "Bytes of bodies held", Unit::Bytes, m.in_flight_bytes.clone());
        r.register("http_connections", "Open connections", m.connections.clone());
        r.register("http_panics", "Handlers that panicked", m.panics.clone());
        r.register("http_forwarded", "Questions passed on to the process that has the partition", m.forwarded.clone());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_names_what_was_counted_and_holds_no_id() {
        let metrics = Metrics::new("0.1.0", "embedded");
        metrics.intake.events.get_or_create(&OutcomeLabel::of("http", "accepted")).inc_by(3);
        metrics.intake.rejected.get_or_create(&CodeLabel::of("not-json")).inc();
        metrics.recorder.stage_seconds.get_or_create(&StageLabel { stage: stage::DECIDE }).observe(0.002);
        let text = metrics.text();
        for line in [
            "ledgerline_build_info{version=\"0.1.0\",log=\"embedded\"} 1",
            "ledgerline_intake_events_total{source=\"http\",outcome=\"accepted\"} 3",
            "ledgerline_intake_rejected_total{code=\"not-json\"} 1",
            "ledgerline_stage_duration_seconds_count{stage=\"decide\"} 1",
        ] {
            assert!(text.contains(line), "{line} is missing from:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn every_metric_is_in_the_guide() {
        let guide = include_str!("../../../../docs/observability.md");
        let text = Metrics::new("0", "embedded").text();
        for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ledgerline_")) {
            let (name, kind) = line.split_once(' ').unwrap();
            let suffix = if kind == "counter" { "_total" } else { "" };
            let suffix = if kind == "info" { "_info" } else { suffix };
            assert!(guide.contains(&format!("`{name}{suffix}`")), "docs/observability.md lacks {name}{suffix}");
        }
    }

    #[test]
    fn every_metric_has_help_and_a_name_of_its_own() {
        let text = Metrics::new("0", "embedded").text();
        let names: Vec<_> = text.lines().filter_map(|l| l.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let helps = text.lines().filter(|line| line.starts_with("# HELP ")).count();
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!((names.len(), names.len()), (distinct.len(), helps));
    }
}
