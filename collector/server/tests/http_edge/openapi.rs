//! The description: nothing left out, nothing made up, every example true.

use crate::client::start;
use crate::schema::violations;
use serde_json::Value;
use server::auth::ROUTES;
use std::collections::BTreeSet;

fn document() -> Value {
    serde_json::to_value(server::http::document()).unwrap()
}

#[test]
fn every_route_is_described_and_has_a_rule_of_access() {
    let document = document();
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(|m| (m.to_uppercase(), path.clone())))
        .collect();
    let ruled: BTreeSet<_> = ROUTES.iter().map(|(method, path, _)| (method.to_string(), path.to_string())).collect();
    assert_eq!(described, ruled);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(start("").get("/openapi.json").json(), document);
}

#[test]
fn every_route_is_in_the_guide() {
    let guide = include_str!("../../../../docs/http.md");
    for (_, path, _) in ROUTES {
        let named = guide.contains(&format!("{path}`")) || guide.contains(&format!("{path}?"));
        assert!(named, "docs/http.md lacks {path}");
    }
}

#[test]
fn every_example_validates_against_its_schema() {
    let document = document();
    let mut examples = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let bodies = operation["responses"].as_object().unwrap().values().chain([&operation["requestBody"]]);
            for (kind, content) in bodies.filter_map(|body| body["content"].as_object()).flatten() {
                let Some(example) = content.get("example") else { continue };
                let found = violations(&document, &content["schema"], example, "$");
                assert!(found.is_empty(), "{path} {kind}: {found:?}");
                examples += 1;
            }
        }
    }
    assert!(examples >= 25, "only {examples} examples are left");
}

#[test]
fn every_answer_that_can_be_json_has_an_example() {
    for (path, item) in document()["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let responses = operation["responses"].as_object().unwrap();
            let good = responses.iter().filter(|(status, _)| status.starts_with('2'));
            for (_, response) in good {
                let Some(json) = response["content"].get("application/json") else { continue };
                let exempt = ["/openapi.json", "/readyz"].contains(&path.as_str());
                assert!(exempt || json.get("example").is_some(), "{path} has no example");
            }
        }
    }
}

#[test]
fn what_is_served_validates_too() {
    let (server, document) = (start(""), document());
    for path in ["/v1/status", "/v1/runs", "/v1/jobs", "/v1/datasets", "/v1/events", "/v1/alerts", "/v1/rejected"] {
        let schema = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(violations(&document, schema, &server.get(path).json(), "$"), Vec::<String>::new(), "{path}");
    }
    let schema = serde_json::json!({"$ref": "#/components/schemas/Problem"});
    let problem = server.get("/v1/runs?limit=0").json();
    assert_eq!(violations(&document, &schema, &problem, "$"), Vec::<String>::new());
}

#[test]
fn the_checker_can_fail() {
    let document = document();
    let schema = serde_json::json!({"$ref": "#/components/schemas/RunSummary"});
    let wrong = serde_json::json!({"run_id": 7, "state": "odd"});
    let found = violations(&document, &schema, &wrong, "$").join("\n");
    for part in ["$.run_id: is no string", "$.state: is none of", "$.job: is missing"] {
        assert!(found.contains(part), "{part} is missing from:\n{found}");
    }
}
