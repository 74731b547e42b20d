//! Every facet that facts are taken from: one row each, checked against the facts as JSON.

use serde_json::{Value, json};

use super::{lines, run_event, with};

const RUN: &str = "0196c1a0-7d2e-7f3b-9a53-2b1c0d4e5f61";

/// The bytes of [`RUN`].
fn run_id() -> Value {
    json!([0x01, 0x96, 0xc1, 0xa0, 0x7d, 0x2e, 0x7f, 0x3b, 0x9a, 0x53, 0x2b, 0x1c, 0x0d, 0x4e, 0x5f, 0x61])
}

/// Puts a facet at `place` (a JSON pointer to the facets), and compares what stands at `fact` in the facts.
#[track_caller]
fn check(place: &str, key: &str, body: Value, fact: &str, expected: Value) {
    let mut facet = json!({"_producer": "https://example.org", "_schemaURL": "https://example.org/s.json"});
    facet.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
    let mut event = run_event();
    event.pointer_mut(place).expect("a place").as_object_mut().expect("facets").insert(key.into(), facet);
    with(event.to_string().as_bytes(), |outcome| {
        let decoded = outcome.unwrap_or_else(|rejection| panic!("{key}: {rejection}"));
        assert_eq!(lines(&decoded.findings), "", "{key}");
        let facts = serde_json::to_value(&decoded.facts).expect("facts are JSON");
        assert_eq!(facts.pointer(fact), Some(&expected), "{key}: {facts:#}");
    });
}

#[test]
fn of_runs() {
    let check = |key, body, fact: &str, expected| check("/run/facets", key, body, &format!("/run/{fact}"), expected);
    check(
        "nominalTime",
        json!({"nominalStartTime": "2026-03-01T00:00:00Z", "nominalEndTime": "2026-03-02T00:00:00+00:00"}),
        "nominal_time",
        json!({"start_ns": 1_772_323_200_000_000_000i64, "end_ns": 1_772_409_600_000_000_000i64}),
    );
    let named = json!({"run": {"runId": RUN}, "job": {"namespace": "n", "name": "dag.task"}});
    check("parent", named.clone(), "parent", json!({"run": run_id(), "namespace": "n", "name": "dag.task"}));
    let mut rooted = named.clone();
    rooted["root"] = json!({"run": {"runId": RUN.to_uppercase()}, "job": {"namespace": "n", "name": "dag"}});
    check("parent", rooted, "root", json!({"run": run_id(), "namespace": "n", "name": "dag"}));
    check(
        "errorMessage",
        json!({"message": "no such\ntable", "programmingLanguage": "python", "stackTrace": "…"}),
        "error",
        json!({"message": {"text": "no such\ntable", "bytes": 13}, "language": "python"}),
    );
    check(
        "extractionError",
        json!({"totalTasks": 3, "failedTasks": 1, "errors": [{"errorMessage": "x", "taskNumber": 0}]}),
        "extraction_error",
        json!({"tasks": 3, "failed": 1}),
    );
    check(
        "processing_engine",
        json!({"version": "3.5.1", "name": "spark", "openlineageAdapterVersion": "1.30"}),
        "engine",
        json!({"name": "spark", "version": "3.5.1", "adapter": "1.30"}),
    );
    check(
        "externalQuery",
        json!({"externalQueryId": "q1", "source": "bigquery"}),
        "external_query",
        json!({"id": "q1", "source": "bigquery"}),
    );
    check(
        "jobDependencies",
        json!({
            "upstream": [{"job": {"namespace": "n", "name": "before"}, "run": {"runId": RUN}}],
            "downstream": [{"job": {"namespace": "n", "name": "after"}, "dependency_type": "IMPLICIT_DEPENDENCY"}],
        }),
        "dependencies",
        json!([
            {"downstream": false, "namespace": "n", "name": "before", "run": run_id(), "kind": null},
            {"downstream": true, "namespace": "n", "name": "after", "run": null, "kind": "IMPLICIT_DEPENDENCY"},
        ]),
    );
    check(
        "tags",
        json!({"tags": [{"key": "k", "value": "v", "source": "s"}]}),
        "tags",
        json!([{"key": "k", "value": "v", "source": "s", "field": null}]),
    );
    check(
        "test",
        json!({"tests": [{"name": "unique_id", "status": "fail", "severity": "error", "type": "unique"}]}),
        "tests",
        json!([{"name": "unique_id", "status": "fail", "severity": "error", "kind": "unique"}]),
    );
    check("acme_custom", json!({"anything": [1, {"at": "all"}]}), "facets", json!(["acme_custom"]));
    check("acme_custom", json!({"_deleted": true}), "deleted", json!(["acme_custom"]));
    check(
        "environmentVariables",
        json!({"environmentVariables": [{"name": "A", "value": "b"}]}),
        "facets",
        json!(["environmentVariables"]),
    );
    check(
        "executionParameters",
        json!({"parameters": [{"key": "A", "value": "b"}]}),
        "facets",
        json!(["executionParameters"]),
    );
}

