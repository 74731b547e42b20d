//! A leaf of every kind, with all optional fields and with none, and the largest of each: what the other tests read.

use super::*;
use crate::commitment::Opening;
use crate::key::{IdentityKey, KeyName, SigningKey};
use crate::origin::Origin;

pub fn identity() -> IdentityKey {
    IdentityKey::from_random(tenant(), [7; 32])
}

pub fn leaf(detail: impl Into<Detail>) -> Leaf {
    let position = Position { incarnation: Hex([0x1c; 16]), partition: 3, offset: 42 };
    Leaf { position, tenant: tenant(), detail: detail.into() }
}

fn tenant() -> Tenant {
    Tenant::parse("acme").unwrap()
}

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn topic() -> Topic {
    Topic::parse("openlineage.events").unwrap()
}

fn qualified(namespace: &str, name: &str) -> QualifiedName {
    QualifiedName::bounded(namespace, name, &identity())
}

/// Every kind twice: with all optional fields, and with none. The order is that of `docs/vectors/leaves.jsonl`.
pub fn samples() -> Vec<Leaf> {
    let details: Vec<Detail> = vec![
        genesis(true).into(),
        genesis(false).into(),
        event(true).into(),
        event(false).into(),
        Event { subject: Subject::Job(qualified("airflow", "orders.load")), ..event(false) }.into(),
        Event { subject: Subject::Dataset(qualified("s3://lake", &"long/".repeat(200))), ..event(false) }.into(),
        control(true).into(),
        control(false).into(),
        key_operation(true).into(),
        key_operation(false).into(),
        rejections(true).into(),
        rejections(false).into(),
        coverage(true).into(),
        coverage(false).into(),
        snapshot(true).into(),
        snapshot(false).into(),
        integrity_check(true).into(),
        integrity_check(false).into(),
        audited_read(true).into(),
        audited_read(false).into(),
        Heartbeat { tick_at_ns: 1_714_694_400_000_000_000 }.into(),
        Foreign::of(Some(b"key"), Some(b"not ours"), &identity()).into(),
        Foreign::of(None, None, &identity()).into(),
        refused(true).into(),
        refused(false).into(),
        unappliable(true).into(),
        unappliable(false).into(),
    ];
    details.into_iter().map(leaf).collect()
}

fn genesis(full: bool) -> Genesis {
    let origin = Origin::parse("ledgerline/acme").unwrap();
    let key = |name, seed| SigningKey::from_seed(name, [seed; 32]).verifier().clone();
    Genesis {
        verifier_key: key(KeyName::of_checkpoints(&origin), 1),
        root_key: key(KeyName::of_root(&origin), 2),
        partition_count: 6,
        received_at_ns: 1_714_608_000_000_000_000,
        previous: full.then(|| Previous { origin: origin.clone(), size: 9, root: Hex([0xab; 32]) }),
        origin,
    }
}

pub fn event(full: bool) -> Event {
    let findings: &[(&str, &str)] =
        if full { &[("naive-time", "$.eventTime"), ("missing-member", "$.run.facets.parent._producer")] } else { &[] };
    let run = RunId([0x01, 0x8f, 0x3b, 0x2c, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xff]);
    let source =
        SourcePosition { topic: topic(), partition: 2, offset: 1_000_000, timestamp_ms: Some(1_714_608_000_123) };
    Event {
        event_id: Hex([0xe1; 32]),
        c14n: 1,
        commitment: Opening::from_random([5; 32]).commit(b"{}"),
        subject: Subject::Run { id: run, job: qualified("airflow", "größe \"x\"\\\n\u{1f}\u{7f}😀") },
        event_time_ns: 1_714_608_000_000_000_001,
        received_at_ns: 1_714_608_000_500_000_000,
        source: full.then_some(source),
        principal: full.then(|| identity().pseudonym("airflow@acme")),
        verdict: if full { Verdict::Valid } else { Verdict::Unsigned },
        mode: if full { Mode::Backfill } else { Mode::Live },
        findings: Findings::collect(findings.iter().copied()).unwrap(),
        validator_version: label("0.1.0"),
        schema_version: label("1.0.0"),
    }
}

fn signatures(full: bool) -> Signatures {
    let valid = SignatureCheck { key_id: Some(Hex([1, 2, 3, 4])), verdict: Verdict::Valid };
    let unknown = SignatureCheck { key_id: None, verdict: Verdict::UnknownKey };
    if full { Signatures::collect([valid, unknown]) } else { Signatures::default() }
}

