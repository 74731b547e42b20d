//! The long way to validate an event: `serde_json::Value`, then apache-avro's resolution against the same schemas. Event by
//! its record, each known facet by its own, as the schemas have it; facets that no schema knows are left alone.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use apache_avro::Schema;
use apache_avro::schema::Name;
use apache_avro::types::Value as Datum;
use lineage::schema::catalog;
use serde_json::Value;

/// The schemas, resolved once for the life of the process.
pub struct Avro {
    names: HashMap<Name, &'static Schema>,
    event: &'static Schema,
    facets: BTreeMap<String, &'static Schema>,
}

impl Avro {
    /// Parses what is in force.
    pub fn new() -> Result<Self> {
        let texts = catalog::sources().iter().map(|(_, text)| *text);
        // Resolution borrows the schemas; they live as long as the process that measures.
        let schemas: &'static [Schema] = Box::leak(Schema::parse_list(texts)?.into_boxed_slice());
        let mut names = HashMap::new();
        schemas.iter().for_each(|schema| collect(schema, &mut names));
        let (mut facets, mut event) = (BTreeMap::new(), None);
        for schema in schemas {
            let Schema::Record(record) = schema else { continue };
            if record.name.to_string() == "io.openlineage.RunEvent" {
                event = Some(schema);
            }
            if let Some(Value::String(key)) = record.attributes.get("facet") {
                facets.insert(key.clone(), schema);
            }
        }
        Ok(Self { names, event: event.context("there is no schema of run events")?, facets })
    }

    /// Validates one event; gives the number of values that did not resolve.
    pub fn validate(&self, payload: &[u8]) -> u64 {
        let Ok(mut event) = serde_json::from_slice::<Value>(payload) else { return 1 };
        let mut faults = self.facets_of(&mut event);
        faults += u64::from(self.resolve(event, self.event));
        faults
    }

    /// Validates and takes out every facet below `value`.
    fn facets_of(&self, value: &mut Value) -> u64 {
        match value {
            Value::Array(items) => items.iter_mut().map(|item| self.facets_of(item)).sum(),
            Value::Object(members) => {
                let mut faults = 0;
                for (name, member) in members {
                    match (name.as_str(), member) {
                        ("facets" | "inputFacets" | "outputFacets", Value::Object(facets)) => {
                            faults += std::mem::take(facets)
                                .into_iter()
                                .map(|(key, facet)| self.facet(&key, facet))
                                .sum::<u64>();
                        }
                        (_, member) => faults += self.facets_of(member),
                    }
                }
                faults
            }
            _ => 0,
        }
    }

    /// Whether a value does not resolve.
    fn resolve(&self, value: Value, schema: &Schema) -> bool {
        datum(value).resolve_with_names(schema, &self.names).is_err()
    }

    fn facet(&self, key: &str, facet: Value) -> u64 {
        let Some(schema) = self.facets.get(key) else { return 0 };
        u64::from(self.resolve(facet, schema))
    }
}

/// JSON as Avro has it. apache-avro's own `to_value` makes eight bytes of an unsigned number, which no schema takes.
fn datum(value: Value) -> Datum {
    match value {
        Value::Null => Datum::Null,
        Value::Bool(value) => Datum::Boolean(value),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| Datum::Double(number.as_f64().unwrap_or(0.0)), Datum::Long)
        }
        Value::String(text) => Datum::String(text),
        Value::Array(items) => Datum::Array(items.into_iter().map(datum).collect()),
        Value::Object(members) => Datum::Map(members.into_iter().map(|(name, value)| (name, datum(value))).collect()),
    }
}

/// Every named type in a schema, wherever it is defined.
fn collect(schema: &'static Schema, names: &mut HashMap<Name, &'static Schema>) {
    match schema {
        Schema::Record(record) => {
            names.insert(record.name.clone(), schema);
            record.fields.iter().for_each(|field| collect(&field.schema, names));
        }
        Schema::Enum(inner) => drop(names.insert(inner.name.clone(), schema)),
        Schema::Fixed(inner) => drop(names.insert(inner.name.clone(), schema)),
        Schema::Array(inner) => collect(&inner.items, names),
        Schema::Map(inner) => collect(&inner.types, names),
        Schema::Union(inner) => inner.variants().iter().for_each(|variant| collect(variant, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::Mix;

    #[test]
    fn the_mix_resolves_and_what_is_wrong_does_not() {
        let avro = Avro::new().unwrap();
        assert_eq!(Mix::new(5, 50).take(300).map(|event| avro.validate(&event)).sum::<u64>(), 0);
        assert!(avro.validate(br#"{"eventTime":1}"#) > 0);
    }
}
