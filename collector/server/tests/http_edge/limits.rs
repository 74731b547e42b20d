//! Every bound of a request, shown to hold and to leave the server well.

use crate::client::{Running, gzip, start};
use std::io::Write as _;

const SMALL: &str = "body_bytes_max = 4096\nin_flight_bytes_max = 8192\nrequest_timeout_ms = 300";

fn post(server: &Running, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
    let reply = server.post("/api/v1/lineage", headers, body);
    (reply.status, if reply.status < 400 { "-".into() } else { reply.code() })
}

fn head(length: &str) -> Vec<u8> {
    format!("POST /api/v1/lineage HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n{length}\r\n\r\n")
        .into_bytes()
}

#[test]
fn a_body_is_bounded_as_sent_and_as_inflated() {
    let server = start(SMALL);
    let gzipped = [("content-encoding", "gzip")];
    assert_eq!(post(&server, &[], &[b' '; 4096]), (201, "-".into()));
    assert_eq!(post(&server, &[], &[b' '; 4097]), (413, "body-too-large".into()));
    assert_eq!(post(&server, &gzipped, &gzip(&[b' '; 4096])), (201, "-".into()));
    assert_eq!(post(&server, &gzipped, &gzip(&[b' '; 4097])), (413, "body-too-large".into()));
    let bomb = gzip(&vec![0; 3 << 20]);
    assert!(bomb.len() < 4096, "a bomb of {} bytes passes the first bound", bomb.len());
    assert_eq!(post(&server, &gzipped, &bomb), (413, "body-too-large".into()));
    let members = [gzip(&[b' '; 3000]), gzip(&[b' '; 3000])].concat();
    assert_eq!(post(&server, &gzipped, &members), (413, "body-too-large".into()), "members count together");
    assert_eq!(server.metrics.http.in_flight_bytes.get(), 0, "all room was given back");
    assert_eq!(post(&server, &[], b"{}"), (201, "-".into()));
}

#[test]
fn a_large_bomb_is_inflated_aside_and_refused() {
    let server = start("body_bytes_max = 1048576\nin_flight_bytes_max = 2097152");
    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(bomb.len() > 8 * 1024);
    assert_eq!(post(&server, &[("content-encoding", "gzip")], &bomb), (413, "body-too-large".into()));
}

#[test]
fn a_body_without_length_is_bounded_too() {
    let server = start(SMALL);
    let mut request = head("transfer-encoding: chunked");
    for _ in 0..5 {
        request.extend_from_slice(b"400\r\n");
        request.extend_from_slice(&[b' '; 1024]);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    assert!(server.raw(&request).starts_with("HTTP/1.1 413"));
    assert!(server.raw(&head("content-length: 99999999999999999999")).starts_with("HTTP/1.1 4"));
    assert!(server.raw(&head("content-length: 1073741824")).starts_with("HTTP/1.1 413"));
}

#[test]
fn a_slow_body_and_a_slow_head_are_given_up() {
    let server = start(SMALL);
    let mut request = head("content-length: 10");
    request.extend_from_slice(b"{");
    assert!(server.raw(&request).starts_with("HTTP/1.1 408"));
    let silence = server.raw(b"POST /api/v1/lineage HTTP/1.1\r\nhost:");
    assert!(silence.is_empty() || silence.starts_with("HTTP/1.1 408"), "{silence}");
}

#[test]
fn what_is_not_durable_in_time_is_not_acknowledged() {
    let server = start(SMALL);
    assert_eq!(post(&server, &[], b"{\"x\":\"wait\"}"), (503, "durability-timeout".into()));
    server.fake.gate.send_replace(true);
    assert_eq!(post(&server, &[], b"{\"x\":\"wait\"}"), (201, "-".into()));
}

#[test]
fn requests_at_work_are_bounded_and_probes_are_not() {
    let server = start("in_flight_max = 1");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| post(&server, &[], b"{\"x\":\"wait\"}"));
        server.fake.await_submitted(1);
        assert_eq!(post(&server, &[], b"{}"), (503, "too-many-requests-in-flight".into()));
        assert_eq!(server.get("/healthz").status, 200);
        assert!(server.get("/metrics").text.contains("ledgerline_http_in_flight 1\n"));
        server.fake.gate.send_replace(true);
        assert_eq!(first.join().unwrap(), (201, "-".into()));
    });
    assert_eq!(post(&server, &[], b"{}"), (201, "-".into()));
}

#[test]
fn bytes_at_work_are_bounded() {
    let server = start("body_bytes_max = 4096\nin_flight_bytes_max = 4096");
    let mut waiting = b"{\"x\":\"wait\"}".to_vec();
    waiting.resize(3000, b' ');
    std::thread::scope(|scope| {
        let first = scope.spawn(|| post(&server, &[], &waiting));
        server.fake.await_submitted(1);
        assert_eq!(post(&server, &[], &[b' '; 2000]), (503, "too-many-bytes-in-flight".into()));
        let inflating = gzip(&[b' '; 2000]);
        assert_eq!(
            post(&server, &[("content-encoding", "gzip")], &inflating),
            (503, "too-many-bytes-in-flight".into())
        );
        assert_eq!(post(&server, &[], &[b' '; 1000]), (201, "-".into()));
        server.fake.gate.send_replace(true);
        assert_eq!(first.join().unwrap(), (201, "-".into()));
    });
    assert_eq!(post(&server, &[], &[b' '; 4000]), (201, "-".into()));
}

#[test]
fn connections_beyond_the_bound_wait_and_are_served() {
    let server = start("connections_max = 1");
    let mut held = std::net::TcpStream::connect(server.address).unwrap();
    held.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n").unwrap();
    while server.metrics.http.connections.get() == 0 {
        std::thread::yield_now();
    }
    std::thread::scope(|scope| {
        let second = scope.spawn(|| server.get("/healthz").status);
        drop(held);
        assert_eq!(second.join().unwrap(), 200);
    });
}

#[test]
fn a_client_that_goes_away_gives_its_room_back() {
    let server = start("in_flight_max = 1");
    let body = b"{\"x\":\"wait\"}";
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    stream.write_all(&head(&format!("content-length: {}", body.len()))).unwrap();
    stream.write_all(body).unwrap();
    server.fake.await_submitted(1);
    drop(stream);
    while server.metrics.http.in_flight.get() != 0 {
        std::thread::yield_now();
    }
    assert_eq!(post(&server, &[], b"{}"), (201, "-".into()));
}
