//! The frame around an envelope as it travels: a preamble that never changes, then the Avro datum.
//! Owns these bytes and the intake MAC. Never decides what becomes of a record that it can't open: it names the case.
//!
//! ```text
//! offset  bytes  what
//! 0       4      magic "LGLN"
//! 4       2      envelope version, big-endian
//! 6       4      intake key id, big-endian
//! 10      4      length of the datum, big-endian
//! 14      32     MAC: keyed BLAKE3 over version, key id and datum, each prefixed by its length (u32, big-endian)
//! 46      …      Avro datum of that version
//! ```
//! The MAC key is derived from the intake key with the context `ledgerline v1 intake-mac`.

use std::sync::LazyLock;

use serde_avro_fast::Schema;

use crate::datum;
use crate::envelope::Envelope;

const MAGIC: [u8; 4] = *b"LGLN";
const PREAMBLE_BYTES: usize = 46;
const MAC_AT: usize = 14;
const MAC_CONTEXT: &str = "ledgerline v1 intake-mac";

/// The envelope version that this build writes, and the newest that it reads.
pub const VERSION: u16 = 1;

/// The envelope version that every build reads.
pub const OLDEST: u16 = 1;

/// A key that MACs envelopes. Zeroised by its owner; never printed.
#[derive(Clone)]
pub struct IntakeKey {
    id: u32,
    mac: [u8; 32],
}

/// What a record of `lineage.events` turned out to be.
#[derive(Debug, PartialEq)]
pub enum Opened<'a> {
    /// An envelope that one of our intakes wrote.
    Envelope(Box<Envelope<'a>>),
    /// It does not open with our magic: somebody else's record.
    Foreign,
    /// Ours by its MAC, in a version that this build can't read: the process must be upgraded.
    Newer {
        /// The version that it carries.
        version: u16,
    },
    /// It opens like ours and is not to be trusted.
    Refused(Refusal),
}

/// Why an envelope is not trusted. The code is written to leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Shorter than its preamble, or than the length that it names, or longer.
    Truncated,
    /// MACed under a key that is not enrolled.
    UnknownKey,
    /// The MAC does not verify.
    BadMac,
    /// The MAC verifies and the datum can't be read.
    Unreadable,
    /// Tenant, key, partition or incarnation contradict one another.
    Misplaced,
}

impl Refusal {
    /// Stable kebab-case code.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::Truncated => "truncated",
            Refusal::UnknownKey => "unknown-intake-key",
            Refusal::BadMac => "bad-mac",
            Refusal::Unreadable => "unreadable",
            Refusal::Misplaced => "misplaced",
        }
    }
}

/// The envelope's datum is longer than a frame can say: 4 GiB.
#[derive(Debug, thiserror::Error)]
#[error("the envelope takes {0} bytes, more than the 4 GiB of a frame")]
pub struct EncodeError(usize);

impl std::fmt::Debug for IntakeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IntakeKey({})", self.id)
    }
}

impl IntakeKey {
    /// Derives the MAC key from the intake secret.
    pub fn new(id: u32, secret: &[u8; 32]) -> Self {
        IntakeKey { id, mac: blake3::derive_key(MAC_CONTEXT, secret) }
    }

    /// Its id, as preambles carry it.
    pub fn id(&self) -> u32 {
        self.id
    }

    fn mac(&self, version: u16, datum: &[u8]) -> blake3::Hash {
        let length = u32::try_from(datum.len()).unwrap_or(u32::MAX);
        let mut head = [0_u8; 18];
        head[..4].copy_from_slice(&2_u32.to_be_bytes());
        head[4..6].copy_from_slice(&version.to_be_bytes());
        head[6..10].copy_from_slice(&4_u32.to_be_bytes());
        head[10..14].copy_from_slice(&self.id.to_be_bytes());
        head[14..].copy_from_slice(&length.to_be_bytes());
        let mut hasher = blake3::Hasher::new_keyed(&self.mac);
        hasher.update(&head);
        hasher.update(datum);
        hasher.finalize()
    }
}

/// Fingerprint of the schema that datums are written with: 16 hexadecimal digits, the bytes of Avro's CRC-64-AVRO over the
/// parsing canonical form in the order of its single-object encoding. Computed once a process, when first asked for.
pub fn fingerprint() -> &'static str {
    static FINGERPRINT: LazyLock<String> = LazyLock::new(|| {
        let facts: serde_json::Value = serde_json::from_str(FACTS).expect("a test parses the shipped schema");
        let mut envelope: serde_json::Value = serde_json::from_str(ENVELOPE).expect("a test parses the shipped schema");
        inline(&mut envelope, "dev.ledgerline.facts.Facts", &mut Some(facts));
        let schema: Schema = envelope.to_string().parse().expect("a test compiles the shipped schema");
        schema.rabin_fingerprint().iter().map(|byte| format!("{byte:02x}")).collect()
    });
    &FINGERPRINT
}