#[test]
fn of_custody() {
    let on_run = |key, body, fact: &str, expected| check("/run/facets", key, body, &format!("/run/{fact}"), expected);
    on_run(
        "ledgerline_actor",
        json!({"name": "user:jane", "role": "analyst", "session": "T-1", "onBehalfOf": "team:risk", "operation": "read", "authenticated": true}),
        "actor",
        json!({"name": "user:jane", "role": "analyst", "session": "T-1", "on_behalf_of": "team:risk", "operation": "read", "authenticated": true}),
    );
    on_run(
        "ledgerline_approval",
        json!({"approvals": [{"id": "R-7", "decision": "approved", "approver": "user:kim", "rationale": "quarterly", "policy": "P1", "expires": "2026-03-02T00:00:00Z"}]}),
        "approvals",
        json!([{"id": "R-7", "decision": "approved", "approver": "user:kim", "rationale": {"text": "quarterly", "bytes": 9}, "policy": "P1", "expires_ns": 1_772_409_600_000_000_000i64}]),
    );
    on_run(
        "ledgerline_export",
        json!({
            "id": "E-1", "stage": "approved", "destination": "sftp://partner", "recipients": [{"name": "org:partner"}],
            "classification": "confidential", "purpose": "audit", "manifest": {"algorithm": "sha256", "value": "ab12"},
        }),
        "export",
        json!({
            "id": "E-1", "stage": "approved", "destination": "sftp://partner", "recipients": ["org:partner"],
            "classification": "confidential", "purpose": "audit", "manifest": "ab12",
        }),
    );
    on_run(
        "ledgerline_deployment",
        json!({
            "id": "D-1", "stage": "live", "environment": {"name": "production"},
            "artefact": {"algorithm": "sha256", "value": "cd34", "version": "2.0"}, "reviewers": [{"name": "user:ana", "role": "lead"}],
        }),
        "deployment",
        json!({"id": "D-1", "environment": "production", "stage": "live", "artefact": "cd34", "version": "2.0", "reviewers": ["user:ana"]}),
    );
    let sets = json!({"sets": [{"kind": "offsets", "values": ["t/0/1-9"], "count": 9}]});
    let records = json!([{"kind": "offsets", "values": ["t/0/1-9"], "count": 9}]);
    on_run("ledgerline_records", sets.clone(), "records", records.clone());
    for place in ["/inputs/0/facets", "/inputs/0/inputFacets"] {
        check(place, "ledgerline_records", sets.clone(), "/inputs/0/records", records.clone());
    }
    for (place, fact) in
        [("/inputs/0/inputFacets", "/inputs/0/digests"), ("/outputs/0/outputFacets", "/outputs/0/digests")]
    {
        let digests = json!({"digests": [{"algorithm": "blake3", "value": "ff", "of": "part-0"}]});
        check(
            place,
            "ledgerline_digest",
            digests,
            fact,
            json!([{"algorithm": "blake3", "value": "ff", "of": "part-0"}]),
        );
    }
}

