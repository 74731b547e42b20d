//! The verdict comes from the schemas: another text gives another one.

use lineage::decode::{Limits, Scratch, decode};
use lineage::schema::{Schemas, catalog};
use serde_json::json;

use super::{lines, run_event};

/// Findings, or the rejection's, under the build's schemas with `from` replaced by `to` in the file at `path`.
fn verdict(payload: &str, path: &str, from: &str, to: &str) -> String {
    let texts = catalog::sources().iter().map(|(at, text)| {
        assert!(*at != path || text.contains(from), "{path} lacks {from}");
        if *at == path { text.replacen(from, to, 1) } else { (*text).to_owned() }
    });
    let schemas = Schemas::compile(texts).expect("still schemas");
    let mut scratch = Scratch::default();
    match decode(payload.as_bytes(), &mut scratch, &schemas, &Limits::default()) {
        Ok(decoded) => lines(&decoded.findings),
        Err(rejection) => format!("refused: {}", lines(&rejection.findings)),
    }
}

#[test]
fn a_changed_schema_changes_the_verdict() {
    let mut event = run_event();
    event["job"]["facets"]["sql"] = json!({"_producer": "u:p", "_schemaURL": "u:s", "query": 5});
    event["eventType"] = json!("RETRY");
    let payload = event.to_string();
    let check = |path: &str, from: &str, to: &str, expected: &str| {
        assert_eq!(verdict(&payload, path, from, to), expected, "{path}: {from} → {to}");
    };
    let (run, sql) = ("openlineage/RunEvent.avsc", "openlineage/facets/SQLJobFacet.avsc");
    let (symbol, query) = ("warn unknown-symbol $.eventType", "warn wrong-type $.job.facets.sql.query");
    check(run, "\"RunEvent\"", "\"RunEvent\"", &format!("{symbol}\n{query}"));
    check(run, "\"OTHER\"]", "\"OTHER\", \"RETRY\"]", query);
    check(run, "\"unknown\": \"warn\"", "\"unknown\": \"note\"", &format!("note unknown-symbol $.eventType\n{query}"));
    check(sql, "\"type\": \"string\"", "\"type\": \"long\"", symbol);
    check(sql, "\"facet\": \"sql\"", "\"facet\": \"mysql\"", symbol);
    check(run, "\"name\": \"inputs\"", "\"name\": \"sources\"", &format!("{symbol}\n{query}"));
    check(
        run,
        "\"name\": \"inputs\",",
        "\"name\": \"cluster\", \"type\": \"string\", \"absent\": \"reject\" }, { \"name\": \"inputs\",",
        &format!("refused: reject missing-member $.cluster\n{symbol}\n{query}"),
    );
}

#[test]
fn faulty_schemas_are_refused() {
    let check = |path: &str, from: &str, to: &str, expected: &str| {
        let texts = catalog::sources()
            .iter()
            .map(|(at, text)| if *at == path { text.replacen(from, to, 1) } else { (*text).to_owned() });
        let fault = Schemas::compile(texts).expect_err(expected).to_string();
        assert!(fault.contains(expected), "{fault}");
    };
    let sql = "openlineage/facets/SQLJobFacet.avsc";
    check(sql, "\"type\": \"string\"", "\"type\": \"bytes\"", "io.openlineage.facets.SQLJobFacet.query: no JSON form");
    check(sql, "\"type\": \"string\"", "\"type\": \"nothing\"", "not an Avro schema");
    check(sql, "\"on\": [\"job\"]", "\"on\": [\"table\"]", "`on` holds run, job");
    check("openlineage/RunEvent.avsc", "\"format\": \"uri\"", "\"format\": \"url\"", "RunEvent.producer: `format` is");
    check(
        "openlineage/RunEvent.avsc",
        "\"absent\": \"warn\"",
        "\"absent\": \"error\"",
        "`absent` is reject, warn or note",
    );
    let texts =
        catalog::sources().iter().filter(|(path, _)| *path != "openlineage/JobEvent.avsc").map(|(_, text)| text);
    assert!(Schemas::compile(texts).expect_err("no JobEvent").to_string().contains("io.openlineage.JobEvent"));
}
