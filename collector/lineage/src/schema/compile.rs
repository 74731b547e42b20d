//! From parsed Avro schemas to [`Schemas`]. Owns the meaning of our attributes (`absent`, `format`, `malformed`, `any`,
//! `symbols`, `unknown`, `json`, `facets`, `facet`, `on`); a value of theirs that it does not know is an error.

use std::collections::{BTreeMap, HashMap};

use apache_avro::Schema;
use apache_avro::schema::{RecordField, RecordSchema};
use serde_json::Value;

use super::{
    Facet, FacetTable, Field, Format, Kind, Lookup, Member, Place, Record, RecordId, SchemaError, Schemas, Type, TypeId,
};
use crate::finding::Grade;
use crate::json;

/// Full names of the three events, in the order of [`crate::facts::EventKind`].
const EVENTS: [&str; 3] = ["io.openlineage.RunEvent", "io.openlineage.JobEvent", "io.openlineage.DatasetEvent"];

impl Schemas {
    /// Compiles the schemas that this build carries.
    ///
    /// # Errors
    /// None, as a test shows; the texts are part of the build.
    pub fn built_in() -> Result<Self, SchemaError> {
        Schemas::compile(super::catalog::sources().iter().map(|(_, text)| text))
    }

    /// Compiles the texts of Avro schemas, in any order. Records that neither an event nor a facet reaches are passed over.
    ///
    /// # Errors
    /// Any fault in the texts: see [`SchemaError`].
    pub fn compile<T: AsRef<str>>(sources: impl IntoIterator<Item = T>) -> Result<Self, SchemaError> {
        let parsed = Schema::parse_list(sources).map_err(Box::new)?;
        let mut defined = BTreeMap::new();
        parsed.iter().for_each(|schema| collect(schema, &mut defined));
        let names = reachable(&defined);
        let ids = names.keys().zip(0..).map(|(name, id)| (name.clone(), RecordId(id))).collect();
        let mut compiler = Compiler { names: ids, types: Vec::new() };
        let records = names.values().map(|record| compiler.record(record)).collect::<Result<Vec<_>, _>>()?;
        Ok(Schemas {
            facets: facet_tables(&names, &compiler.names)?,
            events: events(&compiler.names)?,
            types: compiler.types,
            records,
            deleted_hash: json::key_hash(b"_deleted"),
        })
    }
}

/// Every record defined anywhere in `schema`, by full name.
fn collect<'s>(schema: &'s Schema, names: &mut BTreeMap<String, &'s RecordSchema>) {
    match schema {
        Schema::Record(record) => {
            names.insert(record.name.fullname(None), record);
            record.fields.iter().for_each(|field| collect(&field.schema, names));
        }
        Schema::Array(array) => collect(&array.items, names),
        Schema::Map(map) => collect(&map.types, names),
        Schema::Union(union) => union.variants().iter().for_each(|variant| collect(variant, names)),
        _ => {}
    }
}

/// What the three events and the facets are made of.
fn reachable<'s>(defined: &BTreeMap<String, &'s RecordSchema>) -> BTreeMap<String, &'s RecordSchema> {
    let is_root = |(name, record): &(&String, &&RecordSchema)| {
        EVENTS.contains(&name.as_str()) || record.attributes.contains_key("facet")
    };
    let mut open: Vec<String> = defined.iter().filter(is_root).map(|(name, _)| name.clone()).collect();
    let mut reached = BTreeMap::new();
    while let Some(name) = open.pop() {
        let Some(&record) = defined.get(&name) else { continue };
        if reached.insert(name, record).is_none() {
            record.fields.iter().for_each(|field| refer(&field.schema, &mut open));
        }
    }
    reached
}

/// Names of the records that `schema` mentions.
fn refer(schema: &Schema, names: &mut Vec<String>) {
    match schema {
        Schema::Record(record) => names.push(record.name.fullname(None)),
        Schema::Ref { name } => names.push(name.fullname(None)),
        Schema::Array(array) => refer(&array.items, names),
        Schema::Map(map) => refer(&map.types, names),
        Schema::Union(union) => union.variants().iter().for_each(|variant| refer(variant, names)),
        _ => {}
    }
}

fn events(names: &HashMap<String, RecordId>) -> Result<[RecordId; 3], SchemaError> {
    let mut ids = [RecordId(0); 3];
    for (id, name) in ids.iter_mut().zip(EVENTS) {
        *id = *names.get(name).ok_or(SchemaError::NoEvent(name))?;
    }
    Ok(ids)
}

