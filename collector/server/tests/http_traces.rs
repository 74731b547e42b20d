//! A trace that begins at a client goes through the edge and out to a collector. Alone in its binary, for a process has
//! one subscriber.
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

#[allow(dead_code)]
#[path = "http_edge/client.rs"]
mod client;
#[allow(dead_code)]
#[path = "http_edge/fake.rs"]
mod fake;

use server::config::{Config, Sources};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// One request as a collector gets it: its head, and the body's bytes.
fn exported(listener: &TcpListener) -> (String, Vec<u8>) {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "the head ends early");
    }
    let lower = head.to_lowercase();
    let length = lower.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    reader.into_inner().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    (lower, body)
}

#[test]
fn a_trace_is_followed_sent_along_and_exported() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let sources = Sources::default().with_flag("otlp-endpoint", "telemetry.otlp_endpoint", endpoint).with_flag(
        "otlp-headers",
        "telemetry.otlp_headers.x-key",
        "hush",
    );
    let config = Config::load(&sources).unwrap().config;
    let telemetry = server::telemetry::start(&config.telemetry, "test-deployment", "0.1.0").unwrap();

    let server = client::start("");
    let parent = format!("00-{TRACE}-{SPAN}-01");
    assert_eq!(server.post("/api/v1/lineage", &[("traceparent", &parent)], "{}").status, 201);
    let sent_along = server.fake.submitted.lock().unwrap()[0].traceparent.unwrap().to_string();
    assert!(sent_along.starts_with(&format!("00-{TRACE}-")) && sent_along.ends_with("-01"), "{sent_along}");
    assert!(!sent_along.contains(SPAN), "our own span is the parent of what follows");
    drop(server);

    let collecting = std::thread::spawn(move || exported(&collector));
    telemetry.stop(Duration::from_secs(10));
    let (head, body) = collecting.join().unwrap();
    assert!(head.starts_with("post /v1/traces ") && head.contains("x-key: hush"), "{head}");
    let holds = |part: &[u8]| body.windows(part.len()).any(|window| window == part);
    let own_span = sent_along.split('-').nth(2).unwrap();
    assert!(holds(&hex::decode(TRACE).unwrap()), "the trace is the client's");
    assert!(holds(&hex::decode(SPAN).unwrap()), "its parent is the client's span");
    assert!(holds(&hex::decode(own_span).unwrap()), "it is the span that was sent along");
    assert!(holds(b"POST /api/v1/lineage") && holds(b"ledgerline") && holds(b"test-deployment"));
}
