//! Two mentions of one dataset on one side of an event become one. Owns which facets stand: the later ones, whole.

use std::collections::HashMap;

use crate::facts::Dataset;
use crate::finding::Grade;
use crate::json::Value;
use crate::validate::{Code, Walk};

/// Up to this many datasets are compared pairwise; more go through a map.
const PAIRS_MAX: usize = 8;

/// Merges the datasets that stand more than once among `datasets`, which `list` holds.
pub(super) fn merge<'a>(walk: &mut Walk<'a>, list: Value<'a, 'a>, datasets: &mut Vec<Dataset<'a>>) {
    if datasets.len() < 2 || !repeats(datasets) {
        return;
    }
    let mut merged: Vec<Dataset<'a>> = Vec::with_capacity(datasets.len());
    let mut places: HashMap<(&str, &str), usize> = HashMap::with_capacity(datasets.len());
    for later in datasets.drain(..) {
        match places.get(&(later.namespace, later.name)) {
            Some(&place) => absorb(&mut merged[place], later),
            None => {
                places.insert((later.namespace, later.name), merged.len());
                merged.push(later);
            }
        }
    }
    *datasets = merged;
    let message = || "A dataset stands here twice and was merged, later facets standing; send each once.".to_owned();
    walk.note(Grade::Note, Code::DuplicateDataset, list, message);
}

fn repeats(datasets: &[Dataset<'_>]) -> bool {
    let name = |dataset: &Dataset<'_>| (dataset.name.len(), dataset.namespace.len());
    let same = |a: &Dataset<'_>, b: &Dataset<'_>| name(a) == name(b) && a.name == b.name && a.namespace == b.namespace;
    if datasets.len() <= PAIRS_MAX {
        return (1..datasets.len()).any(|later| datasets[..later].iter().any(|one| same(one, &datasets[later])));
    }
    let mut seen = std::collections::HashSet::with_capacity(datasets.len());
    !datasets.iter().all(|dataset| seen.insert((dataset.namespace, dataset.name)))
}

/// Takes over what `later` says; what it does not say stays.
fn absorb<'a>(standing: &mut Dataset<'a>, later: Dataset<'a>) {
    /// Replaces where the later one says something.
    macro_rules! replace {
        (options: $($option:ident)*; lists: $($list:ident)*) => {
            $(if later.$option.is_some() { standing.$option = later.$option; })*
            $(if !later.$list.is_empty() { standing.$list = later.$list; })*
        };
    }
    if later.columns.is_some() {
        // The two come from one facet.
        standing.column_dataset.clear();
    }
    replace!(
        options: schema source version lifecycle owners tags documentation dataset_type sub_type storage catalog hierarchy
            symlinks columns lineage statistics metrics subset;
        lists: column_dataset assertions digests records
    );
    extend(&mut standing.facets, later.facets);
    extend(&mut standing.deleted, later.deleted);
}

fn extend<'a>(keys: &mut Vec<&'a str>, later: Vec<&'a str>) {
    for key in later {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
}
