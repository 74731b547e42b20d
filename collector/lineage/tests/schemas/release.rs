//! What a release promises: its readers read what is written today, today's readers read what it wrote, and nothing it
//! accepted is refused now. `breaks` is the oracle; a table of changes shows that it can fail and when it does not.

use std::collections::{BTreeMap, BTreeSet};

use apache_avro::Schema;
use apache_avro::schema::{RecordField, RecordSchema};
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use lineage::schema::catalog;
use serde_json::{Value, json};

use crate::{as_json, files_below, folder, in_force, parse};

/// Written without their schema beside them, so that only the very same schema reads them: a change is a new file with
/// a version of its own.
const EXACT: &[&str] = &["dev.ledgerline.Envelope", "dev.ledgerline.facts.Facts", "dev.ledgerline.Leaf"];

type Files = BTreeMap<String, String>;

/// A type in short: what may not change about a field.
fn shape(schema: &Schema) -> String {
    match schema {
        Schema::Ref { name } => name.fullname(None),
        Schema::Union(union) => union.variants().iter().map(shape).collect::<Vec<_>>().join(" | "),
        Schema::Array(array) => format!("[{}]", shape(&array.items)),
        Schema::Map(map) => format!("{{{}}}", shape(&map.types)),
        other => other
            .name()
            .map_or_else(|| format!("{:?}", apache_avro::schema::SchemaKind::from(other)), |name| name.fullname(None)),
    }
}

/// Every record defined in `schemas`, by full name.
fn records(schemas: &[Schema]) -> BTreeMap<String, &Schema> {
    fn walk<'a>(schema: &'a Schema, found: &mut BTreeMap<String, &'a Schema>) {
        match schema {
            Schema::Record(record) => {
                found.insert(record.name.fullname(None), schema);
                record.fields.iter().for_each(|field| walk(&field.schema, found));
            }
            Schema::Union(union) => union.variants().iter().for_each(|variant| walk(variant, found)),
            Schema::Array(array) => walk(&array.items, found),
            Schema::Map(map) => walk(&map.types, found),
            _ => {}
        }
    }
    let mut found = BTreeMap::new();
    schemas.iter().for_each(|schema| walk(schema, &mut found));
    found
}

fn list<'a>(attributes: &'a BTreeMap<String, Value>, name: &str) -> BTreeSet<&'a str> {
    attributes.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn field_breaks(name: &str, released: &RecordField, current: &RecordField) -> Vec<String> {
    let mut breaks = Vec::new();
    if shape(&released.schema) != shape(&current.schema) {
        breaks.push(format!("{name} was {} and is {}", shape(&released.schema), shape(&current.schema)));
    }
    let (before, now) = (&released.custom_attributes, &current.custom_attributes);
    for grade in ["absent", "malformed", "unknown"] {
        if now.get(grade) == Some(&json!("reject")) && before.get(grade) != Some(&json!("reject")) {
            breaks.push(format!("{name} refuses now: {grade}"));
        }
    }
    for attribute in ["json", "any", "facets", "header"] {
        if before.get(attribute) != now.get(attribute) {
            breaks.push(format!("{name}: {attribute} changed"));
        }
    }
    let lost: Vec<_> = list(before, "symbols").difference(&list(now, "symbols")).copied().collect();
    if !lost.is_empty() {
        breaks.push(format!("{name} lost the symbols {lost:?}"));
    }
    breaks
}

fn record_breaks(name: &str, released: &RecordSchema, current: &RecordSchema) -> Vec<String> {
    let mut breaks = Vec::new();
    for field in &released.fields {
        let full = format!("{name}.{}", field.name);
        match current.fields.iter().find(|candidate| candidate.name == field.name) {
            None => breaks.push(format!("{full} is gone")),
            Some(now) => breaks.extend(field_breaks(&full, field, now)),
        }
    }
    if released.attributes.get("facet") != current.attributes.get("facet") {
        breaks.push(format!("{name} has another key"));
    }
    if !list(&released.attributes, "on").is_subset(&list(&current.attributes, "on")) {
        breaks.push(format!("{name} left a place"));
    }
    breaks
}

