//! Records about the care of the ledger, written by whoever holds its keys: what a check of it found, what became of a snapshot.
//! Each becomes a leaf of its own kind; a check that found something wrong is told as an alert. Never checks anything itself.

use ledger::leaf::{Detail, Hex, IntegrityCheck, Snapshot};
use lineage::alert::{MessageOccurrence, MessageOccurrenceKind, MessageSubjectKind};
use lineage::envelope::{Control, Envelope};
use lineage::rule::Severity;
use serde::{Deserialize, Serialize};

use super::alarm::Alarm;
use super::{Recorder, Turn};

/// Name of the control record that says what a check found.
pub const INTEGRITY_CHECK: &str = "integrity-check";

/// Name of the control record that says what became of a snapshot.
pub const SNAPSHOT: &str = "snapshot";

/// The rule that an alert about a check names.
pub const LEDGER_INTEGRITY: &str = "ledger-integrity";

/// Characters of the sentence about what was expected.
const EXPECTED_CHARS_MAX: usize = 512;

/// Content of the `integrity-check` control record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckContent {
    /// What the leaf says.
    pub check: IntegrityCheck,
    /// What was found and what was expected, in a sentence.
    #[serde(default)]
    pub expected: String,
}

/// The leaf of such a record; `None` where it is another record, or can't be read.
pub(super) fn detail(control: &Control<'_>, principal: Option<Hex<16>>, received_at_ns: i64) -> Option<Detail> {
    match control.name {
        INTEGRITY_CHECK => check(control).map(|content| content.check.into()),
        SNAPSHOT => {
            let said: Snapshot = serde_json::from_slice(control.content).ok()?;
            // When and by whom is intake's to say, not the content's.
            Some(Snapshot { received_at_ns, principal, ..said }.into())
        }
        _ => None,
    }
}

/// Whether a record of this name is one of these.
pub(super) fn is_upkeep(name: &str) -> bool {
    matches!(name, INTEGRITY_CHECK | SNAPSHOT)
}

fn check(control: &Control<'_>) -> Option<CheckContent> {
    let content: CheckContent = serde_json::from_slice(control.content).ok()?;
    (content.expected.chars().count() <= EXPECTED_CHARS_MAX).then_some(content)
}

impl Recorder {
    /// Tells of what a check found wrong; `leaf` is the check's own.
    pub(super) fn integrity_alarm(
        &self,
        turn: &mut Turn<'_, '_>,
        envelope: &Envelope<'_>,
        control: &Control<'_>,
        leaf: u64,
    ) {
        let found = (control.name == INTEGRITY_CHECK).then(|| check(control)).flatten();
        let Some(CheckContent { check, expected }) = found else { return };
        let Some(fault) = check.first_fault.filter(|_| check.faults > 0) else { return };
        let time_ns = if self.meta.time_ns > 0 { self.meta.time_ns } else { envelope.received_at_ns };
        let (tenant, code, at) = (envelope.tenant, fault.code.as_str(), fault.leaf);
        let alert = self.firing(Alarm {
            rule: LEDGER_INTEGRITY,
            tenant,
            kind: MessageSubjectKind::Ledger,
            name: format!("{}/{tenant}", self.meta.ledger_name),
            occurrence: MessageOccurrence {
                kind: MessageOccurrenceKind::Standing,
                key: format!("{code}/{at}"),
                from: None,
                until: None,
            },
            severity: Severity::Critical,
            summary: format!("The stored ledger of {tenant} is not what was recorded: {code} at leaf {at}: {expected}."),
            leaves: vec![(leaf, turn.record.offset)],
            leaves_total: None,
            remedy: vec![
                "Stop the server and keep a copy of its data folder as it is: it is the evidence.".to_owned(),
                "Run `ledgerline --data DIR ledger fsck` on the copy: it names everything up to the first thing wrong."
                    .to_owned(),
                "Move the partition's store away and start again: it is rebuilt from the log, and compared with the published \
                 checkpoints before it serves."
                    .to_owned(),
                "Look at the disk, and at who may write there: files do not change by themselves.".to_owned(),
            ],
            mode: "live",
            times_ns: (time_ns, time_ns),
        });
        self.tell(turn, &alert, envelope.received_at_ns);
    }
}