#[test]
fn of_jobs() {
    let check = |key, body, fact: &str, expected| check("/job/facets", key, body, &format!("/job/{fact}"), expected);
    check(
        "jobType",
        json!({"processingType": "BATCH", "integration": "SPARK", "jobType": "QUERY"}),
        "job_type",
        json!({"processing": "BATCH", "integration": "SPARK", "kind": "QUERY"}),
    );
    check(
        "ownership",
        json!({"owners": [{"name": "team:data", "type": "MAINTAINER"}]}),
        "owners",
        json!([{"name": "team:data", "role": "MAINTAINER"}]),
    );
    check(
        "documentation",
        json!({"description": "Loads.", "contentType": "text/plain"}),
        "documentation",
        json!({"text": "Loads.", "bytes": 6}),
    );
    check(
        "sql",
        json!({"query": "select \"a\"", "dialect": "spark"}),
        "sql",
        json!({"query": {"text": "select \"a\"", "bytes": 10}, "dialect": "spark"}),
    );
    check(
        "sourceCode",
        json!({"language": "python", "sourceCode": "pass"}),
        "source_code",
        json!({"language": "python", "code": {"text": "pass", "bytes": 4}}),
    );
    let location = json!({"type": "git", "url": "https://example.org/r/f.py", "repoUrl": "https://example.org/r", "path": "f.py", "version": "abc", "tag": "v1", "branch": "main"});
    check(
        "sourceCodeLocation",
        location.clone(),
        "source_location",
        json!({"kind": "git", "url": "https://example.org/r/f.py", "repository": "https://example.org/r", "path": "f.py", "version": "abc", "branch": "main"}),
    );
    check(
        "sourceCodeLocation",
        json!({"type": "git", "url": "https://example.org", "tag": "v1"}),
        "source_location/version",
        json!("v1"),
    );
    check(
        "tags",
        json!({"tags": [{"key": "k", "value": "v"}]}),
        "tags",
        json!([{"key": "k", "value": "v", "source": null, "field": null}]),
    );
    check("sql", json!({"_deleted": true}), "deleted", json!(["sql"]));
    check("sql", json!({"_deleted": false, "query": "q"}), "facets", json!(["sql"]));
}

#[test]
fn of_datasets() {
    let check = |key, body, fact: &str, expected| {
        check("/outputs/0/facets", key, body, &format!("/outputs/0/{fact}"), expected)
    };
    check(
        "schema",
        json!({"fields": [
            {"name": "id", "type": "bigint", "description": "Key.", "ordinal_position": 1},
            {"name": "address", "type": "struct", "fields": [{"name": "city"}]},
        ]}),
        "schema",
        json!([
            {"name": "id", "data_type": "bigint", "description": {"text": "Key.", "bytes": 4}, "fields": []},
            {"name": "address", "data_type": "struct", "description": null, "fields": [
                {"name": "city", "data_type": null, "description": null, "fields": []},
            ]},
        ]),
    );
    check(
        "dataSource",
        json!({"name": "shop", "uri": "postgres://shop:5432"}),
        "source",
        json!({"name": "shop", "uri": "postgres://shop:5432"}),
    );
    check("version", json!({"datasetVersion": "17"}), "version", json!("17"));
    check(
        "lifecycleStateChange",
        json!({"lifecycleStateChange": "RENAME", "previousIdentifier": {"namespace": "n", "name": "old"}}),
        "lifecycle",
        json!({"change": "RENAME", "previous_namespace": "n", "previous_name": "old"}),
    );
    check(
        "lifecycleStateChange",
        json!({"lifecycleStateChange": "DROP"}),
        "lifecycle",
        json!({"change": "DROP", "previous_namespace": null, "previous_name": null}),
    );
    check("ownership", json!({"owners": [{"name": "o"}]}), "owners", json!([{"name": "o", "role": null}]));
    check(
        "tags",
        json!({"tags": [{"key": "pii", "value": "true", "field": "email"}]}),
        "tags",
        json!([{"key": "pii", "value": "true", "source": null, "field": "email"}]),
    );
    check("documentation", json!({"description": "d"}), "documentation", json!({"text": "d", "bytes": 1}));
    check("datasetType", json!({"datasetType": "VIEW", "subType": "MATERIALIZED"}), "dataset_type", json!("VIEW"));
    check("datasetType", json!({"datasetType": "VIEW", "subType": "MATERIALIZED"}), "sub_type", json!("MATERIALIZED"));
    check(
        "storage",
        json!({"storageLayer": "iceberg", "fileFormat": "parquet"}),
        "storage",
        json!({"layer": "iceberg", "format": "parquet"}),
    );
    check(
        "catalog",
        json!({"framework": "iceberg", "type": "glue", "name": "c", "metadataUri": "m:u", "warehouseUri": "w:u", "source": "spark", "catalogProperties": {"a": "b"}}),
        "catalog",
        json!({"framework": "iceberg", "kind": "glue", "name": "c", "metadata_uri": "m:u", "warehouse_uri": "w:u", "source": "spark"}),
    );
    check(
        "hierarchy",
        json!({"hierarchy": [{"type": "DATABASE", "name": "d"}, {"type": "TABLE", "name": "t"}]}),
        "hierarchy",
        json!([{"kind": "DATABASE", "name": "d"}, {"kind": "TABLE", "name": "t"}]),
    );
    check(
        "symlinks",
        json!({"identifiers": [{"namespace": "hive://m", "name": "d.t", "type": "TABLE"}]}),
        "symlinks",
        json!([{"namespace": "hive://m", "name": "d.t", "kind": "TABLE"}]),
    );
    check("symlinks", json!({"identifiers": []}), "symlinks", json!([]));
    check(
        "dataQualityMetrics",
        json!({"rowCount": 10, "bytes": 2048, "fileCount": 2, "lastUpdated": "2026-03-01T00:00:00Z", "columnMetrics": {"amount": {"nullCount": 1, "distinctCount": 3, "count": 9, "sum": 12.5, "min": -1, "max": 7, "quantiles": {"0.5": 2}}}}),
        "metrics",
        json!({"rows": 10, "bytes": 2048, "files": 2, "last_updated_ns": 1_772_323_200_000_000_000i64, "columns": [
            {"field": "amount", "nulls": 1, "distinct": 3, "count": 9.0, "sum": 12.5, "min": -1.0, "max": 7.0},
        ]}),
    );
}

