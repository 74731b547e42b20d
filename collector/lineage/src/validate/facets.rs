//! The facets of a run, job or dataset. Owns which are known, custom or withdrawn. A custom facet travels untouched.

use crate::finding::Grade;
use crate::json::{self, Value};
use crate::schema::{Facet, Kind};

use super::{Code, Item, Walk};

/// Keys of the facets of one thing.
#[derive(Default)]
pub(crate) struct Keys<'a> {
    /// Those present, in document order.
    pub(crate) present: Vec<&'a str>,
    /// Those sent with `_deleted: true`.
    pub(crate) deleted: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    /// Goes through facets: notes their keys and gives those that the schemas know to `take`, with nothing inside able to reject.
    pub(crate) fn facets(
        &mut self,
        item: Item<'a>,
        keys: &mut Keys<'a>,
        mut take: impl FnMut(&mut Self, Facet, Item<'a>),
    ) {
        let Kind::Facets(place) = item.kind else { return };
        let outer = std::mem::replace(&mut self.in_facet, true);
        keys.present.reserve(self.value(item).len().min(self.limits.items_max));
        for (key, value) in self.value(item).members() {
            if !matches!(value.kind(), json::Kind::Object) {
                self.no_object(value);
                continue;
            }
            let name = self.key(&key);
            if is_deleted(value, self.schemas.deleted_hash) {
                self.keep(&mut keys.deleted, name);
                continue;
            }
            self.keep(&mut keys.present, name);
            if let Some((id, facet)) = self.schemas.facet(place, &key) {
                take(self, facet, Item::record(value, id));
            }
        }
        self.in_facet = outer;
    }

    #[inline]
    fn keep(&self, keys: &mut Vec<&'a str>, name: &'a str) {
        // A key longer than a name may be, or one too many, stays in the body only.
        if keys.len() < self.limits.items_max && name.len() <= self.limits.name_bytes_max {
            keys.push(name);
        }
    }

    #[cold]
    fn no_object(&mut self, value: Value<'a, 'a>) {
        if value.is_null() {
            let message =
                || "A null facet counts as absent; leave it out, or send `_deleted` to withdraw it.".to_owned();
            return self.note(Grade::Note, Code::NullMember, value, message);
        }
        let message = || "A facet is an object; send one.".to_owned();
        self.note(Grade::Warn, Code::WrongType, value, message);
    }
}

/// Whether a facet is withdrawn. Looks at the hashes of its members' names, which the tape has, and at no name but a likely one.
#[inline]
fn is_deleted(facet: Value<'_, '_>, hash: u32) -> bool {
    facet.members().any(|(key, value)| key.hash() == hash && value.as_bool() == Some(true) && key.is("_deleted"))
}
