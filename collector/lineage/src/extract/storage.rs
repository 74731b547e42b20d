//! Facts about how and where a dataset is kept, and under which names.

use crate::facts::{Catalog, Field, Hierarchy, Lifecycle, Origin, Storage, Symlink};
use crate::validate::{Item, Walk};

/// `schema`; nested columns stay nested.
pub(super) fn schema<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Vec<Field<'a>>> {
    let mut fields = None;
    each!(walk, item, |value| {
        Fields => fields = walk.list(value, field),
    });
    fields
}

fn field<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Field<'a>> {
    let (mut name, mut data_type, mut description, mut fields) = (None, None, None, None);
    each!(walk, item, |value| {
        Name => name = walk.string(value),
        Type => data_type = walk.string(value),
        Description => description = walk.text(value),
        Fields => fields = walk.list(value, field),
    });
    Some(Field { name: name?, data_type, description, fields: fields.unwrap_or_default() })
}

/// `dataSource`.
pub(super) fn source<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Origin<'a>> {
    let (mut name, mut uri) = (None, None);
    each!(walk, item, |value| {
        Name => name = walk.string(value),
        Uri => uri = walk.string(value),
    });
    Some(Origin { name, uri })
}

/// `version`.
pub(super) fn version<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<&'a str> {
    let mut version = None;
    each!(walk, item, |value| {
        DatasetVersion => version = walk.string(value),
    });
    version
}

/// `lifecycleStateChange`.
pub(super) fn lifecycle<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Lifecycle<'a>> {
    let (mut change, mut previous) = (None, None);
    each!(walk, item, |value| {
        LifecycleStateChange => change = walk.string(value),
        PreviousIdentifier => previous = identifier(walk, value),
    });
    let (previous_namespace, previous_name) = previous.map(|symlink| (symlink.namespace, symlink.name)).unzip();
    Some(Lifecycle { change: change?, previous_namespace, previous_name })
}

/// `symlinks`.
pub(super) fn symlinks<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Vec<Symlink<'a>>> {
    let mut identifiers = None;
    each!(walk, item, |value| {
        Identifiers => identifiers = walk.list(value, identifier),
    });
    identifiers
}

fn identifier<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Symlink<'a>> {
    let (mut namespace, mut name, mut kind) = (None, None, None);
    each!(walk, item, |value| {
        Namespace => namespace = walk.string(value),
        Name => name = walk.string(value),
        Type => kind = walk.string(value),
    });
    Some(Symlink { namespace: namespace?, name: name?, kind })
}

/// `datasetType`: type and subtype.
pub(super) fn dataset_type<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> (Option<&'a str>, Option<&'a str>) {
    let (mut kind, mut subtype) = (None, None);
    each!(walk, item, |value| {
        DatasetType => kind = walk.string(value),
        SubType => subtype = walk.string(value),
    });
    (kind, subtype)
}

/// `storage`.
pub(super) fn storage<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Storage<'a>> {
    let (mut layer, mut format) = (None, None);
    each!(walk, item, |value| {
        StorageLayer => layer = walk.string(value),
        FileFormat => format = walk.string(value),
    });
    Some(Storage { layer, format })
}

/// `catalog`.
pub(super) fn catalog<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Catalog<'a>> {
    let (mut framework, mut kind, mut name) = (None, None, None);
    let (mut metadata_uri, mut warehouse_uri, mut source) = (None, None, None);
    each!(walk, item, |value| {
        Framework => framework = walk.string(value),
        Type => kind = walk.string(value),
        Name => name = walk.string(value),
        MetadataUri => metadata_uri = walk.string(value),
        WarehouseUri => warehouse_uri = walk.string(value),
        Source => source = walk.string(value),
    });
    Some(Catalog { framework: framework?, kind: kind?, name: name?, metadata_uri, warehouse_uri, source })
}

/// `hierarchy`, outermost first.
pub(super) fn hierarchy<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Vec<Hierarchy<'a>>> {
    let mut levels = None;
    each!(walk, item, |value| {
        Hierarchy => levels = walk.list(value, level),
    });
    levels
}

fn level<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Hierarchy<'a>> {
    let (mut kind, mut name) = (None, None);
    each!(walk, item, |value| {
        Type => kind = walk.string(value),
        Name => name = walk.string(value),
    });
    Some(Hierarchy { kind: kind?, name: name? })
}