fn facet_tables(
    records: &BTreeMap<String, &RecordSchema>,
    ids: &HashMap<String, RecordId>,
) -> Result<[FacetTable; 5], SchemaError> {
    let mut rows: [Vec<(String, RecordId, Facet)>; 5] = Default::default();
    for (name, record) in records {
        let Some(key) = record.attributes.get("facet") else { continue };
        let fault = |what: &str| fault(name, "", what);
        let key = key.as_str().ok_or_else(|| fault("`facet` is the facet's key, a string"))?;
        let places: Vec<&Value> = match record.attributes.get("on") {
            Some(Value::Array(places)) => places.iter().collect(),
            Some(place) => vec![place],
            None => return Err(fault("a facet says in `on` where it stands")),
        };
        for place in places {
            let place = place.as_str().and_then(Place::of);
            let place = place.ok_or_else(|| fault("`on` holds run, job, dataset, input or output"))?;
            rows[place as usize].push((key.to_owned(), ids[name], Facet::of(key)));
        }
    }
    let mut tables = Vec::with_capacity(rows.len());
    for (rows, place) in rows.into_iter().zip(Place::ALL) {
        let keys = rows.iter().map(|(key, ..)| key.clone()).collect();
        let lookup = Lookup::new(keys)
            .ok_or_else(|| fault(&format!("facets on {place:?}"), "", "two records have the same `facet` here"))?;
        tables.push(FacetTable { lookup, rows: rows.into_iter().map(|(_, id, facet)| (id, facet)).collect() });
    }
    Ok(tables.try_into().expect("one table a place"))
}

fn fault(record: &str, field: &str, what: &str) -> SchemaError {
    SchemaError::Field { record: record.to_owned(), field: field.to_owned(), what: what.to_owned() }
}

struct Compiler {
    names: HashMap<String, RecordId>,
    types: Vec<Type>,
}

impl Compiler {
    fn record(&mut self, record: &RecordSchema) -> Result<Record, SchemaError> {
        let name = record.name.fullname(None);
        if record.fields.len() > Record::FIELDS_MAX {
            return Err(fault(&name, "", "a record has at most 64 fields"));
        }
        let mut required = 0;
        let mut fields = Vec::with_capacity(record.fields.len());
        let mut texts = Vec::with_capacity(record.fields.len());
        for (position, field) in record.fields.iter().enumerate() {
            let attributes = Attributes { record: &name, field };
            if field.default.is_none() && !nullable(&field.schema) {
                required |= 1 << position;
            }
            let text = attributes.text("json")?.unwrap_or(&field.name);
            fields.push(self.field(text, &attributes)?);
            texts.push(text.to_owned());
        }
        let lookup = Lookup::new(texts).ok_or_else(|| fault(&name, "", "two fields have the same JSON name"))?;
        Ok(Record { lookup, fields: fields.into(), required })
    }

    fn field(&mut self, text: &str, attributes: &Attributes<'_>) -> Result<Field, SchemaError> {
        let class = match attributes.text("facets")? {
            Some(place) => {
                let place = Place::of(place);
                whole(Kind::Facets(place.ok_or_else(|| attributes.fault("`facets` names no place that has facets"))?))
            }
            None if attributes.flag("any")? => whole(Kind::Any),
            None => self
                .class(&attributes.field.schema)
                .map_err(|what| fault(attributes.record, &attributes.field.name, what))?,
        };
        Ok(Field {
            member: Member::of(text),
            class,
            format: attributes.format()?,
            absent: attributes.grade("absent")?,
            malformed: attributes.grade("malformed")?,
            symbols: attributes.symbols()?,
            unknown: attributes.grade("unknown")?,
        })
    }

    fn class(&mut self, schema: &Schema) -> Result<Type, &'static str> {
        const UNKNOWN: &str =
            "no JSON form is defined for this Avro type: use null, boolean, long, double, string, array, map, record";
        Ok(whole(match schema {
            Schema::Boolean => Kind::Boolean,
            Schema::Int | Schema::Long => Kind::Integer,
            Schema::Float | Schema::Double => Kind::Number,
            Schema::String => Kind::String,
            Schema::Array(array) => Kind::Array(self.push(&array.items)?),
            Schema::Map(map) => Kind::Map(self.push(&map.types)?),
            Schema::Record(record) => Kind::Record(self.id(&record.name.fullname(None))?),
            Schema::Ref { name } => Kind::Record(self.id(&name.fullname(None))?),
            Schema::Union(union) => return self.union(union.variants()),
            _ => return Err(UNKNOWN),
        }))
    }

    fn union(&mut self, variants: &[Schema]) -> Result<Type, &'static str> {
        let mut classes = Vec::with_capacity(variants.len());
        for variant in variants.iter().filter(|variant| !matches!(variant, Schema::Null)) {
            classes.push(self.class(variant)?);
        }
        if let [only] = classes.as_slice() {
            return Ok(*only);
        }
        let count = u16::try_from(classes.len()).map_err(|_| "too many variants")?;
        let first = self.next()?;
        let bits = classes.iter().fold(0, |bits, class| bits | class.bits);
        self.types.extend(classes);
        Ok(Type { kind: Kind::OneOf(first, count), bits })
    }

    fn push(&mut self, schema: &Schema) -> Result<TypeId, &'static str> {
        let class = self.class(schema)?;
        let id = self.next()?;
        self.types.push(class);
        Ok(id)
    }

    fn next(&self) -> Result<TypeId, &'static str> {
        u16::try_from(self.types.len()).map(TypeId).map_err(|_| "too many types")
    }

    fn id(&self, name: &str) -> Result<RecordId, &'static str> {
        self.names.get(name).copied().ok_or("names a type that is no record")
    }
}

