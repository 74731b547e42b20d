//! The Avro schemas as the validator reads them: compiled once into small tables and shared (`Arc<Schemas>`).
//! Owns how an Avro schema and its attributes become a rule. Never looks at an event: that is `validate`'s.

pub mod catalog;
mod compile;
mod error;
mod lookup;
mod member;

pub use error::SchemaError;
pub(crate) use member::{Facet, Member};

use crate::facts::EventKind;
use crate::finding::Grade;
use crate::json::{Key, Value};
use lookup::Lookup;

/// Compiled schemas. Immutable; compile once and share.
#[derive(Debug)]
pub struct Schemas {
    types: Vec<Type>,
    records: Vec<Record>,
    facets: [FacetTable; Place::ALL.len()],
    events: [RecordId; 3],
    /// Hash of the name `_deleted`.
    pub(crate) deleted_hash: u32,
}

/// Index of a type in its [`Schemas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TypeId(u16);

/// Index of a record in its [`Schemas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordId(u16);

/// What JSON a value may be. Null is never a kind: everywhere it counts as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything.
    Any,
    /// `true` or `false`.
    Boolean,
    /// A number without fraction that fits 64 bits.
    Integer,
    /// Any number.
    Number,
    /// A string.
    String,
    /// An array of one type.
    Array(TypeId),
    /// An object whose members all have one type.
    Map(TypeId),
    /// An object with the members of a record, and any others.
    Record(RecordId),
    /// Any of the types from the first on, as many as the second says.
    OneOf(TypeId, u16),
    /// The facets of a place.
    Facets(Place),
}

/// A kind, and the JSON types it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    /// What it may be.
    pub(crate) kind: Kind,
    bits: u32,
}

impl Type {
    /// Whether a value is of a JSON type that the kind takes; a null never is.
    #[inline]
    pub(crate) fn fits(self, value: Value<'_, '_>) -> bool {
        self.bits & value.kind_bit() != 0
    }
}

/// What a string must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Anything.
    Free,
    /// RFC 3339, or naive.
    DateTime,
    /// Has a scheme.
    Uri,
    /// A UUID.
    Uuid,
    /// A name that identifies something: bounded by `name_bytes_max`.
    Name,
}

/// A member of a record.
#[derive(Debug)]
pub(crate) struct Field {
    /// What extraction calls it.
    pub(crate) member: Member,
    /// What it may be.
    pub(crate) class: Type,
    /// Its form, when a string.
    pub(crate) format: Format,
    /// Grade when absent and required, or of a type it may not have.
    pub(crate) absent: Grade,
    /// Grade when its form is wrong.
    pub(crate) malformed: Grade,
    /// Known values; empty: anything goes.
    pub(crate) symbols: Box<[Box<str>]>,
    /// Grade of a value that is no symbol.
    pub(crate) unknown: Grade,
}

/// An object with known members.
#[derive(Debug)]
pub(crate) struct Record {
    lookup: Lookup,
    fields: Box<[Field]>,
    /// Bit `i`: field `i` must be there.
    pub(crate) required: u64,
}

impl Record {
    /// Most fields of a record: one bit each.
    const FIELDS_MAX: usize = 64;

    /// Position and rule of a member.
    #[inline]
    pub(crate) fn field(&self, key: &Key<'_, '_>) -> Option<(usize, &Field)> {
        let position = self.lookup.get(key)?;
        Some((position, &self.fields[position]))
    }

    /// Rule and name at `position`.
    pub(crate) fn at(&self, position: usize) -> (&Field, &str) {
        (&self.fields[position], self.lookup.name(position))
    }
}

/// Where a facet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `run.facets`
    Run,
    /// `job.facets`
    Job,
    /// `facets` of a dataset
    Dataset,
    /// `inputFacets`
    Input,
    /// `outputFacets`
    Output,
}

impl Place {
    const ALL: [Place; 5] = [Place::Run, Place::Job, Place::Dataset, Place::Input, Place::Output];

    fn of(name: &str) -> Option<Self> {
        match name {
            "run" => Some(Place::Run),
            "job" => Some(Place::Job),
            "dataset" => Some(Place::Dataset),
            "input" => Some(Place::Input),
            "output" => Some(Place::Output),
            _ => None,
        }
    }
}

/// The facets known in one place.
#[derive(Debug)]
struct FacetTable {
    lookup: Lookup,
    rows: Box<[(RecordId, Facet)]>,
}

impl Schemas {
    /// The record of one of the three events.
    pub(crate) fn event(&self, kind: EventKind) -> RecordId {
        self.events[kind as usize]
    }

    /// A record's rules.
    #[inline]
    pub(crate) fn record(&self, id: RecordId) -> &Record {
        &self.records[usize::from(id.0)]
    }

    /// The type of items or of a map's values.
    #[inline]
    pub(crate) fn class(&self, id: TypeId) -> Type {
        self.types[usize::from(id.0)]
    }

    /// The kinds of a union.
    pub(crate) fn kinds(&self, first: TypeId, count: u16) -> &[Type] {
        let first = usize::from(first.0);
        &self.types[first..first + usize::from(count)]
    }

    /// The facet of this key in `place`; `None`: a custom facet.
    #[inline]
    pub(crate) fn facet(&self, place: Place, key: &Key<'_, '_>) -> Option<(RecordId, Facet)> {
        let table = &self.facets[place as usize];
        table.lookup.get(key).map(|row| table.rows[row])
    }
}