fn outcome(full: bool) -> Outcome {
    if full { Outcome::Applied } else { Outcome::Refused(label("not-signed")) }
}

fn control(full: bool) -> Control {
    Control {
        name: label("hold"),
        idempotency_key: Hex([9; 16]),
        commitment: Opening::of_control(&identity(), &[9; 16], b"{}").commit(b"{}"),
        received_at_ns: 1_714_608_001_000_000_000,
        principal: full.then(|| identity().pseudonym("jo")),
        signatures: signatures(full),
        expected_size: full.then_some(41),
        outcome: outcome(full),
    }
}

fn key_operation(full: bool) -> KeyOperation {
    let artefacts = Artefacts { count: 12, first_size: 1, last_size: 40, digest: Hex([0xaf; 32]) };
    KeyOperation {
        action: if full { KeyAction::Rotate } else { KeyAction::Destroy },
        purpose: if full { KeyPurpose::Checkpoint } else { KeyPurpose::Data },
        key_name: full.then(|| KeyName::parse("ledgerline/acme").unwrap()),
        key_id: Hex([0, 0, 0, 7]),
        public_key: full.then_some(Hex([0xcd; 32])),
        replaces: full.then_some(Hex([0, 0, 0, 6])),
        effective_size: 41,
        artefacts: full.then_some(artefacts),
        idempotency_key: Hex([8; 16]),
        commitment: Opening::of_control(&identity(), &[8; 16], b"{}").commit(b"{}"),
        received_at_ns: 1_714_608_002_000_000_000,
        principal: full.then(|| identity().pseudonym("jo")),
        signatures: signatures(full),
        outcome: outcome(full),
    }
}

fn rejections(full: bool) -> Rejections {
    let counts = [(label("not-json"), 3), (label("no-event-time"), 2)].into();
    let channel = Topic::parse("http").unwrap();
    Rejections {
        tick_at_ns: 1_714_608_010_000_000_000,
        source: SourceSpan {
            topic: if full { topic() } else { channel },
            partition: full.then_some(2),
            first_offset: 1_000_001,
            last_offset: 1_000_009,
        },
        count: 5,
        codes: CodeCounts::collect(counts),
        positions_digest: Hex([0x50; 32]),
    }
}

fn coverage(full: bool) -> Coverage {
    let gap = Gap { first: 10, last: 19 };
    Coverage {
        tick_at_ns: 1_714_608_010_000_000_000,
        source: Source { topic: topic(), partition: 2 },
        first_offset: 0,
        next_offset: 1_000_010,
        recorded: 999_000,
        duplicate: 990,
        rejected: 10,
        gaps: if full { Gaps::collect([gap]) } else { Gaps::default() },
    }
}

fn snapshot(full: bool) -> Snapshot {
    Snapshot {
        action: if full { SnapshotAction::Created } else { SnapshotAction::Verified },
        snapshot: label("3-00000000000000000043"),
        next_offset: 43,
        manifest_sha256: Hex([0x5a; 32]),
        size_bytes: 123_456,
        received_at_ns: 1_714_608_020_000_000_000,
        principal: full.then(|| identity().pseudonym("jo")),
    }
}

fn integrity_check(full: bool) -> IntegrityCheck {
    IntegrityCheck {
        scope: if full { CheckScope::Archive } else { CheckScope::Sample },
        first_leaf: 0,
        end_leaf: 42,
        checked: 7,
        faults: u64::from(full),
        first_fault: full.then(|| CheckFault { leaf: 17, code: label("body-mismatch") }),
        began_at_ns: 1_714_608_030_000_000_000,
        ended_at_ns: 1_714_608_031_000_000_000,
    }
}

fn audited_read(full: bool) -> AuditedRead {
    AuditedRead {
        action: label("body"),
        principal: identity().pseudonym("auditor"),
        decision: if full { Decision::Allowed } else { Decision::Denied(label("grant-expired")) },
        records: u64::from(full),
        query_digest: Hex([0x9e; 32]),
        grant: full.then(|| label("2024-q2")),
        received_at_ns: 1_714_608_040_000_000_000,
    }
}

fn refused(full: bool) -> Refused {
    Refused {
        reason: label("mac"),
        envelope_version: full.then_some(1),
        intake_key: full.then_some(Hex([0, 0, 0, 1])),
        value_bytes: 900,
        digest: record_digest(Some(b"acme"), Some(b"forged"), &identity()),
    }
}

