//! Holds the files of `schemas/` to what `schemas/README.md` promises: they parse together, say what each field means,
//! keep to the attributes that the validator reads, stay readable across releases, and fit their own examples.

#![allow(clippy::unwrap_used)] // A test may panic; most of this file stands outside #[test] functions.

mod attributes;
mod examples;
mod facets;
mod release;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use apache_avro::Schema;
use lineage::schema::catalog;
use serde_json::Value;

/// The folder `schemas/` of the checkout.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

/// Every file below `folder` whose name ends in `ending`, by path below it. Hidden folders are unfinished releases.
fn files_below(folder: &Path, ending: &str) -> BTreeMap<String, String> {
    fn walk(root: &Path, at: &Path, ending: &str, found: &mut BTreeMap<String, String>) {
        let Ok(entries) = std::fs::read_dir(at) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            if path.is_dir() {
                walk(root, &path, ending, found);
            } else if name.ends_with(ending) {
                let below = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(below, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, ending, &mut found);
    found
}

/// The schema files in force, from the folder (not from what the crate embeds).
fn in_force() -> BTreeMap<String, String> {
    let mut files = files_below(&folder(), ".avsc");
    files.retain(|path, _| !path.starts_with("released/") && !path.starts_with("examples/"));
    files
}

fn parse(files: &BTreeMap<String, String>) -> Vec<Schema> {
    Schema::parse_list(files.values()).expect("the files parse together")
}

/// A schema file as JSON, for what Avro's own types do not tell.
fn as_json(text: &str) -> Value {
    serde_json::from_str(text).expect("a schema file is JSON")
}

/// Calls `see` on every named type defined in `schema`, itself included, with its full name.
fn each_named<'a>(schema: &'a Value, namespace: &str, see: &mut impl FnMut(String, &'a Value)) {
    match schema {
        Value::Array(branches) => branches.iter().for_each(|branch| each_named(branch, namespace, see)),
        Value::Object(object) => {
            let namespace = object.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
            if let Some(name) = object.get("name").and_then(Value::as_str) {
                see(format!("{namespace}.{name}"), schema);
            }
            for field in object.get("fields").and_then(Value::as_array).into_iter().flatten() {
                each_named(&field["type"], namespace, see);
            }
            for inner in ["items", "values", "type"] {
                if let Some(inner) = object.get(inner).filter(|inner| !inner.is_string()) {
                    each_named(inner, namespace, see);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn the_crate_embeds_exactly_the_files_in_force() {
    let embedded: BTreeMap<String, String> =
        catalog::sources().iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
    assert_eq!(embedded.len(), catalog::sources().len(), "a path is listed twice in schema/catalog.rs");
    let missing: Vec<_> = in_force().into_keys().filter(|path| !embedded.contains_key(path)).collect();
    assert!(missing.is_empty(), "add to schema/catalog.rs: {missing:?}");
    assert!(embedded == in_force(), "the crate was built from other texts than the folder holds");
    assert!(catalog::sources().is_sorted(), "keep schema/catalog.rs in the order of the paths");
}

#[test]
fn every_file_parses_with_the_others_and_is_named_for_its_record() {
    let files = in_force();
    assert_eq!(parse(&files).len(), files.len());
    for (path, text) in &files {
        let (directory, stem) = path.strip_suffix(".avsc").unwrap().rsplit_once('/').unwrap();
        let schema = as_json(text);
        assert_eq!(schema["name"], stem, "{path}");
        let namespace = match directory {
            "openlineage" => "io.openlineage",
            "openlineage/facets" => "io.openlineage.facets",
            "openlineage/types" => "io.openlineage.types",
            "ledgerline" if stem == "Facts" => "dev.ledgerline.facts",
            "ledgerline" => "dev.ledgerline",
            "ledgerline/facets" => "dev.ledgerline.facets",
            other => panic!("{other} is not in the table of schemas/README.md"),
        };
        assert_eq!(schema["namespace"], namespace, "{path}");
    }
}

/// Records and fields that do not say what they mean.
fn undocumented(schema: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let is_empty = |value: &Value| value["doc"].as_str().is_none_or(|doc| doc.trim().len() < 4);
    each_named(schema, "", &mut |name, named| {
        if named["type"] != "record" {
            return;
        }
        if is_empty(named) {
            faults.push(name.clone());
        }
        for field in named["fields"].as_array().unwrap() {
            if is_empty(field) {
                faults.push(format!("{name}.{}", field["name"]));
            }
        }
    });
    faults
}

#[test]
fn every_record_and_field_says_what_it_means() {
    for (path, text) in in_force() {
        assert_eq!(undocumented(&as_json(&text)), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn a_missing_doc_is_noticed() {
    let mut schema = as_json(&in_force()["openlineage/facets/ParentRunFacet.avsc"]);
    assert!(undocumented(&schema).is_empty());
    schema["fields"][0]["type"]["fields"][0]["doc"] = Value::from(" ");
    assert_eq!(undocumented(&schema), ["io.openlineage.facets.ParentRun.\"runId\""]);
}
