//! What facets say, as the reads show it: one run that writes, one that reads and checks.

use serde_json::{Value, json};

use super::events::{complete, start};
use super::running::Running;

const WRITES: &str = "019682a3-1f6e-7c5a-9d35-0c1c5c0f3a11";
const READS: &str = "019682a3-1f6e-7c5a-9d35-0c1c5c0f3a12";

/// Puts facets into a place of an event.
fn with(event: &[u8], places: &[(&str, Value)]) -> Value {
    let mut event: Value = serde_json::from_slice(event).unwrap();
    for (pointer, facets) in places {
        let (above, name) = pointer.rsplit_once('/').unwrap();
        let place = &mut event.pointer_mut(above).unwrap()[name];
        for (name, facet) in facets.as_object().unwrap() {
            place[name] = facet.clone();
        }
    }
    event
}

fn writes() -> Value {
    let dataset = json!({
        "documentation": {"description": "Orders of the shop."},
        "ownership": {"owners": [{"name": "team:sales", "type": "MAINTAINER"}]},
        "tags": {"tags": [{"key": "gold", "value": "true"}, {"key": "pii", "value": "true", "field": "id"}]},
        "datasetType": {"datasetType": "TABLE", "subType": "MANAGED"},
        "storage": {"storageLayer": "iceberg", "fileFormat": "parquet"},
        "catalog": {"framework": "iceberg", "type": "hive", "name": "lake"},
        "hierarchy": {"hierarchy": [{"type": "DATABASE", "name": "shop"}, {"type": "TABLE", "name": "orders"}]},
        "lifecycleStateChange": {"lifecycleStateChange": "CREATE"},
    });
    let written = json!({
        "outputStatistics": {"rowCount": 1200, "size": 48000, "fileCount": 2},
    });
    let run = json!({
        "processing_engine": {"name": "spark", "version": "3.5.1"},
        "jobDependencies": {"upstream": [{"job": {"namespace": "etl", "name": "extract"}}]},
        "ledgerline_actor": {"name": "user:jane", "operation": "transform"},
        "ledgerline_approval": {"approvals": [{"id": "R-7", "decision": "approved", "approver": "user:max"}]},
        "ledgerline_export": {"id": "E-1", "stage": "delivered", "recipients": [{"name": "bank"}]},
        "ledgerline_deployment": {"id": "D-1", "environment": {"name": "production"}, "artefact": {"version": "2.1"}},
    });
    let job = json!({
        "documentation": {"description": "Loads orders."},
        "jobType": {"processingType": "BATCH", "integration": "SPARK", "jobType": "QUERY"},
        "sql": {"query": "insert into shop.orders select * from raw.orders", "dialect": "spark"},
        "sourceCodeLocation": {"type": "git", "url": "https://example.test/etl/load.sql", "branch": "main"},
    });
    with(
        &complete(WRITES, "load", &["raw.orders"], &["shop.orders"]),
        &[
            ("/outputs/0/facets", dataset),
            ("/outputs/0/outputFacets", written),
            ("/run/facets", run),
            ("/job/facets", job),
        ],
    )
}

fn reads() -> Value {
    let read = json!({
        "inputStatistics": {"rowCount": 700},
        "subset": {"inputCondition": {"type": "partition", "partitions": []}},
        "dataQualityAssertions": {"assertions": [
            {"assertion": "unique", "success": true, "column": "id"},
            {"assertion": "not_null", "success": false, "column": "id", "severity": "error"},
        ]},
        "ledgerline_digest": {"digests": [{"algorithm": "sha256", "value": "ab"}]},
    });
    let digest = json!({"ledgerline_digest": {"digests": [{"algorithm": "sha256", "value": "ab"}]}});
    let mut event = with(
        &start(READS, "report", &["shop.orders"], &["shop.report"]),
        &[("/inputs/0/inputFacets", read), ("/inputs/0/facets", digest)],
    );
    event["eventTime"] = json!("2026-05-03T10:00:00Z");
    event
}

#[test]
fn are_shown_with_dataset_run_and_job() {
    crate::runtime().block_on(async {
        let server = Running::start(&[]).await;
        server.post(writes().to_string().as_bytes()).await;
        let receipt = server.post(reads().to_string().as_bytes()).await;
        let position = receipt["position"].as_str().unwrap().to_owned();

        let dataset = server.get(&format!("/v1/dataset?node=shop.orders&at_least={position}")).await;
        let shown = |pointer: &str| dataset.pointer(pointer).cloned().unwrap_or_default();
        for (pointer, expected) in [
            ("/about/documentation/text", json!("Orders of the shop.")),
            ("/about/owners/0/role", json!("MAINTAINER")),
            ("/about/tags/1/field", json!("id")),
            ("/about/type", json!("TABLE")),
            ("/about/storage/format", json!("parquet")),
            ("/about/catalog/type", json!("hive")),
            ("/about/hierarchy/1/name", json!("orders")),
            ("/columns/0/type", json!("bigint")),
            ("/changes/0/change", json!("CREATE")),
            ("/versions/0/number", json!(1)),
            ("/versions/0/schema", json!(1)),
            ("/versions/0/run_id", json!(WRITES)),
            ("/last_write/rows", json!(1200)),
            ("/last_write/files", json!(2)),
            ("/assertions/0/assertion", json!("not_null")),
            ("/assertions/0/success", json!(false)),
            ("/assertions/1/success", json!(true)),
        ] {
            assert_eq!(shown(pointer), expected, "{pointer} in {dataset:#}");
        }
        let run = server.get(&format!("/v1/runs/{READS}")).await;
        let shown = |pointer: &str| run.pointer(pointer).cloned().unwrap_or_default();
        for (pointer, expected) in [
            ("/inputs/0/rows", json!(700)),
            ("/inputs/0/read/assumed", json!(true)),
            ("/inputs/0/read/version/number", json!(1)),
            ("/inputs/0/digests/0/value", json!("ab")),
            ("/inputs/0/subset/text", json!(r#"{"partitions":[],"type":"partition"}"#)),
            ("/inputs/0/assertions/0/column", json!("id")),
            ("/outputs/0/node/name", json!("shop.report")),
            ("/outputs/0/written", json!(null)),
        ] {
            assert_eq!(shown(pointer), expected, "{pointer} in {run:#}");
        }
        let run = server.get(&format!("/v1/runs/{WRITES}")).await;
        let shown = |pointer: &str| run.pointer(pointer).cloned().unwrap_or_default();
        for (pointer, expected) in [
            ("/outputs/0/written/number", json!(1)),
            ("/about/engine/version", json!("3.5.1")),
            ("/custody/actor/name", json!("user:jane")),
            ("/custody/approvals/0/decision", json!("approved")),
            ("/custody/export/recipients/0", json!("bank")),
            ("/custody/deployment/environment", json!("production")),
        ] {
            assert_eq!(shown(pointer), expected, "{pointer} in {run:#}");
        }
        let job = server.get("/v1/job?node=load").await;
        let shown = |pointer: &str| job.pointer(pointer).cloned().unwrap_or_default();
        for (pointer, expected) in [
            ("/about/type/integration", json!("SPARK")),
            ("/about/sql/dialect", json!("spark")),
            ("/about/source_location/branch", json!("main")),
            ("/about/before/0/name", json!("extract")),
            ("/about/documentation/text", json!("Loads orders.")),
        ] {
            assert_eq!(shown(pointer), expected, "{pointer} in {job:#}");
        }
        assert!(server.stop().await);
    });
}
