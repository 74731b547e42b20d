//! The explicit `lineage` facet. Owns how an end without a name is read.

use crate::facts::{Endpoint, EndpointKind, LineageEntry, LineageField, LineageSource};
use crate::finding::Grade;
use crate::id::RunId;
use crate::json::Value;
use crate::validate::{Code, Item, Walk};

use super::columns::transformation;

/// Namespace and name of the event's own job, when it has one.
pub(super) type Own<'a> = Option<(&'a str, &'a str)>;

/// The facet on a job: targets and what flows into each.
pub(super) fn of_job<'a>(
    walk: &mut Walk<'a>,
    item: Item<'a>,
    job: (&'a str, &'a str),
) -> Option<Vec<LineageEntry<'a>>> {
    let mut entries = None;
    each!(walk, item, |value| {
        Entries => entries = walk.list(value, |walk, item| entry(walk, item, Some(job))),
    });
    entries
}

/// The facet on a dataset: the dataset is the one target.
pub(super) fn of_dataset<'a>(
    walk: &mut Walk<'a>,
    item: Item<'a>,
    dataset: (&'a str, &'a str),
    own: Own<'a>,
) -> Option<Vec<LineageEntry<'a>>> {
    let (mut inputs, mut fields) = (None, None);
    each!(walk, item, |value| {
        Inputs => inputs = walk.list(value, |walk, item| source(walk, item, own)),
        Fields => fields = walk.map(value, |walk, name, item| field(walk, name, item, own)),
    });
    let target = Endpoint { kind: EndpointKind::Dataset, namespace: dataset.0, name: dataset.1, run: None };
    Some(vec![LineageEntry { target, inputs, fields: fields.unwrap_or_default() }])
}

/// An end as sent.
#[derive(Default)]
struct End<'a> {
    kind: Option<&'a str>,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
    run: Option<RunId>,
}

impl<'a> End<'a> {
    /// The end it means; a job without any name is the event's own.
    fn resolve(self, walk: &mut Walk<'a>, place: Value<'a, 'a>, own: Own<'a>) -> Option<Endpoint<'a>> {
        let kind = match self.kind? {
            "DATASET" => EndpointKind::Dataset,
            "JOB" => EndpointKind::Job,
            _ => return None,
        };
        let named = match (kind, self.namespace, self.name) {
            (_, Some(namespace), Some(name)) => Some((namespace, name)),
            (EndpointKind::Job, None, None) => own,
            _ => None,
        };
        let Some((namespace, name)) = named else {
            let message =
                || "This end of an edge lacks its name; send namespace and name, or type JOB without both.".to_owned();
            walk.note(Grade::Warn, Code::UnnamedEndpoint, place, message);
            return None;
        };
        Some(Endpoint { kind, namespace, name, run: self.run })
    }
}

fn entry<'a>(walk: &mut Walk<'a>, item: Item<'a>, own: Own<'a>) -> Option<LineageEntry<'a>> {
    let (mut end, mut inputs, mut fields) = (End::default(), None, None);
    each!(walk, item, |value| {
        Type => end.kind = walk.string(value),
        Namespace => end.namespace = walk.string(value),
        Name => end.name = walk.string(value),
        RunId => end.run = walk.run_id(value),
        Inputs => inputs = walk.list(value, |walk, item| source(walk, item, own)),
        Fields => fields = walk.map(value, |walk, name, item| field(walk, name, item, own)),
    });
    let target = end.resolve(walk, walk.value(item), own)?;
    Some(LineageEntry { target, inputs, fields: fields.unwrap_or_default() })
}

fn field<'a>(walk: &mut Walk<'a>, field: &'a str, item: Item<'a>, own: Own<'a>) -> Option<LineageField<'a>> {
    let mut inputs = None;
    each!(walk, item, |value| {
        Inputs => inputs = walk.list(value, |walk, item| source(walk, item, own)),
    });
    Some(LineageField { field, inputs: inputs? })
}

fn source<'a>(walk: &mut Walk<'a>, item: Item<'a>, own: Own<'a>) -> Option<LineageSource<'a>> {
    let (mut end, mut field, mut transformations) = (End::default(), None, None);
    each!(walk, item, |value| {
        Type => end.kind = walk.string(value),
        Namespace => end.namespace = walk.string(value),
        Name => end.name = walk.string(value),
        RunId => end.run = walk.run_id(value),
        Field => field = walk.string(value),
        Transformations => transformations = walk.list(value, transformation),
    });
    let endpoint = end.resolve(walk, walk.value(item), own)?;
    Some(LineageSource { endpoint, field, transformations: transformations.unwrap_or_default() })
}
