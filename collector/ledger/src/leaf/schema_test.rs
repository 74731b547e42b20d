//! The schema and the encoder describe one format: same fields, same order, same types, same options.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::samples::{largest, samples};
use super::*;

const SCHEMA: &str = include_str!("../../../../schemas/ledgerline/Leaf.avsc");

/// JSON with the members of an object in the order in which they are written.
#[derive(Debug)]
enum Json {
    Null,
    Bool,
    Integer,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// The schema's named types, and every (record, field) and enum symbol that some leaf has used.
#[derive(Default)]
struct Schema {
    named: BTreeMap<String, Value>,
    used: BTreeSet<(String, String)>,
}

impl Schema {
    fn collect(&mut self, schema: &Value) {
        match schema {
            Value::Array(branches) => branches.iter().for_each(|branch| self.collect(branch)),
            Value::Object(object) => {
                if let Some(name) = object.get("name") {
                    let full = format!("{}.{}", text(&object["namespace"]), text(name));
                    assert!(self.named.insert(full.clone(), schema.clone()).is_none(), "{full} is defined twice");
                    assert!(!text(&object["doc"]).is_empty(), "{full} has a doc");
                }
                for field in object.get("fields").and_then(Value::as_array).into_iter().flatten() {
                    assert!(!text(&field["doc"]).is_empty(), "{field} has a doc");
                    self.collect(&field["type"]);
                }
                if let Some(items) = object.get("items") {
                    self.collect(items);
                }
            }
            _ => {}
        }
    }

    fn resolve(&self, schema: &Value) -> Value {
        schema.as_str().and_then(|name| self.named.get(name)).unwrap_or(schema).clone()
    }

    /// Whether `json` is what `schema` describes; notes what it used.
    fn describes(&mut self, schema: &Value, json: &Json) -> bool {
        let schema = self.resolve(schema);
        match (&schema, json) {
            (Value::Array(branches), _) => branches.iter().filter(|branch| self.describes(branch, json)).count() == 1,
            (Value::String(primitive), Json::Integer) => primitive == "int" || primitive == "long",
            (Value::String(primitive), Json::Text(_)) => primitive == "string",
            (Value::Object(object), Json::Text(symbol)) if object["type"] == "enum" => {
                let known = list(&object["symbols"]).iter().any(|known| known == symbol);
                if known {
                    self.used.insert((text(&object["name"]).into(), symbol.clone()));
                }
                known
            }
            (Value::Object(object), Json::List(items)) if object["type"] == "array" => {
                items.iter().all(|item| self.describes(&object["items"], item))
            }
            (Value::Object(object), Json::Object(members)) if object["type"] == "record" => {
                self.record(object, members)
            }
            _ => false,
        }
    }

    fn record(&mut self, record: &serde_json::Map<String, Value>, members: &[(String, Json)]) -> bool {
        let mut kind = None;
        let mut members = members.iter().peekable();
        for field in list(&record["fields"]) {
            match members.next_if(|(name, _)| field["name"] == *name) {
                Some((name, value)) => {
                    if let ("kind", Json::Text(text)) = (name.as_str(), value) {
                        kind = Kind::ALL.iter().position(|kind| kind.as_str() == text);
                    }
                    // Details of two kinds may look alike; it is the kind that says which record it is.
                    let described = match (name.as_str(), kind) {
                        ("detail", Some(at)) => &field["type"][at],
                        _ => &field["type"],
                    };
                    if !self.describes(described, value) {
                        return false;
                    }
                    self.used.insert((text(&record["name"]).into(), name.clone()));
                }
                None if field.get("default").is_some_and(Value::is_null) => {}
                None => return false,
            }
        }
        members.next().is_none()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn schema() -> (Schema, Value) {
    let whole: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut schema = Schema::default();
    schema.collect(&whole);
    (schema, whole)
}

#[test]
fn the_encoder_writes_what_the_schema_describes_in_its_order() {
    let (mut schema, whole) = schema();
    for leaf in samples().iter().chain(&largest()) {
        let bytes = encode(leaf);
        let json: Json = serde_json::from_slice(&bytes).unwrap();
        assert!(schema.describes(&whole, &json), "{}", String::from_utf8_lossy(&bytes));
    }
    for (name, named) in &schema.named {
        for field in list(&named["fields"]) {
            let key = (text(&named["name"]).to_owned(), text(&field["name"]).to_owned());
            assert!(schema.used.contains(&key), "no sample has {name}.{}", key.1);
        }
    }
}

#[test]
fn kinds_and_details_are_in_one_order() {
    let (schema, whole) = schema();
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(list(&schema.named["dev.ledgerline.leaf.Kind"]["symbols"]), names.as_slice());
    let details = list(&whole["fields"][4]["type"]);
    let records: Vec<String> = details.iter().map(|detail| text(&detail["name"]).to_owned()).collect();
    let variants: Vec<String> = Kind::ALL.iter().map(|kind| format!("{kind:?}")).collect();
    assert_eq!(records, variants);
}

/// The check above can fail: each of these differs from the schema in one thing.
#[test]
fn what_the_schema_does_not_describe_is_noticed() {
    let (mut schema, whole) = schema();
    let good = String::from_utf8(encode(&samples()[2])).unwrap();
    let mut check = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        let json: Json = serde_json::from_str(&good.replacen(from, to, 1)).unwrap();
        assert!(!schema.describes(&whole, &json), "{to}");
    };
    check(r#""partition":3,"offset":42"#, r#""offset":42,"partition":3"#);
    check(r#""partition":3,"#, "");
    check(r#""partition":3,"#, r#""partition":"3","#);
    check(r#""partition":3,"#, r#""partition":null,"#);
    check(r#""partition":3,"#, r#""partition":true,"#);
    check(r#""partition":3,"#, r#""partition":3,"more":1,"#);
    check(r#""verdict":"valid""#, r#""verdict":"fine""#);
    check(r#""code":"naive-time","#, "");
}

impl<'de> serde::Deserialize<'de> for Json {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON without fractions")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
                Ok(Json::Bool)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
                Ok(Json::Integer)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
                Ok(Json::Integer)
            }
            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json::Text(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut items = vec![];
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Json::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut members = vec![];
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Json::Object(members))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
