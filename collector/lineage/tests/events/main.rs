//! Events as clients send them, through `decode`: what is noticed, what is refused, which facts come out.

mod arbitrary;
mod bounds;
mod clients;
mod corpus;
mod facets;
mod kinds;
mod rejections;
mod schemas;

use std::sync::{Arc, OnceLock};

use lineage::decode::{Decoded, Limits, Rejection, Scratch, decode};
use lineage::finding::{Finding, Grade};
use lineage::schema::Schemas;
use serde_json::{Value, json};

/// The schemas of this build.
fn schemas() -> Arc<Schemas> {
    static SCHEMAS: OnceLock<Arc<Schemas>> = OnceLock::new();
    SCHEMAS.get_or_init(|| Arc::new(Schemas::built_in().expect("the build's own schemas compile"))).clone()
}

/// A run event with one input and one output and nothing to notice.
fn run_event() -> Value {
    json!({
        "eventType": "COMPLETE",
        "eventTime": "2026-03-01T08:15:30.250Z",
        "producer": "https://example.org/scheduler/2.1",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": "0196c1a0-7d2e-7f3b-9a53-2b1c0d4e5f60", "facets": {}},
        "job": {"namespace": "scheduler://north", "name": "orders.load", "facets": {}},
        "inputs": [{"namespace": "postgres://shop:5432", "name": "shop.public.orders", "facets": {}, "inputFacets": {}}],
        "outputs": [{"namespace": "s3://lake", "name": "orders", "facets": {}, "outputFacets": {}}],
    })
}

/// Decodes `payload` and hands the outcome to `look`.
fn with_limits<T>(payload: &[u8], limits: &Limits, look: impl FnOnce(Result<Decoded<'_>, Rejection>) -> T) -> T {
    let schemas = schemas();
    let mut scratch = Scratch::default();
    look(decode(payload, &mut scratch, &schemas, limits))
}

fn with<T>(payload: &[u8], look: impl FnOnce(Result<Decoded<'_>, Rejection>) -> T) -> T {
    with_limits(payload, &Limits::default(), look)
}

/// `grade code path` of each finding, one a line, sorted.
fn lines(findings: &[Finding]) -> String {
    let grade = |grade| match grade {
        Grade::Note => "note",
        Grade::Warn => "warn",
        Grade::Reject => "reject",
    };
    let mut lines: Vec<_> = findings.iter().map(|f| format!("{} {} {}", grade(f.grade), f.code, f.path)).collect();
    lines.sort();
    lines.join("\n")
}

/// The event is accepted, with exactly these findings.
#[track_caller]
fn accepts(name: &str, payload: &str, expected: &[&str]) {
    with(payload.as_bytes(), |outcome| {
        let decoded = outcome.unwrap_or_else(|rejection| panic!("{name}: {rejection}"));
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(lines(&decoded.findings), expected.join("\n"), "{name}");
    });
}

/// The event is refused, first of all for this: `code path`.
#[track_caller]
fn refuses(name: &str, payload: &[u8], expected: &str) {
    with(payload, |outcome| {
        let rejection = outcome.expect_err(name);
        assert_eq!(format!("{} {}", rejection.finding.code, rejection.finding.path), expected, "{name}: {rejection}");
        assert_eq!(rejection.finding.grade, Grade::Reject, "{name}");
        assert!(rejection.findings.contains(&rejection.finding), "{name}");
    });
}
