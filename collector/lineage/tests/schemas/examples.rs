//! The examples fit the schemas: each member is described, each required one is there, each type is right, and every
//! member of every facet occurs in some example. A reading of the schemas that shares no code with the validator.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{as_json, each_named, files_below, folder, in_force};

/// The schemas, for looking up records by full name and facets by place and key.
struct Schemas {
    named: BTreeMap<String, Value>,
    facets: BTreeMap<(String, String), String>,
}

impl Schemas {
    fn new() -> Self {
        let mut schemas = Self { named: BTreeMap::new(), facets: BTreeMap::new() };
        for text in in_force().values() {
            each_named(&as_json(text), "", &mut |name, schema| {
                for place in schema["on"].as_array().into_iter().flatten() {
                    let key = (place.as_str().unwrap().to_owned(), schema["facet"].as_str().unwrap().to_owned());
                    schemas.facets.insert(key, name.clone());
                }
                schemas.named.insert(name, schema.clone());
            });
        }
        schemas
    }
}

/// What checking one value found.
#[derive(Default)]
struct Seen {
    faults: Vec<String>,
    /// Members met, as `record.member`.
    members: BTreeSet<String>,
}

impl Seen {
    fn check(&mut self, schemas: &Schemas, schema: &Value, value: &Value, path: &str) {
        let fits = match schema {
            Value::Array(branches) => {
                let own = branches.iter().find(|branch| **branch != "null").unwrap();
                return if value.is_null() {
                    self.fault(path, "null in an example")
                } else {
                    self.check(schemas, own, value, path)
                };
            }
            Value::String(name) => match name.as_str() {
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "long" => value.is_i64(),
                "double" => value.is_number(),
                name => return self.record(schemas, name, value, path),
            },
            complex => match complex["type"].as_str().unwrap() {
                "array" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(schemas, &complex["items"], item, &format!("{path}[{index}]"));
                    }
                    value.is_array()
                }
                "map" => {
                    for (key, item) in value.as_object().into_iter().flatten() {
                        self.check(schemas, &complex["values"], item, &format!("{path}.{key}"));
                    }
                    value.is_object()
                }
                "record" => {
                    let name = schemas.named.iter().find(|(_, named)| *named == complex).expect("it is named").0;
                    return self.record(schemas, name, value, path);
                }
                other => panic!("{other} is not for examples"),
            },
        };
        if !fits {
            self.fault(path, &format!("is not {schema}"));
        }
    }

    fn record(&mut self, schemas: &Schemas, name: &str, value: &Value, path: &str) {
        let Some(members) = value.as_object() else { return self.fault(path, "is no object") };
        let fields = schemas.named[name]["fields"].as_array().unwrap();
        for field in fields {
            let member = field["name"].as_str().unwrap();
            if field.get("default").is_none() && !members.contains_key(member) {
                self.fault(path, &format!("lacks {member}"));
            }
        }
        for (member, value) in members {
            let path = format!("{path}.{member}");
            let Some(field) = fields.iter().find(|field| field["name"] == **member) else {
                self.fault(&path, "is not described");
                continue;
            };
            self.members.insert(format!("{name}.{member}"));
            if let Some(symbols) = field["symbols"].as_array().filter(|symbols| !symbols.contains(value)) {
                self.fault(&path, &format!("is not among {symbols:?}"));
            }
            match field["facets"].as_str() {
                Some(place) => self.facets(schemas, place, value, &path),
                None if field["any"] == true => {}
                None => self.check(schemas, &field["type"], value, &path),
            }
        }
    }

    fn facets(&mut self, schemas: &Schemas, place: &str, value: &Value, path: &str) {
        for (key, facet) in value.as_object().expect("facets are an object") {
            match schemas.facets.get(&(place.to_owned(), key.clone())) {
                Some(name) => self.record(schemas, name, facet, &format!("{path}.{key}")),
                None => self.fault(path, &format!("{key} is no facet of a {place}")),
            }
        }
    }

    fn fault(&mut self, path: &str, what: &str) {
        self.faults.push(format!("{path} {what}"));
    }
}

/// Checks every example file, by the record that its path names.
fn check_all(schemas: &Schemas) -> Seen {
    let mut seen = Seen::default();
    for (path, text) in files_below(&folder().join("examples"), ".json") {
        let value = as_json(&text);
        let stem = path.rsplit('/').next().unwrap().strip_suffix(".json").unwrap();
        if path.starts_with("facets/") {
            let (name, schema) = schemas
                .named
                .iter()
                .find(|(name, schema)| name.rsplit('.').next() == Some(stem) && schema.get("facet").is_some())
                .unwrap_or_else(|| panic!("{path} is named for no facet"));
            let facet = schema["facet"].as_str().unwrap();
            assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), [facet], "{path}");
            seen.record(schemas, name, &value[facet], &path);
        } else {
            let name = match stem {
                "alert" => "dev.ledgerline.Alert".to_owned(),
                "rejection" => "dev.ledgerline.Rejection".to_owned(),
                _ => format!("io.openlineage.{}", value["schemaURL"].as_str().unwrap().rsplit('/').next().unwrap()),
            };
            seen.record(schemas, &name, &value, &path);
        }
    }
    seen
}

#[test]
fn examples_fit_and_show_every_member_of_every_facet() {
    let schemas = Schemas::new();
    let seen = check_all(&schemas);
    assert_eq!(seen.faults, Vec::<String>::new());

    let files: BTreeSet<String> = files_below(&folder().join("examples/facets"), ".json").into_keys().collect();
    let facets: BTreeSet<String> =
        schemas.facets.values().map(|name| format!("{}.json", name.rsplit('.').next().unwrap())).collect();
    assert_eq!(files, facets, "one example for each facet");

    let mut unseen = Vec::new();
    for (name, schema) in &schemas.named {
        let of_a_facet =
            [".facets.", ".types."].iter().any(|part| name.contains(part)) && !name.contains("dev.ledgerline.facts");
        if !of_a_facet || schema["type"] != "record" {
            continue;
        }
        for field in schema["fields"].as_array().unwrap() {
            let member = format!("{name}.{}", field["name"].as_str().unwrap());
            if field["name"] != "_deleted" && !seen.members.contains(&member) {
                unseen.push(member);
            }
        }
    }
    assert_eq!(unseen, Vec::<String>::new(), "no example shows these");
}

#[test]
fn an_example_that_does_not_fit_is_noticed() {
    let schemas = Schemas::new();
    let good = as_json(&files_below(&folder().join("examples"), ".json")["events/run-complete.json"]);
    let faults_of = |value: &Value| {
        let mut seen = Seen::default();
        seen.record(&schemas, "io.openlineage.RunEvent", value, "$");
        seen.faults
    };
    assert!(faults_of(&good).is_empty());
    let check = |change: fn(&mut Value), fault: &str| {
        let mut value = good.clone();
        change(&mut value);
        assert_eq!(faults_of(&value), [fault]);
    };
    check(|event| event["eventtime"] = json!(1), "$.eventtime is not described");
    check(|event| event["job"] = json!({"namespace": "a"}), "$.job lacks name");
    check(
        |event| event["eventType"] = json!("DONE"),
        r#"$.eventType is not among [String("START"), String("RUNNING"), String("COMPLETE"), String("ABORT"), String("FAIL"), String("OTHER")]"#,
    );
    check(
        |event| event["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] = json!(1.5),
        r#"$.outputs[0].outputFacets.outputStatistics.rowCount is not "long""#,
    );
    check(|event| event["run"]["facets"]["sql"] = json!({}), "$.run.facets sql is no facet of a run");
}
