//! One event.

use crate::client::{Running, gzip, start};

const JSON: (&str, &str) = ("content-type", "application/json");
const PATH: &str = "/api/v1/lineage";

/// Sends a body and compares status and problem code (`-` for none).
#[track_caller]
fn check(server: &Running, headers: &[(&str, &str)], body: &[u8], status: u16, code: &str) {
    let reply = server.post(PATH, headers, body);
    assert_eq!(reply.status, status, "{}", reply.text);
    if code != "-" {
        assert_eq!(reply.code(), code);
    }
}

#[test]
fn what_intake_says_is_what_the_client_hears() {
    let server = start("");
    check(&server, &[JSON], b"{\"x\":1}", 201, "-");
    check(&server, &[JSON], b"{\"x\":\"bad\"}", 422, "event-rejected");
    check(&server, &[JSON], b"{\"x\":\"garbled\"}", 400, "event-malformed");
    check(&server, &[JSON], b"{\"x\":\"huge\"}", 413, "event-too-large");
    check(&server, &[JSON], b"{\"x\":\"busy\"}", 503, "back-pressure");
    check(&server, &[JSON], b"{\"x\":\"down\"}", 503, "unavailable");
    check(&server, &[JSON], b"{\"x\":\"panic\"}", 500, "internal");
    check(&server, &[JSON], b"{\"after\":\"a panic\"}", 201, "-");
    check(&server, &[JSON], b"", 400, "body-empty");
    check(&server, &[], b"{}", 201, "-");
    check(&server, &[("content-type", "application/json; charset=utf-8")], b"{}", 201, "-");
    check(&server, &[("content-type", "application/vnd.openlineage+json")], b"{}", 201, "-");
    check(&server, &[("content-type", "text/plain")], b"{}", 415, "content-type-unsupported");
    check(&server, &[JSON, ("content-encoding", "gzip")], &gzip(b"{}"), 201, "-");
    check(&server, &[JSON, ("content-encoding", "identity")], b"{}", 201, "-");
    check(&server, &[JSON, ("content-encoding", "gzip")], b"{}", 400, "gzip-broken");
    check(&server, &[JSON, ("content-encoding", "gzip")], &gzip(b"{}")[..12], 400, "gzip-broken");
    check(&server, &[JSON, ("content-encoding", "br")], b"{}", 415, "content-encoding-unsupported");
    check(&server, &[JSON, ("ledgerline-mode", "yesterday")], b"{}", 400, "parameter-invalid");
    assert_eq!(server.metrics.http.panics.get(), 1);
}

#[test]
fn a_receipt_holds_id_position_and_findings() {
    let server = start("");
    let reply = server.post(PATH, &[JSON], "{\"x\":\"naive\"}");
    let receipt = reply.json();
    assert_eq!(receipt["event_id"], blake3::hash(b"{\"x\":\"naive\"}").to_hex().as_str());
    assert_eq!(receipt["position"], "4f1c9a02e7b35d68/0/0");
    assert_eq!(reply.header("ledgerline-position"), "4f1c9a02e7b35d68/0/0");
    assert_eq!(receipt["findings"][0]["code"], "naive-time");
}

#[test]
fn a_rejection_names_the_field_and_what_to_change() {
    let server = start("");
    let problem = server.post(PATH, &[JSON], "{\"x\":\"bad\"}").json();
    assert_eq!(problem["path"], "$.run.runId");
    assert_eq!(problem["detail"], "change run-id-invalid");
    assert_eq!(problem["findings"].as_array().unwrap().len(), 2);
    let busy = server.post(PATH, &[JSON], "{\"x\":\"busy\"}");
    assert_eq!(busy.header("retry-after"), "2", "a part of a second is rounded up");
}

#[test]
fn the_channel_travels_with_the_event() {
    let server = start("");
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let body = gzip(b"{\"x\": 1}");
    let headers = [JSON, ("content-encoding", "gzip"), ("traceparent", trace), ("ledgerline-mode", "backfill")];
    assert_eq!(server.post(PATH, &headers, body).status, 201);
    let submitted = server.fake.submitted.lock().unwrap();
    let only = &submitted[0];
    assert_eq!(&only.payload[..], b"{\"x\": 1}", "the bytes as received");
    assert_eq!((only.tenant.as_str(), only.principal.as_str()), ("default", "loopback"));
    assert_eq!(only.mode, server::http::Mode::Backfill);
    assert_eq!(only.traceparent.unwrap().to_string(), trace);
}

#[test]
fn a_request_keeps_its_name() {
    let server = start("");
    let reply = server.post(PATH, &[JSON, ("x-request-id", "mine-1")], "{\"x\":\"bad\"}");
    assert_eq!(reply.header("x-request-id"), "mine-1");
    assert_eq!(reply.code(), "event-rejected");
    let reply = server.post(PATH, &[JSON, ("x-request-id", "two words")], "{}");
    assert!(reply.header("x-request-id").starts_with("test-"), "what could break a log line is not taken over");
}