fn unappliable(full: bool) -> Unappliable {
    Unappliable {
        reason: label("no-genesis"),
        envelope_version: 1,
        intake_key: Hex([0, 0, 0, 1]),
        event_id: full.then_some(Hex([0xe2; 32])),
        value_bytes: 901,
        digest: record_digest(Some(b"acme"), Some(b"odd"), &identity()),
    }
}

/// The kinds that can grow long, as long as their types let them.
pub fn largest() -> Vec<Leaf> {
    let longest = || QualifiedName::bounded(&"\u{1}".repeat(600), &"\"".repeat(600), &identity());
    let widest = label(&"c".repeat(Label::BYTES_MAX));
    let codes = |n: u64| label(&format!("{n:064}"));
    let long_topic = Topic::parse(&"t".repeat(Topic::BYTES_MAX)).unwrap();
    let source = SourcePosition {
        topic: long_topic.clone(),
        partition: u32::MAX,
        offset: u64::MAX,
        timestamp_ms: Some(i64::MIN),
    };
    let (code, path, short_path) = ("c".repeat(64), "$.\u{1}".repeat(80), "$".repeat(86));
    let event = Event {
        c14n: u32::MAX,
        subject: Subject::Run { id: RunId([0xff; 16]), job: longest() },
        event_time_ns: i64::MIN,
        received_at_ns: i64::MIN,
        source: Some(source),
        verdict: Verdict::UnknownKey,
        findings: Findings::collect((0..40).map(|_| (&*code, &*path))).unwrap(),
        validator_version: widest.clone(),
        schema_version: widest.clone(),
        ..event(true)
    };
    // Short findings cost most beside their own bytes: 32 of them.
    let short =
        Event { findings: Findings::collect((0..40).map(|_| (&*code, &*short_path))).unwrap(), ..event.clone() };
    let many = (0..100).map(|_| SignatureCheck { key_id: Some(Hex([1; 4])), verdict: Verdict::UnknownKey });
    let key_operation = KeyOperation {
        key_name: Some(KeyName::parse(&"\"".repeat(KeyName::BYTES_MAX)).unwrap()),
        effective_size: u64::MAX,
        artefacts: Some(Artefacts { count: u64::MAX, first_size: u64::MAX, last_size: u64::MAX, digest: Hex([1; 32]) }),
        signatures: Signatures::collect(many.clone()),
        outcome: Outcome::Refused(widest.clone()),
        ..key_operation(true)
    };
    let origin = Origin::parse(&format!("{}/{}", "l".repeat(128), "t".repeat(63))).unwrap();
    let key = |seed| SigningKey::from_seed(KeyName::parse(&"\\".repeat(255)).unwrap(), [seed; 32]).verifier().clone();
    let genesis = Genesis {
        origin: origin.clone(),
        verifier_key: key(1),
        root_key: key(2),
        previous: Some(Previous { origin, size: u64::MAX, root: Hex([1; 32]) }),
        ..genesis(true)
    };
    let rejections = Rejections {
        source: SourceSpan {
            topic: long_topic.clone(),
            partition: Some(u32::MAX),
            first_offset: u64::MAX,
            last_offset: u64::MAX,
        },
        count: u64::MAX,
        codes: CodeCounts::collect((0..100).map(|n| (codes(n), u64::MAX / 2)).collect()),
        ..rejections(true)
    };
    let gaps = (0..100).map(|n| Gap { first: u64::MAX - n, last: u64::MAX });
    let coverage = Coverage {
        source: Source { topic: long_topic, partition: u32::MAX },
        first_offset: u64::MAX,
        next_offset: u64::MAX,
        recorded: u64::MAX,
        duplicate: u64::MAX,
        rejected: u64::MAX,
        gaps: Gaps::collect(gaps),
        ..coverage(true)
    };
    let control = Control { name: widest, signatures: Signatures::collect(many), ..control(true) };
    let details: Vec<Detail> = vec![
        event.into(),
        short.into(),
        key_operation.into(),
        genesis.into(),
        rejections.into(),
        coverage.into(),
        control.into(),
    ];
    let place = Position { incarnation: Hex([0xff; 16]), partition: u32::MAX, offset: u64::MAX };
    let tenant = Tenant::parse(&"t".repeat(63)).unwrap();
    details.into_iter().map(|detail| Leaf { position: place, tenant: tenant.clone(), detail }).collect()
}
