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
    // The job comes first: an explicit lineage edge may mean it without naming it.
    let run = run.map(|item| run::run(walk, item));
    let job = job.map(|item| job::job(walk, item));
    let own = job.as_ref().and_then(|job| job.as_ref()).map(|job| (job.namespace, job.name));
    let mut room = walk.limits.datasets_per_run_max;
    let inputs = inputs.map_or_else(Vec::new, |item| dataset::datasets(walk, item, own, &mut room));
    let outputs = outputs.map_or_else(Vec::new, |item| dataset::datasets(walk, item, own, &mut room));
    let dataset = dataset.map(|item| dataset::dataset(walk, item, own));
    Some(Facts {
        kind,
        event_type,
        event_time_ns: event_time_ns?,
        producer,
        run: required(run)?,
        job: required(job)?,
        inputs,
        outputs,
        dataset: required(dataset)?,
        inferred: Vec::new(),
    })
}

/// A part that was sent must have come out; one that was not sent, and had to be, is among the findings.
fn required<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(taken) => taken.map(Some),
    }
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