/// Appends the frame of `envelope` to `out`, in the newest version.
///
/// # Errors
/// When it is longer than 4 GiB; `out` is then as before.
pub fn seal(envelope: &Envelope<'_>, key: &IntakeKey, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    seal_as(VERSION, envelope, key, out)
}

/// The same in another version: while recorders are upgraded, one that all of them read. All versions so far have one datum.
///
/// # Errors
/// As [`seal`].
pub fn seal_as(version: u16, envelope: &Envelope<'_>, key: &IntakeKey, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let start = out.len();
    out.extend_from_slice(&[0; PREAMBLE_BYTES]);
    datum::write(envelope, out);
    let datum_bytes = out.len() - start - PREAMBLE_BYTES;
    let Ok(length) = u32::try_from(datum_bytes) else {
        out.truncate(start);
        return Err(EncodeError(datum_bytes));
    };
    let (preamble, datum) = out[start..].split_at_mut(PREAMBLE_BYTES);
    preamble[..4].copy_from_slice(&MAGIC);
    preamble[4..6].copy_from_slice(&version.to_be_bytes());
    preamble[6..10].copy_from_slice(&key.id.to_be_bytes());
    preamble[10..14].copy_from_slice(&length.to_be_bytes());
    preamble[MAC_AT..].copy_from_slice(key.mac(version, datum).as_bytes());
    Ok(())
}

/// Reads a record. Nothing of it is believed before its MAC verifies under a key that `keys` knows.
pub fn open<'a>(record: &'a [u8], keys: &[IntakeKey]) -> Opened<'a> {
    open_up_to(VERSION, record, keys)
}

/// The same of a build whose newest version is `newest`.
pub fn open_up_to<'a>(newest: u16, record: &'a [u8], keys: &[IntakeKey]) -> Opened<'a> {
    if record.get(..4) != Some(&MAGIC) {
        return Opened::Foreign;
    }
    let Some((preamble, datum)) = record.split_at_checked(PREAMBLE_BYTES) else {
        return Opened::Refused(Refusal::Truncated);
    };
    let word = |at: usize| u32::from_be_bytes([preamble[at], preamble[at + 1], preamble[at + 2], preamble[at + 3]]);
    let version = u16::from_be_bytes([preamble[4], preamble[5]]);
    if u32::try_from(datum.len()) != Ok(word(10)) {
        return Opened::Refused(Refusal::Truncated);
    }
    let Some(key) = keys.iter().find(|key| key.id == word(6)) else {
        return Opened::Refused(Refusal::UnknownKey);
    };
    let mut claimed = [0_u8; 32];
    claimed.copy_from_slice(&preamble[MAC_AT..]);
    // `blake3::Hash` compares in constant time.
    if key.mac(version, datum) != blake3::Hash::from_bytes(claimed) {
        return Opened::Refused(Refusal::BadMac);
    }
    if !(OLDEST..=newest).contains(&version) {
        return Opened::Newer { version };
    }
    match datum::read(datum) {
        Some(envelope) => Opened::Envelope(Box::new(envelope)),
        None => Opened::Refused(Refusal::Unreadable),
    }
}

const FACTS: &str = include_str!("../../../schemas/ledgerline/Facts.avsc");
const ENVELOPE: &str = include_str!("../../../schemas/ledgerline/Envelope.avsc");

