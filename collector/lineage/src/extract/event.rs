//! The outermost members: time, kind, and what the event is about. Owns the order in which its parts are read.

use crate::facts::{EventType, Facts};
use crate::finding::Grade;
use crate::json::{Kind, Value};
use crate::validate::{Code, Item, Walk};

use super::{dataset, job, kind, run};

/// Longest `producer` that the facts keep, bytes.
const PRODUCER_BYTES_MAX: usize = 1024;

/// The facts of an event; `None` only when a finding rejects it.
pub(crate) fn event<'a>(walk: &mut Walk<'a>, root: Value<'a, 'a>) -> Option<Facts<'a>> {
    if root.kind() != Kind::Object {
        let message =
            || "The payload is no object; send one OpenLineage event, and batches to the batch endpoint.".to_owned();
        walk.note(Grade::Reject, Code::UnknownEvent, root, message);
        return None;
    }
    let kind = kind::kind(walk, root)?;
    let (mut event_time_ns, mut producer, mut event_type) = (None, None, None);
    let (mut run, mut job, mut inputs, mut outputs, mut dataset) = (None, None, None, None, None);
    each!(walk, Item::record(root, walk.schemas.event(kind)), |value| {
        EventTime => event_time_ns = walk.time(value),
        Producer => producer = walk.head(value, PRODUCER_BYTES_MAX),
        EventType => event_type = self::event_type(walk, value),
        Run => run = Some(value),
        Job => job = Some(value),
        Inputs => inputs = Some(value),
        Outputs => outputs = Some(value),
        Dataset => dataset = Some(value),
    });
    let mut facts = Facts {
        kind,
        event_type,
        event_time_ns: event_time_ns.unwrap_or_default(),
        producer,
        // The job comes before the datasets: an explicit lineage edge may mean it without naming it.
        run: run.and_then(|item| run::run(walk, item)),
        job: job.and_then(|item| job::job(walk, item)),
        inputs: Vec::new(),
        outputs: Vec::new(),
        dataset: None,
        inferred: Vec::new(),
    };
    let own = facts.job.as_ref().map(|job| (job.namespace, job.name));
    let mut room = walk.limits.datasets_per_run_max;
    if let Some(item) = inputs {
        facts.inputs = dataset::datasets(walk, item, own, &mut room);
    }
    if let Some(item) = outputs {
        facts.outputs = dataset::datasets(walk, item, own, &mut room);
    }
    facts.dataset = dataset.and_then(|item| dataset::dataset(walk, item, own));
    // A part that was sent must have come out; one that was not, and had to be, is among the findings.
    let whole = event_time_ns.is_some()
        && run.is_some() == facts.run.is_some()
        && job.is_some() == facts.job.is_some()
        && dataset.is_some() == facts.dataset.is_some();
    whole.then_some(facts)
}

fn event_type<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<EventType> {
    Some(match walk.string(item)? {
        "START" => EventType::Start,
        "RUNNING" => EventType::Running,
        "COMPLETE" => EventType::Complete,
        "ABORT" => EventType::Abort,
        "FAIL" => EventType::Fail,
        _ => EventType::Other,
    })
}