/// What in `current` breaks the promise of `released`; empty when it is kept.
fn breaks(released: &Files, current: &Files) -> Vec<String> {
    let (released_schemas, current_schemas) = (parse(released), parse(current));
    let now = records(&current_schemas);
    let mut breaks = Vec::new();
    for (name, before) in records(&released_schemas) {
        let Some(after) = now.get(&name) else {
            breaks.push(format!("{name} is gone"));
            continue;
        };
        match SchemaCompatibility::mutual_read(before, after) {
            Ok(Compatibility::Full) => {}
            other => breaks.push(format!("{name} is not read both ways: {other:?}")),
        }
        if let (Schema::Record(before), Schema::Record(after)) = (before, *after) {
            breaks.extend(record_breaks(&name, before, after));
        }
        if EXACT.contains(&name.as_str()) && before.canonical_form() != after.canonical_form() {
            breaks.push(format!("{name} is read by its exact schema only: put the change into a new file"));
        }
    }
    breaks
}

/// Released versions, oldest first, each with its files.
fn releases() -> Vec<([u64; 3], Files)> {
    let mut releases: BTreeMap<[u64; 3], Files> = BTreeMap::new();
    for (path, text) in files_below(&folder().join("released"), ".avsc") {
        let (version, path) = path.split_once('/').expect("released files stand in a version's folder");
        releases.entry(number(version)).or_default().insert(path.to_owned(), text);
    }
    releases.into_iter().collect()
}

fn number(version: &str) -> [u64; 3] {
    let parts: Vec<u64> = version.split('.').map(|part| part.parse().expect("a version is X.Y.Z")).collect();
    parts.try_into().expect("a version is X.Y.Z")
}

fn text(version: [u64; 3]) -> String {
    version.map(|part| part.to_string()).join(".")
}

/// The changelog's sections: heading (`Unreleased` or a version) and text, newest first.
fn changelog() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(folder().join("CHANGELOG.md")).unwrap();
    text.split("\n## [")
        .skip(1)
        .map(|section| {
            let (heading, rest) = section.split_once(']').expect("a heading closes its bracket");
            (heading.to_owned(), rest.to_owned())
        })
        .collect()
}

/// Files that differ between two states, in either direction.
fn differing(released: &Files, current: &Files) -> Vec<String> {
    let paths: BTreeSet<&String> = released.keys().chain(current.keys()).collect();
    paths.into_iter().filter(|path| released.get(*path) != current.get(*path)).cloned().collect()
}

/// Differences that the section does not name.
fn unnamed(differing: Vec<String>, section: &str) -> Vec<String> {
    differing.into_iter().filter(|path| !section.contains(path.as_str())).collect()
}

#[test]
fn every_release_is_kept() {
    let current = in_force();
    assert!(!releases().is_empty(), "no release found");
    for (version, released) in releases() {
        assert_eq!(breaks(&released, &current), Vec::<String>::new(), "{}", text(version));
    }
}

#[test]
fn what_differs_from_the_newest_release_is_named_in_the_changelog() {
    let sections = changelog();
    let (heading, unreleased) = &sections[0];
    assert_eq!(heading, "Unreleased");
    let (version, newest) = releases().pop().expect("there is a release");
    let unnamed = unnamed(differing(&newest, &in_force()), unreleased);
    assert!(unnamed.is_empty(), "differs from {} and is not named under Unreleased: {unnamed:?}", text(version));

    let versions: Vec<String> = sections[1..].iter().map(|(heading, _)| heading.clone()).collect();
    let folders: Vec<String> = releases().iter().rev().map(|(version, _)| text(*version)).collect();
    assert_eq!(versions, folders, "headings of CHANGELOG.md against folders of released/");
    assert_eq!(catalog::VERSION, text(version), "catalog::VERSION is the newest release");
}

#[test]
fn a_change_that_is_not_named_is_noticed() {
    let current = in_force();
    let mut released = current.clone();
    released.remove("openlineage/Run.avsc");
    released.insert("openlineage/Job.avsc".into(), "{}".into());
    assert_eq!(differing(&released, &current), ["openlineage/Job.avsc", "openlineage/Run.avsc"]);
    assert_eq!(unnamed(differing(&released, &current), "- openlineage/Job.avsc"), ["openlineage/Run.avsc"]);
    assert!(differing(&current, &current).is_empty());
}

