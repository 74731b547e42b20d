//! The members of one object, in document order, checked as they are asked for. Owns what "absent" means.

use crate::json::Value;
use crate::schema::{Field, Member, Record};

use super::Item;
use super::walk::{RecordMissing, Walk};

/// A cursor over an object's members. Call [`Members::next`] to the end, then [`Members::close`].
pub(crate) struct Members<'a> {
    /// The object's place on the tape.
    object: u32,
    /// Place of the next member's name.
    next: u32,
    end: u32,
    record: Option<&'a Record>,
    seen: u64,
}

impl<'a> Members<'a> {
    /// Over `object`; without a record, every member travels untouched.
    #[inline]
    pub(super) fn new(at: u32, object: Value<'a, 'a>, record: Option<&'a Record>) -> Self {
        // Without a record there is nothing to look at.
        let end = if record.is_some() { object.nodes().end } else { 0 };
        Members { object: at, next: at + 1, end, record, seen: 0 }
    }

    /// The next member that extraction knows and that is of the type it should be. Those it does not know are checked here;
    /// those that the schema does not know are not looked at.
    #[inline]
    pub(crate) fn next(&mut self, walk: &mut Walk<'a>) -> Option<(Member, Item<'a>)> {
        let record = self.record?;
        loop {
            if self.next >= self.end {
                return None;
            }
            let (key, value) = walk.root.member_at(self.next);
            self.next = value.nodes().end;
            let Some((position, field)) = record.field(&key) else { continue };
            let bit = 1u64 << position;
            if !field.class.fits(value) {
                self.misfit(walk, field, bit, value);
                continue;
            }
            self.seen |= bit;
            let item = Item { at: value.index(), kind: field.class.kind, rule: Some(field) };
            if field.member == Member::Unbound {
                walk.pass(item);
                continue;
            }
            return Some((field.member, item));
        }
    }

    /// A null, or a value of a type it may not have. A null that must be there is reported as missing, and not here.
    #[cold]
    fn misfit(&mut self, walk: &mut Walk<'a>, field: &Field, bit: u64, value: Value<'a, 'a>) {
        let optional = self.record.is_some_and(|record| record.required & bit == 0);
        if value.is_null() && !optional {
            return;
        }
        self.seen |= bit;
        walk.misfit(value, field.class.kind, if optional { field.malformed } else { field.absent });
    }

    /// Reports the members that must be there and were not.
    #[inline]
    pub(crate) fn close(self, walk: &mut Walk<'a>) {
        let Some(record) = self.record else { return };
        let positions = record.required & !self.seen;
        if positions != 0 {
            walk.missing(walk.root.value_at(self.object), RecordMissing { record, positions });
        }
    }
}
