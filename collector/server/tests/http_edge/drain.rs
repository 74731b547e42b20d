//! The end of a server.

use crate::client::start;

#[test]
fn a_drain_finishes_what_is_at_work_and_wakes_who_waits() {
    let mut server = start("");
    std::thread::scope(|scope| {
        let server = &server;
        let at_work = scope.spawn(|| server.post("/api/v1/lineage", &[], "{\"x\":\"wait\"}").status);
        let for_news = scope.spawn(|| server.get("/v1/events?from=end&wait_ms=20000"));
        server.fake.await_submitted(1);
        while server.fake.watchers() == 0 {
            std::thread::yield_now();
        }
        server.begin_drain();
        assert_eq!(for_news.join().unwrap().status, 200);
        server.fake.gate.send_replace(true);
        assert_eq!(at_work.join().unwrap(), 201);
    });
    server.ended();
    assert!(std::net::TcpStream::connect(server.address).is_err(), "nobody listens any more");
}

#[test]
fn readiness_names_what_stands_in_the_way() {
    let server = start("");
    let reply = server.get("/readyz");
    assert_eq!(reply.status, 503);
    assert_eq!(reply.json()["reasons"][0]["remedy"], "ledgerline doctor");
    server.fake.gate.send_replace(true);
    assert_eq!(server.get("/readyz").status, 200);
    assert_eq!(server.get("/healthz").text, "ok\n");
}

#[test]
fn requests_are_counted_by_route_and_never_by_name() {
    let server = start("");
    server.get("/v1/runs/019682a3");
    server.get("/v1/runs/019682a4");
    server.get("/nothing/here");
    server.post("/api/v1/lineage", &[], "{\"x\":\"bad\"}");
    let text = server.get("/metrics").text;
    for line in [
        "ledgerline_http_requests_total{route=\"/v1/runs/{run_id}\",method=\"GET\",status=\"200\"} 2",
        "ledgerline_http_requests_total{route=\"other\",method=\"GET\",status=\"404\"} 1",
        "ledgerline_http_requests_total{route=\"/api/v1/lineage\",method=\"POST\",status=\"422\"} 1",
    ] {
        assert!(text.contains(line), "{line} is missing from:\n{text}");
    }
    assert!(!text.contains("019682a3"));
}
