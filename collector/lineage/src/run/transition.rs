//! Transitions that were seen, so that a second event for one of them can be compared with the first.
//! Owns what counts as disagreeing; raises nothing itself.

use crate::facts::{Dataset, EventType, Facts};
use crate::fold::Accepted;
use crate::graph::{Touched, fnv1a};
use crate::row::{RunRow, Transition};

/// Two or more events for one transition that disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The event just applied.
    pub this: Transition,
    /// Those it disagrees with, in the order of their leaves.
    pub others: Vec<Transition>,
    /// What it is that disagrees, for a sentence.
    pub about: &'static str,
}

/// Remembers the event's transition and compares it with what is remembered. RUNNING and OTHER at one instant are
/// legitimate and not looked at.
pub(super) fn note(
    now: &mut RunRow,
    accepted: &Accepted<'_>,
    run_facets: Vec<(u8, u32)>,
    touched: &Touched<'_>,
) -> Option<Conflict> {
    let facts = accepted.facts;
    let event_type = facts.event_type?;
    if matches!(event_type, EventType::Running | EventType::Other) {
        return None;
    }
    // Run facets are told from job facets of one number by the high bit.
    let mut facets = Vec::with_capacity(run_facets.len() + touched.job_facets.len());
    facets.extend(run_facets.into_iter().map(|(facet, digest)| (facet | 0x80, digest)));
    facets.extend_from_slice(&touched.job_facets);
    facets.sort_unstable();
    let this = Transition {
        event_type,
        time_ns: facts.event_time_ns,
        event: accepted.event_id,
        place: accepted.place(),
        shape: shape(facts),
        inputs: list(&facts.inputs),
        outputs: list(&facts.outputs),
        facets,
    };
    if let Some(known) = now.transitions.iter_mut().find(|known| known.event == this.event) {
        known.place = known.place.min(this.place);
        return None;
    }
    let mut about = None;
    let mut others: Vec<Transition> = Vec::new();
    for other in &now.transitions {
        let same = other.event_type == this.event_type && other.time_ns == this.time_ns;
        if let Some(difference) = disagreement(other, &this).filter(|_| same) {
            about = about.or(Some(difference));
            others.push(other.clone());
        }
    }
    others.sort_by_key(|other| other.place);
    let at = now.transitions.partition_point(|known| *known < this);
    now.transitions.insert(at, this.clone());
    now.transitions.truncate(RunRow::TRANSITIONS_MAX);
    about.map(|about| Conflict { this, others, about })
}

/// What two different events for one transition disagree about. Facets or datasets that only one of them has are no
/// disagreement; events with the same facets in the same places, yet another id, differ inside one of them.
fn disagreement(one: &Transition, other: &Transition) -> Option<&'static str> {
    let differ = |one: u64, other: u64| one != 0 && other != 0 && one != other;
    if differ(one.inputs, other.inputs) {
        Some("their inputs differ")
    } else if differ(one.outputs, other.outputs) {
        Some("their outputs differ")
    } else if one.facets.iter().any(|(facet, digest)| other.facets.iter().any(|(f, d)| f == facet && d != digest))
        || one.shape == other.shape
    {
        Some("one facet has two contents")
    } else {
        None
    }
}

fn shape(facts: &Facts<'_>) -> u64 {
    let mut text = String::with_capacity(512);
    let mut put = |place: &str, parts: &[&str]| {
        text.push_str(place);
        for part in parts {
            text.push('\0');
            text.push_str(part);
        }
        text.push('\n');
    };
    put("producer", &[facts.producer.unwrap_or_default()]);
    if let Some(run) = &facts.run {
        put("run", &run.facets);
    }
    if let Some(job) = &facts.job {
        put("job", &job.facets);
    }
    for dataset in facts.inputs.iter().chain(&facts.outputs) {
        put(dataset.namespace, &[dataset.name]);
        put("facets", &dataset.facets);
    }
    fnv1a(text.as_bytes())
}

/// A digest of a list of datasets, whatever their order; 0 when it is empty.
fn list(datasets: &[Dataset<'_>]) -> u64 {
    if datasets.is_empty() {
        return 0;
    }
    let mut names: Vec<(&str, &str)> = datasets.iter().map(|dataset| (dataset.namespace, dataset.name)).collect();
    names.sort_unstable();
    names.dedup();
    let mut text = Vec::new();
    for (namespace, name) in names {
        for part in [namespace, name] {
            text.extend_from_slice(part.as_bytes());
            text.push(0);
        }
    }
    fnv1a(&text).max(1)
}
