//! Events and facets that nobody here wrote: none may be refused. They lie beside the repository, not in it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{run_event, with};

fn folder() -> Option<PathBuf> {
    // Beside the repository, or as far above as a worktree's own folder puts it.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().skip(2).map(|above| above.join("../shared/corpus")).find(|path| path.is_dir());
    if found.is_none() {
        eprintln!("skipped: no folder shared/corpus beside the repository");
    }
    found
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = paths
        .map(|path| {
            (path.file_name().expect("a name").to_string_lossy().into_owned(), fs::read_to_string(&path).expect("text"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_event_is_accepted_and_its_facts_come_out() {
    let Some(folder) = folder() else { return };
    let (mut events, mut schemas, mut columns, mut parents) = (0, 0, 0, 0);
    for (name, text) in files(&folder.join("events")) {
        for (line, event) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            with(event.as_bytes(), |outcome| {
                let decoded = outcome.unwrap_or_else(|rejection| panic!("{name}:{line}: {rejection}"));
                let facts = &decoded.facts;
                let datasets = facts.inputs.iter().chain(&facts.outputs);
                schemas += datasets.clone().filter(|dataset| dataset.schema.is_some()).count();
                columns += datasets.filter(|dataset| dataset.columns.is_some()).count();
                parents += usize::from(facts.run.as_ref().is_some_and(|run| run.parent.is_some()));
                events += 1;
                same_as_the_document(event, &decoded.facts, &name);
            });
        }
    }
    assert!(events > 10 && schemas > 3 && columns > 0 && parents > 3, "{events} {schemas} {columns} {parents}");
}

/// What the facts say is what a plain JSON reader finds.
fn same_as_the_document(event: &str, facts: &lineage::facts::Facts<'_>, name: &str) {
    let event: Value = serde_json::from_str(event).expect("JSON");
    let run = facts.run.as_ref().expect("a run event");
    assert_eq!(Some(run.id.to_string()), event["run"]["runId"].as_str().map(str::to_lowercase), "{name}");
    let keys: Vec<_> = event["run"]["facets"].as_object().expect("facets").keys().cloned().collect();
    let mut found: Vec<_> = run.facets.to_vec();
    found.sort();
    assert_eq!(found, keys, "{name}");
    let job = facts.job.as_ref().expect("a job");
    assert_eq!((job.namespace, job.name), (text(&event["job"]["namespace"]), text(&event["job"]["name"])), "{name}");
    assert_eq!(
        job.sql.map(|sql| sql.query.bytes),
        event["job"]["facets"]["sql"]["query"].as_str().map(|sql| sql.len() as i64)
    );
    for (side, sent) in [(&facts.inputs, &event["inputs"]), (&facts.outputs, &event["outputs"])] {
        let sent = sent.as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(side.len(), sent.len(), "{name}");
        for (dataset, sent) in side.iter().zip(sent) {
            assert_eq!((dataset.namespace, dataset.name), (text(&sent["namespace"]), text(&sent["name"])), "{name}");
            let fields = sent["facets"]["schema"]["fields"].as_array().map(Vec::len);
            assert_eq!(dataset.schema.as_ref().map(Vec::len), fields, "{name}");
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

#[test]
fn every_facet_is_accepted_in_its_place() {
    let Some(folder) = folder() else { return };
    for (name, text) in files(&folder.join("facets")) {
        let mut sample: Value = serde_json::from_str(&text).expect("JSON");
        if sample.get("eventTime").is_none() {
            sample = wrap(&name, sample);
        }
        let payload = sample.to_string();
        with(payload.as_bytes(), |outcome| {
            let decoded = outcome.unwrap_or_else(|rejection| panic!("{name}: {rejection}"));
            let unexpected: Vec<_> = decoded.findings.iter().filter(|finding| !expected(&finding.code)).collect();
            assert!(unexpected.is_empty(), "{name}: {unexpected:#?}");
        });
    }
}

/// Samples leave out `_producer`, or take values of their own time; nothing else may be noticed.
fn expected(code: &str) -> bool {
    ["missing-member", "naive-time", "unknown-symbol"].contains(&code)
}

/// An event with the facet at its place, which the file's name tells.
fn wrap(name: &str, facets: Value) -> Value {
    let mut event = run_event();
    let place = if name.contains("RunFacet") {
        &mut event["run"]["facets"]
    } else if name.contains("JobFacet")
        || name.starts_with("LineageFacet") && facets["lineage"].get("entries").is_some()
    {
        &mut event["job"]["facets"]
    } else if name.contains("OutputDatasetFacet") || facets["subset"].get("outputCondition").is_some() {
        &mut event["outputs"][0]["outputFacets"]
    } else if name.contains("InputDatasetFacet") || name.contains("Assertions") || name.contains("Subset") {
        &mut event["inputs"][0]["inputFacets"]
    } else {
        &mut event["outputs"][0]["facets"]
    };
    *place = facets;
    event
}
