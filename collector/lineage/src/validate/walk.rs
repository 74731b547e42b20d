//! The walk itself: what stands where, of which type. Owns the checks of structure; forms of strings and numbers are `scalar`'s.
//! Recursion is bounded by the depth that the scanner accepted.

use bumpalo::Bump;

use crate::finding::{Finding, Grade};
use crate::json::{self, Key, Value};
use crate::schema::{Field, Kind, RecordId, Schemas, Type};

use super::{Code, Limits, Members, Report};

/// A value whose JSON type is one that its schema allows; never null. Small: one is made for every member walked.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    /// Where it is on the tape.
    pub(super) at: u32,
    /// What the schema says it is.
    pub(crate) kind: Kind,
    /// The member it is of; an item of a list or map has none.
    pub(crate) rule: Option<&'a Field>,
}

/// One event being walked.
pub(crate) struct Walk<'a> {
    /// The outermost value.
    pub(super) root: Value<'a, 'a>,
    pub(crate) schemas: &'a Schemas,
    pub(crate) limits: &'a Limits,
    /// Holds texts that had escapes.
    pub(crate) arena: &'a Bump,
    pub(crate) report: Report,
    /// Texts on their way into the arena.
    pub(super) buffer: String,
    /// Inside a facet nothing rejects.
    pub(super) in_facet: bool,
    /// URIs found well-formed last.
    pub(super) uris: [&'a [u8]; 2],
    /// Tape indices of the run ids taken so far.
    pub(super) run_ids: Vec<u32>,
}

impl<'a> Walk<'a> {
    /// A walk over the event `root`, with nothing found yet.
    pub(crate) fn new(root: Value<'a, 'a>, schemas: &'a Schemas, limits: &'a Limits, arena: &'a Bump) -> Self {
        let report = Report::default();
        Walk {
            root,
            schemas,
            limits,
            arena,
            report,
            buffer: String::new(),
            in_facet: false,
            uris: [&[]; 2],
            run_ids: Vec::new(),
        }
    }

    /// All findings, the position of the first that rejects, and the tape indices of the run ids, ascending.
    pub(crate) fn finish(mut self) -> (Vec<Finding>, Option<usize>, Vec<u32>) {
        self.run_ids.sort_unstable();
        let (findings, reject) = self.report.finish();
        (findings, reject, self.run_ids)
    }