#[test]
fn of_column_lineage() {
    let source = |transformations: Value| json!({"namespace": "n", "name": "t", "field": "a", "transformations": transformations});
    let full = json!({"type": "DIRECT", "subtype": "IDENTITY", "description": "as is", "masking": true});
    let kept = json!({"kind": "DIRECT", "subtype": "IDENTITY", "description": "as is", "masking": true});
    let check = |body, fact: &str, expected| {
        check("/outputs/0/facets", "columnLineage", body, &format!("/outputs/0/{fact}"), expected)
    };
    check(
        json!({"fields": {"x": {"inputFields": [source(json!([full]))]}}}),
        "columns",
        json!([{"field": "x", "inputs": [source(json!([kept]))]}]),
    );
    // The old form counts for every source that says nothing of its own.
    let old = json!({"kind": "MASKED", "subtype": null, "description": "hashed", "masking": true});
    check(
        json!({"fields": {"x": {
            "inputFields": [source(json!([full])), source(json!([])), {"namespace": "n", "name": "t", "field": "a"}],
            "transformationType": "MASKED", "transformationDescription": "hashed",
        }}}),
        "columns",
        json!([{"field": "x", "inputs": [source(json!([kept])), source(json!([old])), source(json!([old]))]}]),
    );
    check(json!({"fields": {}, "dataset": [source(json!([full]))]}), "column_dataset", json!([source(json!([kept]))]));
    check(json!({"fields": {}}), "columns", json!([]));
}

#[test]
fn of_inputs_and_outputs() {
    let figures = json!({"rowCount": 5, "size": 100, "fileCount": 1});
    let statistics = json!({"rows": 5, "bytes": 100, "files": 1});
    check("/inputs/0/inputFacets", "inputStatistics", figures.clone(), "/inputs/0/statistics", statistics.clone());
    check("/outputs/0/outputFacets", "outputStatistics", figures, "/outputs/0/statistics", statistics);
    check(
        "/inputs/0/inputFacets",
        "dataQualityMetrics",
        json!({"columnMetrics": {}, "rowCount": 5}),
        "/inputs/0/metrics/rows",
        json!(5),
    );
    check(
        "/inputs/0/inputFacets",
        "dataQualityAssertions",
        json!({"assertions": [{"assertion": "not_null", "success": false, "column": "id", "severity": "warn"}]}),
        "/inputs/0/assertions",
        json!([{"assertion": "not_null", "success": false, "field": "id", "severity": "warn"}]),
    );
    let condition = json!({"type": "location", "locations": ["s3://b/k"]});
    let text = r#"{"locations":["s3://b/k"],"type":"location"}"#;
    let subset = json!({"text": text, "bytes": text.len()});
    check("/inputs/0/inputFacets", "subset", json!({"inputCondition": condition}), "/inputs/0/subset", subset.clone());
    check(
        "/outputs/0/outputFacets",
        "subset",
        json!({"outputCondition": condition}),
        "/outputs/0/subset",
        subset.clone(),
    );
    check(
        "/outputs/0/outputFacets",
        "outputSubset",
        json!({"outputCondition": condition}),
        "/outputs/0/subset",
        subset,
    );
}

