//! The HTTP edge over fakes: a real server on a loopback port, a real client, every status and every bound.
#![allow(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

#[path = "http_edge/access.rs"]
mod access;
#[path = "http_edge/batch.rs"]
mod batch;
#[path = "http_edge/client.rs"]
mod client;
#[path = "http_edge/drain.rs"]
mod drain;
#[path = "http_edge/fake.rs"]
mod fake;
#[path = "http_edge/limits.rs"]
mod limits;
#[path = "http_edge/openapi.rs"]
mod openapi;
#[path = "http_edge/reads.rs"]
mod reads;
#[path = "http_edge/schema.rs"]
mod schema;
#[path = "http_edge/submit.rs"]
mod submit;
