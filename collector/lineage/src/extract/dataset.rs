//! Facts of a dataset, as input, output or on its own.

use crate::facts::Dataset;
use crate::finding::Grade;
use crate::json::{self, Value};
use crate::schema::{Facet, Kind};
use crate::validate::{Code, Item, Keys, Walk};

use super::lineage::Own;
use super::{columns, custody, job, lineage, merge, ownership, quality, storage};

/// The inputs or outputs of an event, each once. `room` is how many more datasets the facts may hold.
pub(super) fn datasets<'a>(walk: &mut Walk<'a>, item: Item<'a>, own: Own<'a>, room: &mut usize) -> Vec<Dataset<'a>> {
    let Kind::Array(items) = item.kind else {
        walk.pass(item);
        return Vec::new();
    };
    let kind = walk.schemas.class(items).kind;
    let mut taken = Vec::with_capacity(walk.value(item).len().min(*room));
    let mut left_out = 0usize;
    for value in walk.value(item).items() {
        let entry = Item::new(value, kind);
        if value.kind() != json::Kind::Object {
            no_dataset(walk, value);
        } else if *room == 0 {
            walk.pass(entry);
            left_out += 1;
        } else if let Some(dataset) = dataset(walk, entry, own) {
            taken.push(dataset);
            *room -= 1;
        }
    }
    if left_out > 0 {
        let most = walk.limits.datasets_per_run_max;
        let message = || format!("{left_out} datasets here are beyond {most} (`datasets_per_run_max`); split the run.");
        walk.note(Grade::Warn, Code::TooManyDatasets, walk.value(item), message);
    }
    merge::merge(walk, walk.value(item), &mut taken);
    taken
}

/// A dataset that is no object has neither namespace nor name; a null is none at all.
#[cold]
fn no_dataset<'a>(walk: &mut Walk<'a>, value: Value<'a, 'a>) {
    if value.is_null() {
        let message = || "A null stands for no dataset; leave it out.".to_owned();
        return walk.note(Grade::Note, Code::NullMember, value, message);
    }
    let message = || "A dataset is an object with namespace and name; send one.".to_owned();
    walk.note(Grade::Reject, Code::WrongType, value, message);
}

/// A dataset and its facets; `None` when it is not named.
pub(super) fn dataset<'a>(walk: &mut Walk<'a>, item: Item<'a>, own: Own<'a>) -> Option<Dataset<'a>> {
    let (mut namespace, mut name) = (None, None);
    let mut facets = [None; 2];
    each!(walk, item, |value| {
        Namespace => namespace = walk.string(value),
        Name => name = walk.string(value),
        Facets => facets[0] = Some(value),
        InputFacets => facets[1] = Some(value),
        OutputFacets => facets[1] = Some(value),
    });
    let named = namespace.zip(name);
    let mut dataset = empty(namespace.unwrap_or_default(), name.unwrap_or_default());
    let mut keys = Keys::default();
    for facets in facets.into_iter().flatten() {
        walk.facets(facets, &mut keys, |walk, facet, item| take(walk, &mut dataset, facet, item, own));
    }
    (dataset.facets, dataset.deleted) = (keys.present, keys.deleted);
    named.map(|_| dataset)
}

fn empty<'a>(namespace: &'a str, name: &'a str) -> Dataset<'a> {
    Dataset {
        namespace,
        name,
        schema: None,
        source: None,
        version: None,
        lifecycle: None,
        owners: None,
        tags: None,
        documentation: None,
        dataset_type: None,
        sub_type: None,
        storage: None,
        catalog: None,
        hierarchy: None,
        symlinks: None,
        columns: None,
        column_dataset: Vec::new(),
        lineage: None,
        statistics: None,
        metrics: None,
        assertions: Vec::new(),
        subset: None,
        digests: Vec::new(),
        records: Vec::new(),
        facets: Vec::new(),
        deleted: Vec::new(),
    }
}

fn take<'a>(walk: &mut Walk<'a>, dataset: &mut Dataset<'a>, facet: Facet, item: Item<'a>, own: Own<'a>) {
    match facet {
        Facet::Schema => dataset.schema = storage::schema(walk, item),
        Facet::DataSource => dataset.source = storage::source(walk, item),
        Facet::Version => dataset.version = storage::version(walk, item),
        Facet::LifecycleStateChange => dataset.lifecycle = storage::lifecycle(walk, item),
        Facet::Ownership => dataset.owners = ownership::owners(walk, item),
        Facet::Tags => dataset.tags = ownership::tags(walk, item),
        Facet::Documentation => dataset.documentation = job::documentation(walk, item),
        Facet::DatasetType => (dataset.dataset_type, dataset.sub_type) = storage::dataset_type(walk, item),
        Facet::Storage => dataset.storage = storage::storage(walk, item),
        Facet::Catalog => dataset.catalog = storage::catalog(walk, item),
        Facet::Hierarchy => dataset.hierarchy = storage::hierarchy(walk, item),
        Facet::Symlinks => dataset.symlinks = storage::symlinks(walk, item),
        Facet::ColumnLineage => (dataset.columns, dataset.column_dataset) = columns::column_lineage(walk, item),
        Facet::Lineage => {
            dataset.lineage = lineage::of_dataset(walk, item, (dataset.namespace, dataset.name), own);
        }
        Facet::InputStatistics | Facet::OutputStatistics => dataset.statistics = quality::statistics(walk, item),
        Facet::DataQualityMetrics => dataset.metrics = quality::metrics(walk, item),
        Facet::DataQualityAssertions => dataset.assertions = quality::assertions(walk, item).unwrap_or_default(),
        Facet::Subset | Facet::OutputSubset => dataset.subset = quality::subset(walk, item),
        Facet::Digest => dataset.digests = custody::digests(walk, item).unwrap_or_default(),
        Facet::Records => dataset.records = custody::records(walk, item).unwrap_or_default(),
        _ => walk.pass(item),
    }
}
