//! Questions: freshness, pages, waiting, and what goes wrong.

use crate::client::{Running, start};
use serde_json::json;

#[track_caller]
fn check(server: &Running, path: &str, status: u16, code: &str) {
    let reply = server.get(path);
    assert_eq!(reply.status, status, "{path}: {}", reply.text);
    if status >= 400 {
        assert_eq!(reply.code(), code, "{path}");
    } else {
        assert_eq!(reply.header("ledgerline-size"), "3", "{path}");
        assert_eq!(reply.header("ledgerline-position"), "4f1c9a02e7b35d68/0/3", "{path}");
    }
}

#[test]
fn every_outcome_of_a_read_has_its_status() {
    let server = start("wait_ms_max = 50");
    for path in ["/v1/status", "/v1/runs", "/v1/runs/x", "/v1/jobs", "/v1/job?node=x", "/v1/datasets", "/v1/search?q=x"]
    {
        check(&server, path, 200, "-");
    }
    for path in ["/v1/dataset?node=x", "/v1/events", "/v1/events/1", "/v1/alerts", "/v1/alerts/x", "/v1/rejected"] {
        check(&server, path, 200, "-");
    }
    for path in ["/v1/rejected/x", "/v1/checkpoint", "/v1/lineage/upstream?node=x", "/v1/events/1/body"] {
        check(&server, path, 200, "-");
    }
    for path in ["/v1/proof?subject=0", "/v1/consistency?old=1", "/ledger/default/checkpoint"] {
        check(&server, path, 200, "-");
    }
    check(&server, "/ledger/default/tile/0/001", 404, "not-found");
    check(&server, "/ledger/default/tile/0/0", 404, "not-found");
    check(&server, "/ledger/default/tile/0/000.p/0", 404, "not-found");
    check(&server, "/ledger/default/tile/64/000", 404, "not-found");
    check(&server, "/ledger/Default/checkpoint", 403, "forbidden");
    check(&server, "/v1/proof", 400, "parameter-invalid");
    check(&server, "/v1/consistency?old=x", 400, "parameter-invalid");
    check(&server, "/v1/lineage/upstream?node=nothing", 404, "not-found");
    check(&server, "/v1/lineage/upstream?node=two", 409, "node-ambiguous");
    check(&server, "/v1/lineage/upstream?node=broken", 500, "internal");
    check(&server, "/v1/lineage/upstream?node=panic", 500, "internal");
    check(&server, "/v1/lineage/upstream?node=away", 503, "unavailable");
    check(&server, "/v1/events/erased", 410, "erased");
    check(&server, "/v1/lineage/upstream", 400, "parameter-invalid");
    check(&server, "/v1/lineage/upstream?node=x&dept=3", 400, "parameter-invalid");
    check(&server, "/v1/lineage/upstream?node=x&depth=0", 400, "parameter-invalid");
    check(&server, "/v1/lineage/upstream?node=x&depth=1001", 400, "parameter-invalid");
    check(&server, "/v1/lineage/upstream?node=x&as_of=yesterday", 400, "parameter-invalid");
    check(&server, "/v1/runs?state=odd", 400, "parameter-invalid");
    check(&server, "/v1/runs?limit=0", 400, "parameter-invalid");
    check(&server, "/v1/runs?limit=1001", 400, "parameter-invalid");
    check(&server, "/v1/nothing", 404, "no-route");
    check(&server, "/api/v1/lineage/batch", 405, "method-not-allowed");
    let broken = server.get("/v1/lineage/upstream?node=broken").text;
    assert!(!broken.contains("secret place"), "our own trouble is not shown: {broken}");
    assert_eq!(server.get("/v1/lineage/upstream?node=two").json()["candidates"], json!(["dataset:a:two", "job:a:two"]));
    assert_eq!(server.get("/v1/lineage/downstream?node=x&ever=true").json()["direction"], "downstream");
}

#[test]
fn an_answer_is_as_fresh_as_asked() {
    let server = start("wait_ms_max = 50");
    check(&server, "/v1/status?at_least=3", 200, "-");
    check(&server, "/v1/status?at_least=4f1c9a02e7b35d68/0/3", 200, "-");
    check(&server, "/v1/status?at_least=4", 503, "not-yet");
    check(&server, "/v1/status?at_least=4f1c9a02e7b35d68/0/4", 503, "not-yet");
    check(&server, "/v1/status?at_least=4f1c9a02e7b35d68/1/0", 400, "parameter-invalid");
    check(&server, "/v1/status?at_least=another/0/0", 400, "parameter-invalid");
    check(&server, "/v1/status?at_least=soon", 400, "parameter-invalid");
}

