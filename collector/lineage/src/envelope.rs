//! The envelope: what intake and control commands write to `lineage.events`, and the only thing a recorder reads.
//! Owns its fields and their Avro form (`schemas/ledgerline/Envelope.avsc`). Its framing (magic, version, MAC) is `frame`'s.
//! Never holds anything that a recorder would have to trust without checking it.

use serde::{Deserialize, Serialize};

use crate::facts::{EventKind, Facts};
use crate::finding::Grade;
use crate::id::RunId;

/// What an envelope carries. Exactly one of the payload fields of [`Envelope`] goes with each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// An OpenLineage event: `event`.
    Event,
    /// A control record: `control`.
    Control,
    /// The passing of time: `received_at_ns` is the time.
    Tick,
    /// How far intake has come in a source partition: `progress`.
    Progress,
    /// What intake refused: `rejections`.
    Rejections,
}

/// How the events of a batch came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// As it happens.
    Live,
    /// History brought in later: makes facts and baselines, fires no rule about time.
    Backfill,
    /// A drill.
    Drill,
}

/// What intake made of a producer's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// None was sent.
    Unsigned,
    /// It verified.
    Valid,
    /// It did not verify.
    Invalid,
    /// Its key is not known.
    UnknownKey,
}

/// Envelope v1. Borrows from the record it was read from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope<'a> {
    /// What it carries.
    pub kind: Kind,
    /// The tenant; equal to the record's key. A partition's own matters use `p-<n>`.
    #[serde(borrow)]
    pub tenant: &'a str,
    /// Incarnation of the partition that it was written for, 16 bytes.
    #[serde(with = "serde_bytes_fixed")]
    pub incarnation: [u8; 16],
    /// When intake received it, ns UTC; for a tick, the time.
    pub received_at_ns: i64,
    /// Version of the software that wrote it.
    pub intake_version: &'a str,
    /// 16 random bytes made once per command or request; control records are deduplicated on it.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Where intake read it.
    pub source: Option<Source<'a>>,
    /// Who sent it, when the channel tells.
    pub principal: Option<&'a str>,
    /// Who initiated the run, claimed or authenticated, when known.
    pub initiator: Option<&'a str>,
    /// `read`, `write`, `transform`, `external-call`, `delete`, `scrub`, when known.
    pub operation: Option<&'a str>,
    /// How it came about.
    pub mode: Mode,
    /// Data key that seals opening, body and facts; 0: not sealed.
    pub data_key_id: i64,
    /// Opening, body and facts sealed together (AEAD), when `data_key_id` is not 0.
    #[serde(borrow, with = "serde_bytes")]
    pub sealed: Option<&'a [u8]>,
    /// An OpenLineage event.
    pub event: Option<Event<'a>>,
    /// A control record.
    pub control: Option<Control<'a>>,
    /// Progress of a source partition.
    pub progress: Option<Progress<'a>>,
    /// What intake refused.
    pub rejections: Option<Rejections<'a>>,
}

impl<'a> Envelope<'a> {
    /// An envelope with nothing in it yet, written by software of that version.
    pub fn blank(
        kind: Kind,
        tenant: &'a str,
        incarnation: [u8; 16],
        received_at_ns: i64,
        intake_version: &'a str,
    ) -> Self {
        Envelope {
            kind,
            tenant,
            incarnation,
            received_at_ns,
            intake_version,
            idempotency_key: None,
            source: None,
            principal: None,
            initiator: None,
            operation: None,
            mode: Mode::Live,
            data_key_id: 0,
            sealed: None,
            event: None,
            control: None,
            progress: None,
            rejections: None,
        }
    }
}

/// Where intake read an event (a position in an input topic). HTTP and files have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source<'a> {
    /// Topic.
    #[serde(borrow)]
    pub topic: &'a str,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// The record's timestamp (the producer's clock), ms.
    pub timestamp_ms: i64,
}

