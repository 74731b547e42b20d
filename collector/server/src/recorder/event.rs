//! The leaf of an event: from the envelope alone, never from what the fold makes of it.

use ledger::key::IdentityKey;
use ledger::leaf::{Event, Findings, Hex, Label, Mode, QualifiedName, RunId, SourcePosition, Subject, Topic, Verdict};
use lineage::envelope::{self, Envelope};
use lineage::facts::EventKind;

/// Makes the leaf's content. A trusted envelope that names something a leaf can't hold is `Err` with the reason.
pub(super) fn leaf(
    envelope: &Envelope<'_>,
    event: &envelope::Event<'_>,
    key: &IdentityKey,
) -> Result<Event, &'static str> {
    let label = |text: &str| Label::parse(text).map_err(|_| "version-not-a-label");
    let findings = event.findings.iter().map(|finding| (finding.code, finding.path));
    Ok(Event {
        event_id: Hex(event.event_id),
        c14n: u32::try_from(event.c14n).map_err(|_| "unknown-canonical-form")?,
        commitment: Hex(event.commitment),
        subject: subject(&event.subject, key)?,
        event_time_ns: event.event_time_ns,
        received_at_ns: envelope.received_at_ns,
        source: envelope.source.as_ref().map(source).transpose()?,
        principal: envelope.principal.map(|principal| key.pseudonym(principal)),
        verdict: match event.verdict {
            envelope::Verdict::Unsigned => Verdict::Unsigned,
            envelope::Verdict::Valid => Verdict::Valid,
            envelope::Verdict::Invalid => Verdict::Invalid,
            envelope::Verdict::UnknownKey => Verdict::UnknownKey,
        },
        mode: match envelope.mode {
            envelope::Mode::Live => Mode::Live,
            envelope::Mode::Backfill => Mode::Backfill,
            envelope::Mode::Drill => Mode::Drill,
        },
        findings: Findings::collect(findings).map_err(|_| "finding-code-not-a-label")?,
        validator_version: label(envelope.intake_version)?,
        schema_version: label(event.schema_version)?,
    })
}

fn subject(subject: &envelope::Subject<'_>, key: &IdentityKey) -> Result<Subject, &'static str> {
    let name = QualifiedName::bounded(subject.namespace, subject.name, key);
    Ok(match (subject.kind, subject.run) {
        (EventKind::Run, Some(run)) => Subject::Run { id: RunId(run.0), job: name },
        (EventKind::Run, None) => return Err("run-event-without-run"),
        (EventKind::Job, _) => Subject::Job(name),
        (EventKind::Dataset, _) => Subject::Dataset(name),
    })
}

fn source(source: &envelope::Source<'_>) -> Result<SourcePosition, &'static str> {
    Ok(SourcePosition {
        topic: Topic::parse(source.topic).map_err(|_| "source-topic-not-a-topic")?,
        partition: u32::try_from(source.partition).map_err(|_| "negative-source-partition")?,
        offset: u64::try_from(source.offset).map_err(|_| "negative-source-offset")?,
        timestamp_ms: (source.timestamp_ms >= 0).then_some(source.timestamp_ms),
    })
}
