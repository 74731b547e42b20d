//! Which of the three events a payload is. Owns what happens when `schemaURL` and members disagree.

use crate::facts::EventKind;
use crate::finding::Grade;
use crate::json::Value;
use crate::validate::{Code, Walk};

/// What the outermost members say.
#[derive(Default)]
struct Members<'a> {
    schema_url: Option<Value<'a, 'a>>,
    run: bool,
    job: bool,
    dataset: bool,
}

/// The kind: what the fragment of `schemaURL` names, as long as the members do not show another.
pub(super) fn kind<'a>(walk: &mut Walk<'a>, root: Value<'a, 'a>) -> Option<EventKind> {
    let members = members(root);
    if !members.job && !members.dataset {
        let message =
            || "The event names neither a job nor a dataset; send `job` (and `run`), or `dataset`.".to_owned();
        walk.note(Grade::Reject, Code::NoJobNoDataset, root, message);
        return None;
    }
    let shown = match (members.run, members.job) {
        (true, _) => EventKind::Run,
        (false, true) => EventKind::Job,
        (false, false) => EventKind::Dataset,
    };
    let Some((url, named)) = members.schema_url.and_then(|url| Some((url, named(url.raw_str()?.0)?))) else {
        return Some(shown);
    };
    let possible = match named {
        // A run event without its run is refused for that, not taken for a declaration.
        EventKind::Run => members.run || members.job,
        EventKind::Job => members.job && !members.run,
        EventKind::Dataset => members.dataset && !members.run,
    };
    if possible {
        return Some(named);
    }
    let message = || format!("The members are those of a {shown:?}Event; send the `schemaURL` of that.");
    walk.note(Grade::Warn, Code::ContradictingKind, url, message);
    Some(shown)
}

fn members<'a>(root: Value<'a, 'a>) -> Members<'a> {
    let mut members = Members::default();
    for (key, value) in root.members().filter(|(_, value)| !value.is_null()) {
        match key.raw() {
            "schemaURL" => members.schema_url = Some(value),
            "run" => members.run = true,
            "job" => members.job = true,
            "dataset" => members.dataset = true,
            _ if !key.is_escaped() => {}
            _ => members.run |= key.is("run"),
        }
        if key.is_escaped() {
            members.job |= key.is("job");
            members.dataset |= key.is("dataset");
        }
    }
    members
}

/// The kind that a `schemaURL` names: its last segment, which old and new specifications share.
fn named(url: &str) -> Option<EventKind> {
    match url.rsplit_once('/')?.1 {
        "RunEvent" => Some(EventKind::Run),
        "JobEvent" => Some(EventKind::Job),
        "DatasetEvent" => Some(EventKind::Dataset),
        _ => None,
    }
}