/// An OpenLineage event with everything that intake decided about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event<'a> {
    /// Version of the canonical form behind `event_id`: 1 is `c14n-1`.
    pub c14n: i32,
    /// Event id, 32 bytes.
    #[serde(with = "serde_bytes_fixed")]
    pub event_id: [u8; 32],
    /// When it happened, as the event says, ns UTC. Unsealed, like `subject`: the leaf holds both.
    pub event_time_ns: i64,
    /// What it is about.
    #[serde(borrow)]
    pub subject: Subject<'a>,
    /// HMAC-SHA-256(opening, body), 32 bytes.
    #[serde(with = "serde_bytes_fixed")]
    pub commitment: [u8; 32],
    /// 32 random bytes that open the commitment; absent when sealed.
    #[serde(borrow, with = "serde_bytes")]
    pub opening: Option<&'a [u8]>,
    /// The event as received; absent when sealed.
    #[serde(borrow, with = "serde_bytes")]
    pub body: Option<&'a [u8]>,
    /// What it says; absent when sealed.
    pub facts: Option<Facts<'a>>,
    /// What intake noticed.
    pub findings: Vec<Noticed<'a>>,
    /// Producer's signature.
    pub signature: Option<Signature<'a>>,
    /// What intake made of it.
    pub verdict: Verdict,
    /// Version of the schemas that it was validated against.
    pub schema_version: &'a str,
}

/// What an event is about, outside of what can be sealed: an erased event keeps its leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject<'a> {
    /// Which of the three events it is.
    pub kind: EventKind,
    /// The run, for a RunEvent.
    pub run: Option<RunId>,
    /// Namespace of the job, or of the dataset for a DatasetEvent.
    #[serde(borrow)]
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// A finding in an envelope; see [`crate::finding::Finding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noticed<'a> {
    /// Grade.
    pub grade: Grade,
    /// Code.
    #[serde(borrow)]
    pub code: &'a str,
    /// JSON path.
    pub path: &'a str,
    /// Sentence.
    pub message: &'a str,
}

/// A producer's signature over the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature<'a> {
    /// `ed25519`.
    #[serde(borrow)]
    pub algorithm: &'a str,
    /// The key's name, as the producer gave it.
    pub key: &'a str,
    /// The signature.
    #[serde(borrow, with = "serde_bytes")]
    pub value: &'a [u8],
}

/// A control record: something that must influence state, put into the log by a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Control<'a> {
    /// `genesis`, `tenant`, `settings`, `key`, `approval`, `annotation`, `hold`, `retire-source`, …; an unknown name is
    /// recorded as refused.
    #[serde(borrow)]
    pub name: &'a str,
    /// Its content: JSON, shape by name.
    #[serde(borrow, with = "serde_bytes")]
    pub content: &'a [u8],
    /// Ledger size that the command expects, when it asked for that.
    pub expected_size: Option<i64>,
    /// Signatures by enrolled keys over name and content.
    pub signatures: Vec<Signature<'a>>,
}

/// How far intake has come in one source partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress<'a> {
    /// Source topic.
    #[serde(borrow)]
    pub topic: &'a str,
    /// Source partition.
    pub partition: i32,
    /// Next offset that intake will read.
    pub next_offset: i64,
    /// Everything produced before this time has been taken in, ns UTC.
    pub caught_up_to_ns: i64,
    /// Offsets that the source had dropped before intake read them: the named gap, as (first, last).
    pub gap: Option<Gap>,
}

/// Offsets that are missing from a source, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// First missing offset.
    pub first: i64,
    /// Last missing offset.
    pub last: i64,
}

/// Events that intake refused, of one batch, tenant and source partition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rejections<'a> {
    /// Source topic; `http` or `file` for those channels.
    #[serde(borrow)]
    pub topic: &'a str,
    /// Source partition; -1 without one.
    pub partition: i32,
    /// One row an event, in offset order.
    pub rows: Vec<Rejected<'a>>,
}

/// One refused event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected<'a> {
    /// Source offset; for channels without one, a number that intake makes unique within `idempotency_key`.
    pub offset: i64,
    /// Code of the finding that refused it.
    #[serde(borrow)]
    pub code: &'a str,
    /// JSON path.
    pub path: &'a str,
}

/// 16 random bytes made once per command or request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdempotencyKey(#[serde(with = "serde_bytes_fixed")] pub [u8; 16]);

/// Fixed-size byte arrays as Avro `fixed`.
mod serde_bytes_fixed {
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
        struct Fixed<const N: usize>;
        impl<const N: usize> Visitor<'_> for Fixed<N> {
            type Value = [u8; N];
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{N} bytes")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<[u8; N], E> {
                bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
            }
        }
        deserializer.deserialize_bytes(Fixed::<N>)
    }
}
