//! The test alert: a control record that sends one alert the whole way to the topic, to show that somebody hears it.
//! Marked as a drill, of severity info. It fires and is resolved by the same record, so that it is never open: no count, no
//! page of open alerts and no compacted topic keeps it, and a replay sends the same two messages.

use lineage::alert::{MessageOccurrence, MessageOccurrenceKind, MessageSubjectKind};
use lineage::envelope::{Control, Envelope};
use lineage::rule::Severity;
use serde::Deserialize;

use super::alarm::Alarm;
use super::{Recorder, Turn};

/// The rule that test alerts name, and the control record that asks for one.
pub const ALERT_TEST: &str = "alert-test";

/// Characters of the sentence that the caller may add.
const MESSAGE_CHARS_MAX: usize = 256;

/// Content of the `alert-test` control record.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct DrillContent {
    /// Said in the alert's sentence.
    #[serde(default)]
    message: String,
}

impl DrillContent {
    /// Reads it; `None` where it is another content or says too much.
    pub fn read(control: &Control<'_>) -> Option<Self> {
        let content: Self = serde_json::from_slice(control.content).ok()?;
        (content.message.chars().count() <= MESSAGE_CHARS_MAX).then_some(content)
    }
}

impl Recorder {
    /// The two messages of a test alert, whose control record is that leaf of its tenant's ledger.
    pub(super) fn drill(
        &self,
        turn: &mut Turn<'_, '_>,
        envelope: &Envelope<'_>,
        control: &Control<'_>,
        key: &[u8; 16],
        leaf: u64,
    ) {
        let Some(DrillContent { message }) = DrillContent::read(control) else { return };
        let time_ns = if self.meta.time_ns > 0 { self.meta.time_ns } else { envelope.received_at_ns };
        let said = if message.is_empty() { "nothing is wrong." } else { &*message };
        let mut alert = self.firing(Alarm {
            rule: ALERT_TEST,
            tenant: envelope.tenant,
            kind: MessageSubjectKind::Ledger,
            name: format!("{}/{}", self.meta.ledger_name, envelope.tenant),
            occurrence: MessageOccurrence {
                kind: MessageOccurrenceKind::Standing,
                key: ledger::leaf::Hex(*key).to_string(),
                from: None,
                until: None,
            },
            severity: Severity::Info,
            summary: format!("Test alert, sent on purpose: {said}"),
            leaves: vec![(leaf, turn.record.offset)],
            leaves_total: None,
            remedy: vec![
                "Nothing is to be done: somebody ran `ledgerline alerts test` to see that alerts arrive.".to_owned(),
            ],
            mode: "drill",
            times_ns: (time_ns, time_ns),
        });
        self.tell(turn, &alert, envelope.received_at_ns);
        alert.resolve("a test alert ends as it begins", 1, time_ns);
        self.tell(turn, &alert, envelope.received_at_ns);
    }
}
