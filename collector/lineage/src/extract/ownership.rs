//! Owners and tags, whose shape runs, jobs and datasets share.

use crate::facts::{Owner, Tag};
use crate::validate::{Item, Walk};

/// An `ownership` facet; `None` when it lists nothing.
pub(super) fn owners<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Vec<Owner<'a>>> {
    let mut owners = None;
    each!(walk, item, |value| {
        Owners => owners = walk.list(value, owner),
    });
    owners
}

fn owner<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Owner<'a>> {
    let (mut name, mut role) = (None, None);
    each!(walk, item, |value| {
        Name => name = walk.string(value),
        Type => role = walk.string(value),
    });
    Some(Owner { name: name?, role })
}

/// A `tags` facet; `None` when it lists nothing.
pub(super) fn tags<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Vec<Tag<'a>>> {
    let mut tags = None;
    each!(walk, item, |value| {
        Tags => tags = walk.list(value, tag),
    });
    tags
}

fn tag<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Tag<'a>> {
    let (mut key, mut content, mut source, mut field) = (None, None, None, None);
    each!(walk, item, |value| {
        Key => key = walk.string(value),
        Value => content = walk.string(value),
        Source => source = walk.string(value),
        Field => field = walk.string(value),
    });
    Some(Tag { key: key?, value: content, source, field })
}
