//! `columnLineage`: which input columns each column comes from.

use crate::facts::{Column, ColumnSource, Transformation};
use crate::validate::{Item, Walk};

/// Longest description of a transformation that the facts keep, bytes.
const DESCRIPTION_BYTES_MAX: usize = 1024;

/// The columns, and the columns that all of them depend on.
pub(super) fn column_lineage<'a>(
    walk: &mut Walk<'a>,
    item: Item<'a>,
) -> (Option<Vec<Column<'a>>>, Vec<ColumnSource<'a>>) {
    let (mut columns, mut dataset) = (None, None);
    each!(walk, item, |value| {
        Fields => columns = walk.map(value, column),
        Dataset => dataset = walk.list(value, source),
    });
    // The facet is there: without readable columns it lists none.
    (Some(columns.unwrap_or_default()), dataset.unwrap_or_default())
}

fn column<'a>(walk: &mut Walk<'a>, field: &'a str, item: Item<'a>) -> Option<Column<'a>> {
    let (mut inputs, mut old_kind, mut old_description) = (None, None, None);
    each!(walk, item, |value| {
        InputFields => inputs = walk.list(value, source),
        TransformationType => old_kind = walk.string(value),
        TransformationDescription => old_description = walk.head(value, DESCRIPTION_BYTES_MAX),
    });
    let mut inputs = inputs?;
    if let Some(kind) = old_kind {
        let old = Transformation { kind, subtype: None, description: old_description, masking: kind == "MASKED" };
        inputs.iter_mut().filter(|source| source.transformations.is_empty()).for_each(|source| {
            source.transformations.push(old);
        });
    }
    Some(Column { field, inputs })
}

fn source<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<ColumnSource<'a>> {
    let (mut namespace, mut name, mut field, mut transformations) = (None, None, None, None);
    each!(walk, item, |value| {
        Namespace => namespace = walk.string(value),
        Name => name = walk.string(value),
        Field => field = walk.string(value),
        Transformations => transformations = walk.list(value, transformation),
    });
    let transformations = transformations.unwrap_or_default();
    Some(ColumnSource { namespace: namespace?, name: name?, field: field?, transformations })
}

/// One step between columns; the explicit `lineage` facet has them too.
pub(super) fn transformation<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Transformation<'a>> {
    let (mut kind, mut subtype, mut description, mut masking) = (None, None, None, None);
    each!(walk, item, |value| {
        Type => kind = walk.string(value),
        Subtype => subtype = walk.string(value),
        Description => description = walk.head(value, DESCRIPTION_BYTES_MAX),
        Masking => masking = walk.flag(value),
    });
    Some(Transformation { kind: kind?, subtype, description, masking: masking.unwrap_or(false) })
}