#[test]
fn of_explicit_lineage() {
    let job = |body, expected| check("/job/facets", "lineage", body, "/job/lineage", expected);
    let own = json!({"kind": "JOB", "namespace": "scheduler://north", "name": "orders.load", "run": null});
    let table = |name: &str| json!({"kind": "DATASET", "namespace": "n", "name": name, "run": null});
    job(json!({"entries": []}), json!([]));
    job(
        json!({"entries": [{"type": "DATASET", "namespace": "n", "name": "t", "inputs": []}]}),
        json!([{"target": table("t"), "inputs": [], "fields": []}]),
    );
    job(
        json!({"entries": [{"type": "DATASET", "namespace": "n", "name": "t"}]}),
        json!([{"target": table("t"), "inputs": null, "fields": []}]),
    );
    // A job without a name is the event's own.
    job(
        json!({"entries": [{"type": "JOB", "inputs": [{"type": "DATASET", "namespace": "n", "name": "t", "field": "a"}]}]}),
        json!([{"target": own, "inputs": [{"endpoint": table("t"), "field": "a", "transformations": []}], "fields": []}]),
    );
    job(
        json!({"entries": [{"type": "JOB", "namespace": "n", "name": "j", "runId": RUN, "inputs": [{"type": "JOB"}]}]}),
        json!([{
            "target": {"kind": "JOB", "namespace": "n", "name": "j", "run": run_id()},
            "inputs": [{"endpoint": own, "field": null, "transformations": []}], "fields": [],
        }]),
    );
    let dataset = |body, expected| check("/outputs/0/facets", "lineage", body, "/outputs/0/lineage", expected);
    let target = json!({"kind": "DATASET", "namespace": "s3://lake", "name": "orders", "run": null});
    dataset(
        json!({"fields": {"total": {"inputs": [{"type": "JOB", "transformations": [{"type": "DIRECT", "subtype": "AGGREGATION"}]}]}}}),
        json!([{"target": target, "inputs": null, "fields": [{"field": "total", "inputs": [{
            "endpoint": own, "field": null,
            "transformations": [{"kind": "DIRECT", "subtype": "AGGREGATION", "description": null, "masking": false}],
        }]}]}]),
    );
}

#[test]
fn an_end_without_its_name_is_left_out() {
    let mut event = run_event();
    event["job"]["facets"]["lineage"] = json!({"_producer": "u:p", "_schemaURL": "u:s", "entries": [
        {"type": "DATASET", "name": "t"},
        {"type": "JOB", "inputs": [{"type": "JOB", "namespace": "n"}, {"type": "TOPIC", "namespace": "n", "name": "x"}]},
    ]});
    with(event.to_string().as_bytes(), |outcome| {
        let decoded = outcome.expect("accepted");
        let lineage = decoded.facts.job.and_then(|job| job.lineage).expect("lineage");
        assert_eq!(lineage.len(), 1);
        assert_eq!(lineage[0].inputs.as_deref(), Some(&[][..]));
        let at = "$.job.facets.lineage.entries";
        assert_eq!(
            lines(&decoded.findings),
            format!(
                "warn unknown-symbol {at}[1].inputs[1].type\nwarn unnamed-endpoint {at}[0]\nwarn unnamed-endpoint {at}[1].inputs[0]"
            )
        );
    });
}

#[test]
fn one_dataset_twice_is_merged_the_later_facet_standing() {
    let mut event = run_event();
    let facet = |body: Value| {
        let mut facet = json!({"_producer": "u:p", "_schemaURL": "u:s"});
        facet.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
        facet
    };
    let orders = |facets: Value| json!({"namespace": "n", "name": "orders", "facets": facets});
    event["inputs"] = json!([
        orders(json!({"version": facet(json!({"datasetVersion": "1"})), "storage": facet(json!({"storageLayer": "delta"}))})),
        {"namespace": "n", "name": "other"},
        orders(json!({"version": facet(json!({"datasetVersion": "2"})), "mine": {}})),
    ]);
    with(event.to_string().as_bytes(), |outcome| {
        let decoded = outcome.expect("accepted");
        assert_eq!(lines(&decoded.findings), "note duplicate-dataset $.inputs");
        let inputs = decoded.facts.inputs;
        assert_eq!(inputs.iter().map(|input| input.name).collect::<Vec<_>>(), ["orders", "other"]);
        assert_eq!(
            (inputs[0].version, inputs[0].storage.and_then(|storage| storage.layer)),
            (Some("2"), Some("delta"))
        );
        assert_eq!(inputs[0].facets, ["storage", "version", "mine"]);
    });
}
