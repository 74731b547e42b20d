//! Several events.

use crate::client::{Reply, Running, gzip, start};
use serde_json::json;

fn send(server: &Running, body: &str) -> Reply {
    server.post("/api/v1/lineage/batch", &[("content-type", "application/json")], body)
}

#[test]
fn each_event_is_answered_for_itself() {
    let server = start("");
    let reply = send(&server, r#" [ {"n":0}, {"x":"bad"} ,tru, {"x":"busy"}, {"n":4} ] "#);
    assert_eq!(reply.status, 200);
    let body = reply.json();
    assert_eq!(body["status"], "partial_success");
    let summary = json!({"received": 5, "successful": 3, "failed": 2, "retriable": 1, "non_retriable": 1});
    assert_eq!(body["summary"], summary);
    assert_eq!(body["failed_events"][0]["index"], 1);
    assert_eq!(body["failed_events"][0]["reason"], "change run-id-invalid");
    assert_eq!(body["failed_events"][0]["retriable"], false);
    assert_eq!(body["failed_events"][1]["index"], 3);
    assert_eq!(body["failed_events"][1]["retriable"], true);
    assert_eq!(body["positions"], json!(["4f1c9a02e7b35d68/0/4"]));
    assert_eq!(reply.header("ledgerline-position"), "4f1c9a02e7b35d68/0/4");
    let submitted = server.fake.submitted.lock().unwrap();
    let payloads: Vec<_> = submitted.iter().map(|s| String::from_utf8_lossy(&s.payload).into_owned()).collect();
    assert_eq!(payloads, [r#"{"n":0}"#, r#"{"x":"bad"}"#, "tru", r#"{"x":"busy"}"#, r#"{"n":4}"#]);
}

#[test]
fn the_status_says_how_it_ended() {
    let server = start("batch_events_max = 3");
    assert_eq!(send(&server, "[]").json()["status"], "success");
    assert_eq!(send(&server, r#"[{"n":1},{"n":2}]"#).json()["status"], "success");
    let failure = send(&server, r#"[{"x":"bad"},{"x":"busy"}]"#);
    assert_eq!((failure.status, &failure.json()["status"]), (200, &json!("failure")));
    // Worth sending again as a whole: a client that only looks at the status must see it.
    assert_eq!(send(&server, r#"[{"x":"busy"},{"x":"down"}]"#).code(), "unavailable");
    assert_eq!(send(&server, r#"{"n":1}"#).code(), "batch-not-an-array");
    assert_eq!(send(&server, r#"[{"n":1}"#).code(), "batch-broken");
    assert_eq!(send(&server, "[1,2,3]").status, 200);
    let too_many = send(&server, "[1,2,3,4]");
    assert_eq!((too_many.status, too_many.code().as_str()), (413, "batch-too-large"));
    assert_eq!(send(&server, r#"[{"x":"panic"}]"#).code(), "internal");
}

#[test]
fn a_batch_may_be_compressed() {
    let server = start("");
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let reply = server.post("/api/v1/lineage/batch", &headers, gzip(b"[{},{}]"));
    assert_eq!(reply.json()["summary"]["successful"], 2);
}
