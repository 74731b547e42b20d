//! The attributes that the validator reads are spelt and placed as `schemas/README.md` says: a misspelt one would be
//! ignored in silence.

use serde_json::{Value, json};

use crate::{as_json, each_named, in_force};

const GRADES: &[&str] = &["reject", "warn", "note"];
const PLACES: &[&str] = &["run", "job", "dataset", "input", "output"];
/// Fields of an event that refuse it when absent; nothing else may.
const REFUSES: &[&str] = &[
    "RunEvent.eventTime",
    "RunEvent.run",
    "RunEvent.job",
    "Run.runId",
    "JobEvent.eventTime",
    "JobEvent.job",
    "Job.namespace",
    "Job.name",
    "DatasetEvent.eventTime",
    "DatasetEvent.dataset",
    "InputDataset.namespace",
    "InputDataset.name",
    "OutputDataset.namespace",
    "OutputDataset.name",
    "StaticDataset.namespace",
    "StaticDataset.name",
];
/// Fields of an event that refuse it when they can't be read.
const UNREADABLE: &[&str] = &["RunEvent.eventTime", "JobEvent.eventTime", "DatasetEvent.eventTime", "Run.runId"];

fn is_one_of(value: &Value, allowed: &[&str]) -> bool {
    value.as_str().is_some_and(|value| allowed.contains(&value))
}

/// Whether the field may be absent: it has a default or takes null.
fn is_optional(field: &Value) -> bool {
    field.get("default").is_some() || field["type"].as_array().is_some_and(|branches| branches.contains(&json!("null")))
}

/// The field's type without null.
fn own_type(field: &Value) -> &Value {
    match &field["type"] {
        Value::Array(branches) => branches.iter().find(|branch| **branch != "null").unwrap_or(&Value::Null),
        plain => plain,
    }
}

/// What is wrong with one field of `record` (its short name).
fn field_faults(record: &str, field: &Value) -> Vec<String> {
    let name = format!("{record}.{}", field["name"].as_str().unwrap_or("?"));
    let mut faults = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            faults.push(format!("{name}: {what}"));
        }
    };
    for (attribute, value) in field.as_object().expect("a field is an object") {
        match attribute.as_str() {
            "name" | "type" | "doc" | "default" | "aliases" => {}
            "absent" => {
                expect(is_one_of(value, GRADES), "absent is no grade");
                expect(!is_optional(field), "absent on an optional field");
                expect((value == "reject") == REFUSES.contains(&name.as_str()), "absent refuses where it may not");
            }
            "format" => {
                expect(is_one_of(value, &["date-time", "uri", "uuid", "name"]), "no such format");
                expect(own_type(field) == "string", "format on what is no string");
            }
            "malformed" => {
                expect(is_one_of(value, GRADES), "malformed is no grade");
                expect(field.get("format").is_some(), "malformed without a format");
                expect(
                    (value == "reject") == UNREADABLE.contains(&name.as_str()),
                    "malformed refuses where it may not",
                );
            }
            "symbols" => {
                let symbols = value.as_array().map(Vec::as_slice).unwrap_or_default();
                expect(!symbols.is_empty() && symbols.iter().all(Value::is_string), "symbols is no list of names");
                expect(own_type(field) == "string", "symbols on what is no string");
                expect(field.get("unknown").is_some(), "symbols without unknown");
            }
            "unknown" => {
                expect(is_one_of(value, &["warn", "note"]), "unknown refuses or is no grade");
                expect(field.get("symbols").is_some(), "unknown without symbols");
            }
            "facets" => {
                expect(is_one_of(value, PLACES), "no such place");
                expect(*own_type(field) == json!({"type": "map", "values": "string"}), "facets on what is no map");
            }
            "any" => expect(*value == json!(true) && field["type"] == json!(["null", "string"]), "any is ill placed"),
            "json" | "header" => expect(value.as_str().is_some_and(|name| !name.is_empty()), "empty name"),
            other => expect(false, &format!("{other} is no attribute that README.md names")),
        }
    }
    expect(!REFUSES.contains(&name.as_str()) || field["absent"] == "reject", "must refuse when absent");
    expect(!UNREADABLE.contains(&name.as_str()) || field["malformed"] == "reject", "must refuse when unreadable");
    expect(field["type"].as_array().is_none_or(|_| field.get("default") == Some(&Value::Null)), "null is no default");
    faults
}

/// What is wrong with a file.
fn faults(path: &str, schema: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    each_named(schema, "", &mut |full_name, named| {
        if named["type"] != "record" {
            return;
        }
        let name = full_name.rsplit('.').next().unwrap();
        for field in named["fields"].as_array().unwrap() {
            faults.extend(field_faults(name, field));
        }
    });
    if path.contains("/facets/") {
        let member = |name: &str| schema["fields"].as_array().unwrap().iter().find(|field| field["name"] == name);
        for name in ["_producer", "_schemaURL"] {
            let as_agreed = member(name).is_some_and(|field| {
                field["type"] == "string" && field["format"] == "uri" && field["absent"] == "warn"
            });
            if !as_agreed {
                faults.push(format!("{path}: {name} is not as in every facet"));
            }
        }
        let on = schema["on"].as_array().expect("a facet stands somewhere");
        let deletable = on.iter().any(|place| is_one_of(place, &["job", "dataset"]));
        if deletable != member("_deleted").is_some() {
            faults.push(format!("{path}: _deleted belongs to facets of jobs and datasets"));
        }
        if !on.iter().all(|place| is_one_of(place, PLACES)) {
            faults.push(format!("{path}: no such place"));
        }
    }
    faults
}

#[test]
fn attributes_are_as_the_validator_reads_them() {
    for (path, text) in in_force() {
        // Envelope, facts and leaf are read by type, not by attribute.
        if ["ledgerline/Envelope.avsc", "ledgerline/Facts.avsc", "ledgerline/Leaf.avsc"].contains(&path.as_str()) {
            continue;
        }
        assert_eq!(faults(&path, &as_json(&text)), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn a_misplaced_attribute_is_noticed() {
    let files = in_force();
    let check = |path: &str, change: fn(&mut Value)| {
        let mut schema = as_json(&files[path]);
        assert!(faults(path, &schema).is_empty(), "{path}");
        change(&mut schema);
        assert!(!faults(path, &schema).is_empty(), "{path}: {schema}");
    };
    check("openlineage/RunEvent.avsc", |schema| schema["fields"][0]["absent"] = json!("warn"));
    check("openlineage/RunEvent.avsc", |schema| schema["fields"][0]["fromat"] = json!("uri"));
    check("openlineage/RunEvent.avsc", |schema| schema["fields"][1]["absent"] = json!("reject"));
    check("openlineage/RunEvent.avsc", |schema| schema["fields"][3]["unknown"] = json!("reject"));
    check("openlineage/Run.avsc", |schema| schema["fields"][1]["facets"] = json!("runs"));
    check("openlineage/Run.avsc", |schema| schema["fields"][0]["format"] = json!("guid"));
    check("openlineage/facets/SQLJobFacet.avsc", |schema| schema["fields"][0]["absent"] = json!("reject"));
    check("openlineage/facets/SQLJobFacet.avsc", |schema| schema["fields"][1]["absent"] = json!("warn"));
    check("openlineage/facets/SQLJobFacet.avsc", |schema| schema["on"] = json!(["run"]));
    check("openlineage/facets/TestRunFacet.avsc", |schema| schema["fields"][2]["format"] = json!("date-time"));
}
