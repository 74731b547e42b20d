//! Alerts about the record itself, which no event of the data causes. Owns their shape on the alert topic; each sentence is
//! its rule's. Never reads the graph: where a fold fails, these are still told.

use ledger::leaf::Hex;
use lineage::alert::{
    AlertMessage, MessageEvidence, MessageLeaf, MessageOccurrence, MessageOwner, MessageSubject, MessageSubjectKind,
    rfc3339,
};
use lineage::id::AlertId;
use lineage::row::AlertState;
use lineage::rule::Severity;

use super::{Recorder, Turn, alert_record};

/// What an alert of the recorder's own says.
pub(super) struct Alarm<'a> {
    /// The rule.
    pub rule: &'static str,
    /// Its tenant; the partition's own where the record has none that can be trusted.
    pub tenant: &'a str,
    /// What sort of thing it is about.
    pub kind: MessageSubjectKind,
    /// That thing's name.
    pub name: String,
    /// Which time.
    pub occurrence: MessageOccurrence,
    /// How urgent.
    pub severity: Severity,
    /// One sentence.
    pub summary: String,
    /// Leaves behind it: index, and offset of the record.
    pub leaves: Vec<(u64, u64)>,
    /// Leaves in all, where there are more.
    pub leaves_total: Option<u64>,
    /// Steps.
    pub remedy: Vec<String>,
    /// `live`, or `drill` for a test.
    pub mode: &'static str,
    /// When it began and when it came to stand so, ns UTC.
    pub times_ns: (i64, i64),
}

impl Recorder {
    /// The first message of an alert.
    pub(super) fn firing(&self, alarm: Alarm<'_>) -> AlertMessage {
        let Alarm { rule, name, occurrence, leaves, times_ns: (opened_ns, changed_ns), .. } = alarm;
        let kind = match alarm.kind {
            MessageSubjectKind::Partition => "partition",
            _ => "ledger",
        };
        let first = leaves.first().map_or(0, |(index, _)| *index);
        let at = |(index, offset): (u64, u64)| MessageLeaf {
            index,
            position: format!("{}/{}/{offset}", Hex(self.meta.incarnation.unwrap_or_default()), self.meta.partition),
            event_id: None,
            run: None,
            role: None,
        };
        let settings = &self.settings.alerts;
        AlertMessage {
            id: AlertId::of(alarm.tenant, rule, name.as_bytes(), occurrence.key.as_bytes()).to_string(),
            rule: rule.to_owned(),
            rule_version: 1,
            state: AlertState::Firing,
            sequence: 0,
            severity: alarm.severity,
            tenant: alarm.tenant.to_owned(),
            group_key: format!("{rule}/{name}"),
            subject: MessageSubject {
                kind: alarm.kind,
                node: format!("{kind}:{name}"),
                namespace: None,
                name: Some(name),
                field: None,
                run: None,
                job: None,
            },
            occurrence,
            summary: alarm.summary,
            evidence: MessageEvidence {
                leaves: leaves.into_iter().map(at).collect(),
                leaves_total: alarm.leaves_total,
                proof: format!("ledgerline --tenant {} ledger prove {first}", alarm.tenant),
            },
            ancestors: None,
            owners: vec![MessageOwner {
                name: settings.fallback_owner.clone(),
                kind: None,
                source: "fallback".to_owned(),
                contact: None,
            }],
            affected: None,
            remedy: alarm.remedy,
            runbook: format!("{}{rule}", settings.runbook_base),
            opened_at: rfc3339(opened_ns),
            changed_at: rfc3339(changed_ns),
            resolved_at: None,
            resolution: None,
            mode: alarm.mode.to_owned(),
            generation: Some(settings.generation),
        }
    }

    /// Puts a message into the outbox. `received_at_ns` is when intake received what caused it; 0 where nothing of intake's did.
    pub(super) fn tell(&self, turn: &mut Turn<'_, '_>, message: &AlertMessage, received_at_ns: i64) {
        turn.applied.alerts += 1;
        let outgoing = alert_record(message, &self.meta.ledger_name, turn.record, received_at_ns);
        self.send(turn, &outgoing);
    }
}