/// A kind that is no union, with the JSON types it takes.
fn whole(kind: Kind) -> Type {
    let bits = match kind {
        Kind::Boolean => json::Kind::Bool.bits(),
        Kind::Integer | Kind::Number => json::Kind::Number.bits(),
        Kind::String => json::Kind::String.bits(),
        Kind::Array(_) => json::Kind::Array.bits(),
        Kind::Map(_) | Kind::Record(_) | Kind::Facets(_) => json::Kind::Object.bits(),
        Kind::Any | Kind::OneOf(..) => !json::Kind::Null.bits(),
    };
    Type { kind, bits }
}

fn nullable(schema: &Schema) -> bool {
    match schema {
        Schema::Null => true,
        Schema::Union(union) => union.variants().iter().any(nullable),
        _ => false,
    }
}

/// Our own attributes of a field.
struct Attributes<'s> {
    record: &'s str,
    field: &'s RecordField,
}

impl<'s> Attributes<'s> {
    fn fault(&self, what: &str) -> SchemaError {
        fault(self.record, &self.field.name, what)
    }

    fn get(&self, name: &str) -> Option<&'s Value> {
        self.field.custom_attributes.get(name)
    }

    fn text(&self, name: &str) -> Result<Option<&'s str>, SchemaError> {
        let text = |value: &'s Value| value.as_str().ok_or_else(|| self.fault(&format!("`{name}` is a string")));
        self.get(name).map(text).transpose()
    }

    fn flag(&self, name: &str) -> Result<bool, SchemaError> {
        let flag = |value: &Value| value.as_bool().ok_or_else(|| self.fault(&format!("`{name}` is true or false")));
        self.get(name).map_or(Ok(false), flag)
    }

    fn grade(&self, name: &str) -> Result<Grade, SchemaError> {
        match self.text(name)? {
            None | Some("warn") => Ok(Grade::Warn),
            Some("reject") => Ok(Grade::Reject),
            Some("note") => Ok(Grade::Note),
            Some(_) => Err(self.fault(&format!("`{name}` is reject, warn or note"))),
        }
    }

    fn format(&self) -> Result<Format, SchemaError> {
        match self.text("format")? {
            None => Ok(Format::Free),
            Some("date-time") => Ok(Format::DateTime),
            Some("uri") => Ok(Format::Uri),
            Some("uuid") => Ok(Format::Uuid),
            Some("name") => Ok(Format::Name),
            Some(_) => Err(self.fault("`format` is date-time, uri, uuid or name")),
        }
    }

    fn symbols(&self) -> Result<Box<[Box<str>]>, SchemaError> {
        let fault = || self.fault("`symbols` is a list of strings");
        let Some(symbols) = self.get("symbols") else { return Ok(Box::default()) };
        let symbols = symbols.as_array().ok_or_else(fault)?;
        symbols.iter().map(|symbol| symbol.as_str().map(Box::from).ok_or_else(fault)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schemas_declare_every_name_that_extraction_takes() {
        let schemas = Schemas::built_in().expect("they compile");
        let declares = |name: &str| {
            let mut fields =
                schemas.records.iter().flat_map(|record| (0..record.fields.len()).map(|at| record.at(at).1));
            fields.any(|field| field == name)
        };
        let lost: Vec<_> = Member::ALL.iter().filter(|name| !declares(name)).collect();
        assert!(lost.is_empty(), "no record has {lost:?}");
        let keys: Vec<String> = catalog_keys();
        let lost: Vec<_> = Facet::ALL.iter().filter(|key| !keys.iter().any(|known| known == *key)).collect();
        assert!(lost.is_empty(), "no record is the facet {lost:?}");
    }

    fn catalog_keys() -> Vec<String> {
        let texts = super::super::catalog::sources().iter().map(|(_, text)| text);
        let records = texts.map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
        records.filter_map(|record| record["facet"].as_str().map(str::to_owned)).collect()
    }
}
