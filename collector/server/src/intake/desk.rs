//! What every channel of intake shares, and the one step that decides an event: payload in, sealed envelope or reasons out.
//! Everything that depends on code that will change is decided here and written into the envelope.
//! Never does I/O, never reads a clock, never draws randomness: time, source and opening are handed in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use ledger::{Opening, Tenant};
use lineage::decode::{self, Limits, Rejection, decode};
use lineage::envelope::{Envelope, Event, Kind, Mode, Noticed, Source, Subject, Verdict};
use lineage::facts::{EventKind, Facts};
use lineage::finding::{Finding, Grade};
use lineage::frame::{self, EncodeError};
use lineage::schema::Schemas;
use lineage::{c14n, schema};
use store::failpoint;

use crate::config;
use crate::genesis::Homes;
use crate::keyring::Keyring;
use crate::log::NewRecord;

/// Version of this software, as envelopes carry it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Header of our envelopes: fingerprint of the schema that they are written with, for readers with a registry of schemas.
pub const SCHEMA_FINGERPRINT: &str = "schema-fingerprint";

/// Bytes that a preparer's canonical form keeps allocated between events.
const CANONICAL_KEPT_BYTES: usize = 1 << 20;

/// What all channels and threads of intake share.
pub struct Desk {
    /// The rules.
    pub schemas: Arc<Schemas>,
    /// The bounds.
    pub limits: Limits,
    /// The keys that ids and seals are made with.
    pub keyring: Arc<Keyring>,
    /// Where each tenant lives.
    pub homes: Arc<Homes>,
    /// The envelope version that is written now.
    pub version: WrittenVersion,
}

/// The envelope version that intake writes: the newest that every owner of a partition reads.
#[derive(Debug)]
pub struct WrittenVersion(AtomicU16);

impl Default for WrittenVersion {
    fn default() -> Self {
        Self(AtomicU16::new(frame::OLDEST))
    }
}

impl WrittenVersion {
    /// It is this one from now on.
    pub fn set(&self, version: u16) {
        self.0.store(version, Ordering::Relaxed);
    }

    /// It.
    pub fn get(&self) -> u16 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The bounds that a configuration sets.
pub fn limits(settings: &config::Intake) -> Limits {
    Limits {
        payload_bytes_max: settings.payload_bytes_max,
        name_bytes_max: settings.name_bytes_max,
        datasets_per_run_max: settings.datasets_per_run_max,
        ..Limits::default()
    }
}

/// What a channel says of one event; nothing of it comes from the event itself.
#[derive(Clone, Copy, Debug)]
pub struct Channel<'a> {
    /// Whose it is.
    pub tenant: &'a Tenant,
    /// Who sent it, where the channel tells.
    pub principal: Option<&'a str>,
    /// Where it was read, for channels with offsets.
    pub source: Option<Source<'a>>,
    /// How it came about.
    pub mode: Mode,
    /// When it was received, ns UTC.
    pub received_at_ns: i64,
    /// 32 random bytes, of this event alone.
    pub opening: [u8; 32],
}

/// What became of a payload.
#[derive(Debug)]
pub enum Prepared {
    /// It is an event: append this.
    Sealed(Sealed),
    /// It is refused; sent again it is refused again.
    Rejected(Rejection),
    /// This process holds no identity key for the tenant: nothing can be said about the payload.
    UnknownTenant,
}

/// An envelope, ready to be appended.
#[derive(Debug)]
pub struct Sealed {
    /// The event's id.
    pub event_id: [u8; 32],
    /// Partition of `lineage.events`.
    pub partition: u32,
    /// The record's value.
    pub envelope: Vec<u8>,
    /// What was noticed; none of it rejects.
    pub findings: Vec<Finding>,
}

/// Decides events one after another; one a thread.
pub struct Preparer {
    desk: Arc<Desk>,
    scratch: decode::Scratch,
    canonical: c14n::Scratch,
}

impl Preparer {
    /// A preparer with nothing allocated yet.
    pub fn new(desk: Arc<Desk>) -> Self {
        Self { desk, scratch: decode::Scratch::default(), canonical: c14n::Scratch::default() }
    }