/// Puts the definition where its name stands first: one self-contained schema out of two files.
fn inline(schema: &mut serde_json::Value, name: &str, definition: &mut Option<serde_json::Value>) {
    match schema {
        serde_json::Value::String(text) if text == name => {
            if let Some(definition) = definition.take() {
                *schema = definition;
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| inline(item, name, definition)),
        serde_json::Value::Object(members) => members.values_mut().for_each(|item| inline(item, name, definition)),
        _ => {}
    }
}

#[cfg(test)]
mod fingerprint;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{Event, Kind, Mode, Noticed, Source, Subject, Verdict};
    use crate::facts::{Dataset, EventKind, EventType, Facts, Field, Job, Run};
    use crate::finding::Grade;
    use crate::id::RunId;

    fn run() -> Run<'static> {
        Run {
            id: RunId([7; 16]),
            nominal_time: None,
            parent: None,
            root: None,
            error: None,
            extraction_error: None,
            engine: None,
            external_query: None,
            dependencies: vec![],
            tags: vec![],
            tests: vec![],
            actor: None,
            approvals: vec![],
            export: None,
            deployment: None,
            records: vec![],
            facets: vec!["nominalTime"],
            deleted: vec![],
        }
    }

    fn dataset(name: &'static str) -> Dataset<'static> {
        let fields = vec![Field { name: "id", data_type: Some("long"), description: None, fields: vec![] }];
        Dataset {
            namespace: "postgres://shop:5432",
            name,
            schema: Some(vec![Field { name: "customer", data_type: None, description: None, fields }]),
            source: None,
            version: Some("3"),
            lifecycle: None,
            owners: None,
            tags: Some(vec![]),
            documentation: None,
            dataset_type: None,
            sub_type: None,
            storage: None,
            catalog: None,
            hierarchy: None,
            symlinks: None,
            columns: None,
            column_dataset: vec![],
            lineage: None,
            statistics: None,
            metrics: None,
            assertions: vec![],
            subset: None,
            digests: vec![],
            records: vec![],
            facets: vec![],
            deleted: vec![],
        }
    }

    fn envelope() -> Envelope<'static> {
        let job = Job {
            namespace: "etl",
            name: "load",
            job_type: None,
            owners: None,
            documentation: None,
            sql: None,
            source_code: None,
            source_location: None,
            tags: None,
            lineage: Some(vec![]),
            approvals: vec![],
            export: None,
            deployment: None,
            facets: vec![],
            deleted: vec![],
        };
        let facts = Facts {
            kind: EventKind::Run,
            event_type: Some(EventType::Start),
            event_time_ns: 1_700_000_000_000_000_000,
            producer: Some("https://example.test/producer"),
            run: Some(run()),
            job: Some(job),
            inputs: vec![dataset("public.orders")],
            outputs: vec![],
            dataset: None,
            inferred: vec![],
        };
        let noticed =
            Noticed { grade: Grade::Warn, code: "naive-time", path: "$.eventTime", message: "Send an offset." };
        Envelope {
            kind: Kind::Event,
            tenant: "default",
            incarnation: [1; 16],
            received_at_ns: 5,
            intake_version: "0.1.0",
            idempotency_key: None,
            source: Some(Source { topic: "openlineage.events", partition: 0, offset: 9, timestamp_ms: 3 }),
            principal: None,
            initiator: None,
            operation: None,
            mode: Mode::Live,
            data_key_id: 0,
            sealed: None,
            event: Some(Event {
                c14n: 1,
                event_id: [2; 32],
                event_time_ns: 1_700_000_000_000_000_000,
                subject: Subject { kind: EventKind::Run, run: Some(RunId([7; 16])), namespace: "etl", name: "load" },
                commitment: [3; 32],
                opening: Some(&[4; 32]),
                body: Some(b"{}"),
                facts: Some(facts),
                findings: vec![noticed],
                signature: None,
                verdict: Verdict::Unsigned,
                schema_version: "1.0.0",
            }),
            control: None,
            progress: None,
            rejections: None,
        }
    }

    #[test]
    fn what_was_sealed_opens_again() {
        let key = IntakeKey::new(3, &[9; 32]);
        let mut record = Vec::new();
        seal(&envelope(), &key, &mut record).unwrap();
        assert_eq!(open(&record, &[key]), Opened::Envelope(Box::new(envelope())));
    }

    #[test]
    fn a_record_that_is_not_ours_is_named() {
        let key = IntakeKey::new(3, &[9; 32]);
        let mut good = Vec::new();
        seal(&envelope(), &key, &mut good).unwrap();
        let keys = [key];
        let check = |name: &str, record: &[u8], expected: &Opened<'_>| {
            assert_eq!(&open(record, &keys), expected, "{name}");
        };
        let flipped = |at: usize| {
            let mut record = good.clone();
            record[at] ^= 1;
            record
        };
        let newer = {
            let mut record = good.clone();
            record[5] = 2;
            let mac = keys[0].mac(2, &record[PREAMBLE_BYTES..]);
            record[MAC_AT..PREAMBLE_BYTES].copy_from_slice(mac.as_bytes());
            record
        };
        check("empty", b"", &Opened::Foreign);
        check("json", b"{\"eventTime\":1}", &Opened::Foreign);
        check("magic alone", b"LGLN", &Opened::Refused(Refusal::Truncated));
        check("cut", &good[..good.len() - 1], &Opened::Refused(Refusal::Truncated));
        check("another key", &flipped(9), &Opened::Refused(Refusal::UnknownKey));
        check("another version", &flipped(5), &Opened::Refused(Refusal::BadMac));
        check("flipped MAC", &flipped(20), &Opened::Refused(Refusal::BadMac));
        check("flipped datum", &flipped(good.len() - 1), &Opened::Refused(Refusal::BadMac));
        check("a newer version of ours", &newer, &Opened::Newer { version: 2 });
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let key = IntakeKey::new(3, &[9; 32]);
        let mut good = Vec::new();
        seal(&envelope(), &key, &mut good).unwrap();
        let keys = [key];
        for at in 0..good.len() {
            let mut record = good.clone();
            record[at] ^= 1 << (at % 8);
            assert!(!matches!(open(&record, &keys), Opened::Envelope(_)), "byte {at}");
        }
    }
}
