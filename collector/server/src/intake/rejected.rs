//! What becomes of a refused event: its original on `lineage.rejected`, its position in a rejections envelope.
//! Owns the headers of `schemas/ledgerline/Rejection.avsc`. Never changes a byte of an original that fits.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use ledger::Tenant;
use ledger::digest::Context;
use lineage::envelope::{Envelope, IdempotencyKey, Kind, Rejected, Rejections};
use lineage::finding::Finding;
use lineage::schema::catalog;

use super::desk::{Desk, VERSION, blank, envelope_record};
use crate::http::model::Time;
use crate::log::{Header, NewRecord};
use crate::telemetry::{TRACEPARENT, TraceParent};

/// Bytes of an oversize original that are kept.
pub const KEPT_BYTES: usize = 256 << 10;

/// Rows of one rejections envelope; the recorder numbers them with 16 bits.
pub const ROWS_MAX: usize = 1 << 16;

const ORIGINAL: Context = Context::new("ledgerline v1 rejected original");

/// Names of the headers.
pub mod header {
    /// Tenant that the channel assigned.
    pub const TENANT: &str = "ledgerline-tenant";
    /// Code of the finding that refused it.
    pub const CODE: &str = "ledgerline-code";
    /// What to change.
    pub const REASON: &str = "ledgerline-reason";
    /// JSON path.
    pub const PATH: &str = "ledgerline-path";
    /// A topic, or `http` or `file`.
    pub const TOPIC: &str = "ledgerline-source-topic";
    /// Source partition, or -1.
    pub const PARTITION: &str = "ledgerline-source-partition";
    /// Source offset, or a number unique within the channel.
    pub const OFFSET: &str = "ledgerline-source-offset";
    /// The source record's timestamp, ms.
    pub const TIMESTAMP: &str = "ledgerline-source-timestamp";
    /// When intake received it, RFC 3339.
    pub const RECEIVED_AT: &str = "ledgerline-received-at";
    /// Length of the original.
    pub const PAYLOAD_BYTES: &str = "ledgerline-payload-bytes";
    /// Keyed digest of an original that was cut.
    pub const DIGEST: &str = "ledgerline-digest";
    /// Bytes kept of an original that was cut.
    pub const KEPT_BYTES: &str = "ledgerline-kept-bytes";
    /// Pseudonym of who sent it.
    pub const PRINCIPAL: &str = "ledgerline-principal";
    /// Version of the intake.
    pub const INTAKE_VERSION: &str = "ledgerline-intake-version";
    /// Version of the schemas.
    pub const SCHEMA_VERSION: &str = "ledgerline-schema-version";
}

/// A refused event and where it was read.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Whose it is.
    pub tenant: Tenant,
    /// A topic, or `http` or `file`.
    pub topic: Arc<str>,
    /// Source partition; -1 for channels without one.
    pub partition: i32,
    /// Source offset, or a number unique within the channel.
    pub offset: i64,
    /// The source record's timestamp.
    pub timestamp_ms: Option<i64>,
    /// When it was received, ns UTC.
    pub received_at_ns: i64,
    /// Who sent it.
    pub principal: Option<String>,
    /// The source record's key.
    pub key: Option<Bytes>,
    /// The original.
    pub payload: Bytes,
    /// What refused it.
    pub finding: Finding,
    /// Trace context of the original.
    pub traceparent: Option<TraceParent>,
}

impl Refused {
    /// The record for `lineage.rejected`. An original over `payload_bytes_max` keeps its first [`KEPT_BYTES`].
    pub fn record(&self, desk: &Desk, rejected_topic: &Arc<str>) -> NewRecord {
        let identity = desk.keyring.identity(&self.tenant);
        let oversize = self.payload.len() > desk.limits.payload_bytes_max;
        let kept =
            if oversize { self.payload.slice(..self.payload.len().min(KEPT_BYTES)) } else { self.payload.clone() };
        let mut record = NewRecord::new(rejected_topic, kept)
            .header(header::TENANT, self.tenant.as_str().to_owned())
            .header(header::CODE, self.finding.code.clone())
            .header(header::REASON, self.finding.message.clone())
            .header(header::PATH, self.finding.path.clone())
            .header(header::TOPIC, self.topic.to_string())
            .header(header::PARTITION, self.partition.to_string())
            .header(header::OFFSET, self.offset.to_string())
            .header(header::RECEIVED_AT, Time(self.received_at_ns).to_string())
            .header(header::PAYLOAD_BYTES, self.payload.len().to_string())
            .header(header::INTAKE_VERSION, VERSION)
            .header(header::SCHEMA_VERSION, catalog::VERSION);
        record.key = self.key.clone();
        let mut add = |name: &'static str, value: Option<String>| {
            record.headers.extend(value.map(|value| Header { name: Cow::Borrowed(name), value: value.into() }));
        };
        add(header::TIMESTAMP, self.timestamp_ms.map(|ms| ms.to_string()));
        add(TRACEPARENT, self.traceparent.map(|parent| parent.to_string()));
        add(
            header::PRINCIPAL,
            self.principal.as_deref().zip(identity).map(|(who, key)| key.pseudonym(who).to_string()),
        );
        if oversize {
            add(header::DIGEST, identity.map(|key| hex::encode(key.digest(ORIGINAL, &[&self.payload]))));
            add(header::KEPT_BYTES, Some(self.payload.len().min(KEPT_BYTES).to_string()));
        }
        record
    }
}

/// The records that tell the recorder of refused events of one tenant and source partition, in offset order. `key` is
/// drawn once for them.
pub fn report(desk: &Desk, events_topic: &Arc<str>, refused: &[&Refused], key: [u8; 16]) -> Vec<NewRecord> {
    let parts = (0_u8..=u8::MAX).zip(refused.chunks(ROWS_MAX));
    parts.filter_map(|(part, rows)| one(desk, events_topic, rows, key, part)).collect()
}

fn one(desk: &Desk, events_topic: &Arc<str>, rows: &[&Refused], mut key: [u8; 16], part: u8) -> Option<NewRecord> {
    let first = rows.first()?;
    let tenant = first.tenant.as_str();
    let home = desk.homes.of(tenant);
    key[15] = key[15].wrapping_add(part);
    let envelope = Envelope {
        idempotency_key: Some(IdempotencyKey(key)),
        rejections: Some(Rejections {
            topic: &first.topic,
            partition: first.partition,
            rows: rows.iter().map(|refused| row(refused)).collect(),
        }),
        ..blank(Kind::Rejections, tenant, home.incarnation, first.received_at_ns)
    };
    // Codes, paths and positions fit the schema by construction; were it not so, the original still reaches its topic.
    let sealed =
        desk.seal(&envelope).inspect_err(|error| tracing::error!(%error, "rejections can't be sealed")).ok()?;
    Some(envelope_record(events_topic, home.partition, tenant, sealed))
}

fn row(refused: &Refused) -> Rejected<'_> {
    Rejected { offset: refused.offset, code: &refused.finding.code, path: &refused.finding.path }
}