#[test]
fn a_reader_waits_for_its_own_write() {
    let server = start("");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.get("/v1/events?at_least=5"));
        await_watcher(&server);
        server.fake.grow();
        server.fake.grow();
        let reply = waiting.join().unwrap();
        assert_eq!((reply.status, reply.header("ledgerline-size")), (200, "5"));
    });
}

fn await_watcher(server: &Running) {
    while server.fake.watchers() == 0 {
        std::thread::yield_now();
    }
}

#[test]
fn pages_follow_one_another_to_the_end() {
    let server = start("");
    let mut names = Vec::new();
    let mut path = "/v1/jobs?limit=3".to_owned();
    loop {
        let page = server.get(&path).json();
        names.extend(
            page["items"].as_array().unwrap().iter().map(|job| job["node"]["name"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/jobs?limit=3&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names, (0..7).map(|n| format!("job-{n}")).collect::<Vec<_>>());
    // A cursor may change its page's size, never its question.
    let next = server.get("/v1/jobs?limit=3").json()["next"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&format!("/v1/jobs?limit=4&cursor={next}")).status, 200);
    assert_eq!(server.get(&format!("/v1/jobs?prefix=a&cursor={next}")).code(), "parameter-invalid");
    assert_eq!(server.get(&format!("/v1/datasets?cursor={next}")).code(), "parameter-invalid");
    assert_eq!(server.get("/v1/jobs?cursor=nonsense").code(), "parameter-invalid");
}

#[test]
fn a_tail_hears_of_each_leaf_once() {
    let server = start("");
    let page = server.get("/v1/events?from=end").json();
    assert_eq!(page["items"], json!([]));
    let next = page["next"].as_str().unwrap().to_owned();
    // Nothing new, no wait: the same place again.
    let idle = server.get(&format!("/v1/events?cursor={next}")).json();
    assert_eq!((idle["items"].as_array().unwrap().len(), idle["next"].as_str()), (0, Some(next.as_str())));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.get(&format!("/v1/events?wait_ms=20000&cursor={next}")).json());
        await_watcher(&server);
        server.fake.grow();
        let page = waiting.join().unwrap();
        assert_eq!(page["items"][0]["leaf"], 3);
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
    });
    let timed_out = server.get("/v1/events?from=end&wait_ms=1&limit=1");
    assert_eq!(timed_out.json()["items"], json!([]));
}

#[test]
fn foreign_bytes_are_never_interpreted() {
    let server = start("");
    let reply = server.get("/v1/rejected/x/payload");
    assert_eq!(reply.header("content-type"), "application/octet-stream");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("ledgerline-payload"), "cut");
    assert_eq!(server.get("/v1/events/1/body").header("ledgerline-payload"), "whole");
}

#[test]
fn orders_carry_their_key() {
    let server = start("");
    let key = ("idempotency-key", "0123456789abcdef");
    let test = server.post("/v1/alerts/test", &[key], "{\"message\":\"hello\"}");
    assert_eq!((test.status, &test.json()["position"]), (201, &json!("4f1c9a02e7b35d68/0/41")));
    assert_eq!(server.post("/v1/ticks", &[key], "").status, 201);
    assert_eq!(server.post("/v1/ticks", &[], "").code(), "parameter-invalid");
    assert_eq!(server.post("/v1/ticks", &[("idempotency-key", "short")], "").code(), "parameter-invalid");
    assert_eq!(server.post("/v1/alerts/test", &[key], "{\"mesage\":\"hello\"}").code(), "order-invalid");
    let long = format!("{{\"message\":\"{}\"}}", "x".repeat(257));
    assert_eq!(server.post("/v1/alerts/test", &[key], long).code(), "parameter-invalid");
    let ordered = server.fake.ordered.lock().unwrap();
    assert_eq!(ordered.len(), 2);
    assert_eq!(ordered[0].idempotency_key, "0123456789abcdef");
}
