//! Two different events for one transition of a run: both are recorded, and one of them is wrong. Fires once for a
//! transition, with news for every further event; nothing ends it.

use super::signal::{Evidence, Fire, Occurrence, OccurrenceKind, Severity, Signal, SubjectKind, SubjectRef, What};
use super::{Change, Rule};
use crate::alert::rfc3339;
use crate::facts::EventType;
use crate::fold::Accepted;
use crate::row::Read;

/// The rule.
pub struct ConflictingDuplicate;

impl Rule for ConflictingDuplicate {
    const ID: &'static str = "conflicting-duplicate";
    const VERSION: u32 = 1;

    fn evaluate<S: Read>(_: &S, _: &Accepted<'_>, change: &Change) -> Result<Vec<Signal>, S::Error> {
        let (Some(run), Some(conflict)) = (&change.run, &change.conflict) else { return Ok(Vec::new()) };
        let transition = match conflict.this.event_type {
            EventType::Start => "START",
            EventType::Complete => "COMPLETE",
            EventType::Abort => "ABORT",
            EventType::Fail => "FAIL",
            EventType::Running | EventType::Other => return Ok(Vec::new()),
        };
        let time = rfc3339(conflict.this.time_ns);
        let mut evidence: Vec<Evidence> = conflict
            .others
            .iter()
            .chain([&conflict.this])
            .map(|seen| Evidence { place: seen.place, event: Some(seen.event), run: run.key.run })
            .collect();
        evidence.sort_unstable();
        let id = run.key.run;
        let fire = Fire {
            severity: Severity::Warning,
            summary: format!(
                "{} different events claim the {transition} of run {id} at {time}: {}.",
                evidence.len(),
                conflict.about
            ),
            evidence,
            ancestors: Vec::new(),
            remedy: vec![
                format!("Compare the events: `ledgerline run show {id}` lists them, `ledgerline events show EVENT_ID` prints each."),
                "Find out who sends them: two integrations on one job, a retry that changes its payload, or someone who \
                 speaks for a job that is not theirs."
                    .to_owned(),
                "Let only one of them send this run's events; both events stay in the ledger.".to_owned(),
            ],
            group_key: format!("{}/{id}", Self::ID),
            opened_ns: conflict.this.time_ns,
            memory: Vec::new(),
        };
        let mut job = String::with_capacity(32);
        for byte in run.key.job.0 {
            job.push_str(&format!("{byte:02x}"));
        }
        Ok(vec![Signal {
            rule: Self::ID,
            version: Self::VERSION,
            subject: SubjectRef { kind: SubjectKind::Run, job: run.key.job, run: id },
            occurrence: Occurrence { kind: OccurrenceKind::Transition, key: format!("{id}/{transition}/{time}/{job}") },
            what: What::Fire(Box::new(fire)),
        }])
    }
}