    /// Decides one payload.
    pub fn prepare(&mut self, payload: &[u8], channel: &Channel<'_>) -> Prepared {
        let Self { desk, scratch, canonical } = self;
        let Some(identity) = desk.keyring.identity(channel.tenant) else { return Prepared::UnknownTenant };
        let decoded = match decode(payload, scratch, &desk.schemas, &desk.limits) {
            Ok(decoded) => decoded,
            Err(rejection) => return Prepared::Rejected(rejection),
        };
        let event_id = decoded.event_id(identity.expose(), canonical).0;
        canonical.shrink_to(CANONICAL_KEPT_BYTES);
        let Some(subject) = subject(&decoded.facts) else { return Prepared::Rejected(nameless()) };
        let commitment = match failpoint::skipped("recorder.ledger") {
            // For `make bench` alone, as in the recorder.
            true => [0; 32],
            false => Opening::from_random(channel.opening).commit(payload).0,
        };
        let home = desk.homes.of(channel.tenant.as_str());
        let actor = decoded.facts.run.as_ref().and_then(|run| run.actor);
        let envelope = Envelope {
            source: channel.source,
            principal: channel.principal,
            initiator: actor.map(|actor| actor.name),
            operation: actor.and_then(|actor| actor.operation),
            mode: channel.mode,
            event: Some(Event {
                c14n: c14n::VERSION,
                event_id,
                event_time_ns: decoded.facts.event_time_ns,
                subject,
                commitment,
                opening: Some(&channel.opening),
                body: Some(payload),
                findings: decoded.findings.iter().map(noticed).collect(),
                facts: Some(decoded.facts),
                signature: None,
                verdict: Verdict::Unsigned,
                schema_version: schema::catalog::VERSION,
            }),
            ..blank(Kind::Event, channel.tenant.as_str(), home.incarnation, channel.received_at_ns)
        };
        let mut sealed = Vec::with_capacity(payload.len().saturating_mul(2).min(1 << 20));
        match frame::seal_as(desk.version.get(), &envelope, desk.keyring.intake_key(), &mut sealed) {
            Ok(()) => {
                let findings = decoded.findings;
                Prepared::Sealed(Sealed { event_id, partition: home.partition, envelope: sealed, findings })
            }
            Err(error) => Prepared::Rejected(unsealable(&error)),
        }
    }
}

impl Desk {
    /// Seals an envelope that intake makes itself: a tick, progress, rejections, a control record.
    ///
    /// # Errors
    /// When a value does not fit the schema.
    pub fn seal(&self, envelope: &Envelope<'_>) -> Result<Vec<u8>, EncodeError> {
        let mut sealed = Vec::new();
        frame::seal_as(self.version.get(), envelope, self.keyring.intake_key(), &mut sealed)?;
        Ok(sealed)
    }
}

/// A sealed envelope as a record of `lineage.events`.
pub fn envelope_record(topic: &Arc<str>, partition: u32, tenant: &str, sealed: Vec<u8>) -> NewRecord {
    NewRecord::new(topic, sealed)
        .partition(partition)
        .key(tenant.to_owned())
        .header(SCHEMA_FINGERPRINT, frame::fingerprint().to_owned())
}

/// An envelope of this software with nothing in it yet.
pub fn blank(kind: Kind, tenant: &str, incarnation: [u8; 16], received_at_ns: i64) -> Envelope<'_> {
    Envelope::blank(kind, tenant, incarnation, received_at_ns, VERSION)
}

fn subject<'a>(facts: &Facts<'a>) -> Option<Subject<'a>> {
    let (namespace, name) = match facts.kind {
        EventKind::Run | EventKind::Job => facts.job.as_ref().map(|job| (job.namespace, job.name))?,
        EventKind::Dataset => facts.dataset.as_ref().map(|dataset| (dataset.namespace, dataset.name))?,
    };
    let run = facts.run.as_ref().map(|run| run.id).filter(|_| facts.kind == EventKind::Run);
    Some(Subject { kind: facts.kind, run, namespace, name })
}

fn noticed(finding: &Finding) -> Noticed<'_> {
    Noticed { grade: finding.grade, code: &finding.code, path: &finding.path, message: &finding.message }
}

fn nameless() -> Rejection {
    rejection("no-job-no-dataset", "The event names neither a job nor a dataset; send one of them.".to_owned())
}

fn unsealable(error: &EncodeError) -> Rejection {
    rejection("not-encodable", format!("The event does not fit an envelope ({error}); send less in one event."))
}

fn rejection(code: &str, message: String) -> Rejection {
    let finding = Finding { grade: Grade::Reject, code: code.to_owned(), path: "$".to_owned(), message };
    Rejection { findings: vec![finding.clone()], finding }
}
