//! The metrics of each stage, and the buckets of histograms.

use super::{
    AlertLabel, CodeLabel, OutcomeLabel, PartitionLabel, RouteLabel, SourceLabel, StageLabel, TableLabel, TopicLabel,
    WitnessLabel, WitnessOutcomeLabel,
};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use std::sync::atomic::AtomicU64;

/// Upper ends in seconds, from 0.1 ms to 30 s; 0.25 is there for the objective of event to alert.
pub const LATENCY_BUCKETS: [f64; 17] =
    [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Upper ends of records in a batch.
pub const BATCH_BUCKETS: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 1e4];

/// A gauge of seconds.
type Seconds = Gauge<f64, AtomicU64>;

fn latency() -> Histogram {
    Histogram::new(LATENCY_BUCKETS)
}

fn batches() -> Histogram {
    Histogram::new(BATCH_BUCKETS)
}

/// What intake decides; meanings stand beside the names in [`super::Metrics`].
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct IntakeMetrics {
    pub events: Family<OutcomeLabel, Counter>,
    pub rejected: Family<CodeLabel, Counter>,
    pub findings: Family<CodeLabel, Counter>,
    pub payload_bytes: Counter,
    pub queue_bytes: Gauge,
    pub batch_records: Histogram,
    pub lag_records: Family<SourceLabel, Gauge>,
    pub paused: Family<SourceLabel, Gauge>,
    pub pauses: Family<SourceLabel, Counter>,
}

impl Default for IntakeMetrics {
    fn default() -> Self {
        Self {
            events: Family::default(),
            rejected: Family::default(),
            findings: Family::default(),
            payload_bytes: Counter::default(),
            queue_bytes: Gauge::default(),
            batch_records: batches(),
            lag_records: Family::default(),
            paused: Family::default(),
            pauses: Family::default(),
        }
    }
}

/// What the recorder applies.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct RecorderMetrics {
    pub records: Family<OutcomeLabel, Counter>,
    pub underived: Family<PartitionLabel, Gauge>,
    pub batch_records: Histogram,
    pub lag_records: Family<PartitionLabel, Gauge>,
    pub leaves: Family<PartitionLabel, Gauge>,
    pub halted: Family<PartitionLabel, Gauge>,
    pub log_time_seconds: Family<PartitionLabel, Seconds>,
    pub stage_seconds: Family<StageLabel, Histogram, fn() -> Histogram>,
    pub event_to_commit_seconds: Histogram,
}

impl Default for RecorderMetrics {
    fn default() -> Self {
        Self {
            records: Family::default(),
            underived: Family::default(),
            batch_records: batches(),
            lag_records: Family::default(),
            leaves: Family::default(),
            halted: Family::default(),
            log_time_seconds: Family::default(),
            stage_seconds: Family::new_with_constructor(latency),
            event_to_commit_seconds: latency(),
        }
    }
}

/// What leaves the process.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct PublisherMetrics {
    pub records: Family<TopicLabel, Counter>,
    pub transactions: Family<OutcomeLabel, Counter>,
    pub outbox_rows: Family<PartitionLabel, Gauge>,
    pub checkpoint_leaves: Family<PartitionLabel, Gauge>,
    pub event_to_alert_seconds: Histogram,
}

impl Default for PublisherMetrics {
    fn default() -> Self {
        Self {
            records: Family::default(),
            transactions: Family::default(),
            outbox_rows: Family::default(),
            checkpoint_leaves: Family::default(),
            event_to_alert_seconds: latency(),
        }
    }
}

/// What lies on disk.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct StoreMetrics {
    pub table_bytes: Family<TableLabel, Gauge>,
    pub disk_free_bytes: Gauge,
    pub sync_seconds: Histogram,
}

impl Default for StoreMetrics {
    fn default() -> Self {
        Self { table_bytes: Family::default(), disk_free_bytes: Gauge::default(), sync_seconds: latency() }
    }
}

/// Copies of the stores.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct SnapshotMetrics {
    pub age: Family<PartitionLabel, Seconds>,
    pub uploaded_bytes: Family<PartitionLabel, Counter>,
    pub failures: Family<PartitionLabel, Counter>,
}

/// What witnesses answer.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct WitnessMetrics {
    pub requests: Family<WitnessOutcomeLabel, Counter>,
    pub failing: Family<WitnessLabel, Gauge>,
}

/// What is wrong with the data.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct AlertMetrics {
    pub messages: Family<AlertLabel, Counter>,
    pub firing: Family<AlertLabel, Gauge>,
}

/// What is asked.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct HttpMetrics {
    pub requests: Family<RouteLabel, Counter>,
    pub request_seconds: Histogram,
    pub in_flight: Gauge,
    pub in_flight_bytes: Gauge,
    pub connections: Gauge,
    pub panics: Counter,
    pub forwarded: Family<OutcomeLabel, Counter>,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        let forwarded = Family::<OutcomeLabel, Counter>::default();
        // Few and known: a process that has passed nothing on yet says so.
        for outcome in ["answered", "unreachable"] {
            drop(forwarded.get_or_create(&OutcomeLabel::of("http", outcome)));
        }
        Self {
            requests: Family::default(),
            request_seconds: latency(),
            in_flight: Gauge::default(),
            in_flight_bytes: Gauge::default(),
            connections: Gauge::default(),
            panics: Counter::default(),
            forwarded,
        }
    }
}