#[test]
fn the_oracle_tells_breaking_changes_from_harmless_ones() {
    let released = in_force();
    let check = |breaking: bool, what: &str, path: &str, change: &dyn Fn(&mut Value)| {
        let mut schema = as_json(&released[path]);
        change(&mut schema);
        let mut current = released.clone();
        current.insert(path.into(), schema.to_string());
        assert_ne!(as_json(&current[path]), as_json(&released[path]), "{what}: changes nothing");
        let breaks = breaks(&released, &current);
        assert_eq!(!breaks.is_empty(), breaking, "{what}: {breaks:?}");
    };
    let sql = "openlineage/facets/SQLJobFacet.avsc";
    let event = "openlineage/RunEvent.avsc";
    let lineage = "openlineage/facets/LineageJobFacet.avsc";
    let parent = "openlineage/facets/ParentRunFacet.avsc";
    let add = |field: Value| move |schema: &mut Value| schema["fields"].as_array_mut().unwrap().push(field.clone());
    let drop = |name: &'static str| {
        move |schema: &mut Value| schema["fields"].as_array_mut().unwrap().retain(|field| field["name"] != name)
    };
    let optional = json!({"name": "plan", "type": ["null", "string"], "default": null, "doc": "The plan."});

    check(false, "an optional field is added", sql, &add(optional.clone()));
    check(false, "a doc is reworded", sql, &|schema| schema["doc"] = json!("Other words."));
    check(false, "a grade falls", sql, &|schema| schema["fields"][0]["absent"] = json!("note"));
    check(false, "a symbol is added", event, &|schema| {
        schema["fields"][3]["symbols"].as_array_mut().unwrap().push(json!("PAUSE"))
    });
    check(false, "a facet comes to another place", sql, &|schema| schema["on"] = json!(["job", "run"]));

    check(true, "a required field is added", sql, &add(json!({"name": "plan", "type": "string", "doc": "The plan."})));
    check(true, "a required field is dropped", sql, &drop("query"));
    check(true, "an optional field is dropped", sql, &drop("dialect"));
    check(true, "a field is renamed", sql, &|schema| schema["fields"][1]["name"] = json!("flavour"));
    check(true, "a field is re-typed", sql, &|schema| schema["fields"][1]["type"] = json!(["null", "long"]));
    check(true, "a field is widened", "openlineage/facets/ExtractionErrorRunFacet.avsc", &|schema| {
        schema["fields"][0]["type"] = json!("double")
    });
    check(true, "text becomes bytes", sql, &|schema| schema["fields"][0]["type"] = json!("bytes"));
    check(true, "an optional field is made required", sql, &|schema| {
        schema["fields"][1].as_object_mut().unwrap().remove("default");
        schema["fields"][1]["type"] = json!("string");
    });
    check(true, "a required field is made optional", sql, &|schema| {
        schema["fields"][0]["type"] = json!(["null", "string"]);
        schema["fields"][0]["default"] = Value::Null;
    });
    check(true, "a nested field is dropped", parent, &|schema| {
        schema["fields"][0]["type"]["fields"].as_array_mut().unwrap().remove(0);
    });
    check(true, "a shared record is exchanged", lineage, &|schema| {
        schema["fields"][0]["type"]["items"] = json!("io.openlineage.types.LineageInput")
    });
    check(true, "a grade rises to reject", event, &|schema| schema["fields"][1]["absent"] = json!("reject"));
    check(true, "a symbol is dropped", event, &|schema| {
        schema["fields"][3]["symbols"].as_array_mut().unwrap().pop();
    });
    check(true, "a facet changes its key", sql, &|schema| schema["facet"] = json!("query"));
    check(true, "a facet leaves its place", sql, &|schema| schema["on"] = json!(["run"]));
    check(true, "the envelope grows", "ledgerline/Envelope.avsc", &add(optional));
}

#[test]
fn a_file_that_is_gone_breaks_a_release() {
    let released = in_force();
    let mut current = released.clone();
    current.remove("openlineage/facets/SQLJobFacet.avsc");
    assert_eq!(breaks(&released, &current), ["io.openlineage.facets.SQLJobFacet is gone"]);
}