    /// The members of an object, checked one by one as they are asked for.
    #[inline]
    pub(crate) fn members(&self, item: Item<'a>) -> Members<'a> {
        let id = if let Kind::Record(id) = item.kind { Some(id) } else { None };
        Members::new(item.at, self.value(item), id.map(|id| self.schemas.record(id)))
    }

    /// The value itself.
    #[inline]
    pub(crate) fn value(&self, item: Item<'a>) -> Value<'a, 'a> {
        self.root.value_at(item.at)
    }

    /// A list's items through `take`; what it returns is kept, up to `items_max`.
    pub(crate) fn list<T>(
        &mut self,
        item: Item<'a>,
        mut take: impl FnMut(&mut Self, Item<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Kind::Array(items) = item.kind else {
            self.pass(item);
            return None;
        };
        let class = self.schemas.class(items);
        let mut taken = Vec::with_capacity(self.value(item).len().min(self.limits.items_max));
        for value in self.value(item).items() {
            let Some(entry) = self.entry(value, class) else { continue };
            if taken.len() < self.limits.items_max {
                taken.extend(take(self, entry));
            } else {
                self.pass(entry);
            }
        }
        self.check_count(self.value(item));
        Some(taken)
    }

    /// A map's members through `take`, by name; what it returns is kept, up to `items_max`.
    pub(crate) fn map<T>(
        &mut self,
        item: Item<'a>,
        mut take: impl FnMut(&mut Self, &'a str, Item<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Kind::Map(values) = item.kind else {
            self.pass(item);
            return None;
        };
        let class = self.schemas.class(values);
        let mut taken = Vec::with_capacity(self.value(item).len().min(self.limits.items_max));
        for (key, value) in self.value(item).members() {
            let Some(entry) = self.entry(value, class) else { continue };
            if taken.len() < self.limits.items_max {
                let name = self.key(&key);
                taken.extend(take(self, name, entry));
            } else {
                self.pass(entry);
            }
        }
        self.check_count(self.value(item));
        Some(taken)
    }

    /// Checks a value that extraction has no use for, all the way down.
    pub(crate) fn pass(&mut self, item: Item<'a>) {
        match item.kind {
            Kind::Any | Kind::Boolean => {}
            Kind::String => self.check_string(item),
            Kind::Integer => drop(self.integer(item)),
            Kind::Number => drop(self.number(item)),
            Kind::Array(items) => {
                let class = self.schemas.class(items);
                self.value(item).items().for_each(|value| self.pass_entry(value, class));
            }
            Kind::Map(values) => {
                let class = self.schemas.class(values);
                self.value(item).members().for_each(|(_, value)| self.pass_entry(value, class));
            }
            Kind::Record(_) => {
                let mut members = self.members(item);
                while let Some((_, member)) = members.next(self) {
                    self.pass(member);
                }
                members.close(self);
            }
            Kind::OneOf(first, count) => {
                let kinds = self.schemas.kinds(first, count);
                if let Some(fitting) = kinds.iter().find(|one| one.fits(self.value(item))) {
                    self.pass(Item { kind: fitting.kind, ..item });
                }
            }
            Kind::Facets(_) => self.facets(item, &mut Default::default(), |walk, _, facet| walk.pass(facet)),
        }
    }

    fn pass_entry(&mut self, value: Value<'a, 'a>, class: Type) {
        if let Some(entry) = self.entry(value, class) {
            self.pass(entry);
        }
    }

    /// An item of a list or map, when it is of the type it should be.
    #[inline]
    fn entry(&mut self, value: Value<'a, 'a>, class: Type) -> Option<Item<'a>> {
        if class.fits(value) {
            return Some(Item::new(value, class.kind));
        }
        self.misfit(value, class.kind, Grade::Warn);
        None
    }

    /// A null, or a value of another type than `kind`.
    #[cold]
    #[inline(never)]
    pub(super) fn misfit(&mut self, value: Value<'a, 'a>, kind: Kind, grade: Grade) {
        if value.is_null() {
            let message = || "A null counts as absent; leave it out.".to_owned();
            return self.note(Grade::Note, Code::NullMember, value, message);
        }
        let message = || format!("This is {}; send {}.", describe_json(value.kind()), describe(kind));
        self.note(grade, Code::WrongType, value, message);
    }

    /// Members that must be there and are not.
    #[cold]
    #[inline(never)]
    pub(super) fn missing(&mut self, object: Value<'a, 'a>, record: RecordMissing<'a>) {
        let base = object.path();
        for position in (0..64).filter(|position| record.positions & 1 << position != 0) {
            let (field, name) = record.record.at(position);
            let message = format!("`{name}` is absent or null; send {}.", describe(field.class.kind));
            self.add(field.absent, Code::MissingMember, format!("{base}.{name}"), message);
        }
    }

    #[inline]
    fn check_count(&mut self, list: Value<'a, 'a>) {
        if list.len() > self.limits.items_max {
            let (count, kept) = (list.len(), self.limits.items_max);
            let message = || format!("The list has {count} items; the facts keep {kept} (`items_max`), the body all.");
            self.note(Grade::Warn, Code::TooManyItems, list, message);
        }
    }

    /// A member's name, unescaped.
    #[inline]
    pub(crate) fn key(&mut self, key: &Key<'a, 'a>) -> &'a str {
        if key.is_escaped() { self.decode(key.chars()) } else { key.raw() }
    }

    /// Adds a finding about `value`.
    #[cold]
    #[inline(never)]
    pub(crate) fn note(&mut self, grade: Grade, code: Code, value: Value<'_, '_>, message: impl FnOnce() -> String) {
        let grade = self.capped(grade);
        if self.report.is_full() && grade != Grade::Reject {
            return self.report.add(grade, code, String::new(), String::new());
        }
        self.report.add(grade, code, value.path(), message());
    }

    /// Adds a finding about a place that has no value.
    #[cold]
    pub(crate) fn add(&mut self, grade: Grade, code: Code, path: String, message: String) {
        let grade = self.capped(grade);
        self.report.add(grade, code, super::report::cut(path, PATH_BYTES_MAX), message);
    }

    fn capped(&self, grade: Grade) -> Grade {
        if self.in_facet { grade.min(Grade::Warn) } else { grade }
    }
}

const PATH_BYTES_MAX: usize = 512;

/// Which members of a record are missing: one bit each.
pub(super) struct RecordMissing<'a> {
    pub(super) record: &'a crate::schema::Record,
    pub(super) positions: u64,
}

impl<'a> Item<'a> {
    /// A value that is of no member.
    #[inline]
    pub(crate) fn new(value: Value<'a, 'a>, kind: Kind) -> Self {
        Item { at: value.index(), kind, rule: None }
    }

    /// An object of this record.
    #[inline]
    pub(crate) fn record(value: Value<'a, 'a>, id: RecordId) -> Self {
        Item::new(value, Kind::Record(id))
    }
}

fn describe_json(kind: json::Kind) -> &'static str {
    match kind {
        json::Kind::Null => "null",
        json::Kind::Bool => "a boolean",
        json::Kind::Number => "a number",
        json::Kind::String => "a string",
        json::Kind::Array => "an array",
        json::Kind::Object => "an object",
    }
}

fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Any | Kind::OneOf(..) => "one of the types that the schema allows",
        Kind::Boolean => "true or false",
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Array(_) => "an array",
        Kind::Map(_) | Kind::Record(_) | Kind::Facets(_) => "an object",
    }
}
