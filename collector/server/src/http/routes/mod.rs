//! The handlers, one noun per file. A handler reads its parameters, asks a seam once, and shapes the answer.

pub(super) mod alerts;
pub(super) mod batch;
pub(super) mod checkpoint;
pub(super) mod events;
pub(super) mod health;
pub(super) mod keys;
pub(super) mod lineage;
pub(super) mod nodes;
pub(super) mod partitions;
pub(super) mod proofs;
pub(super) mod rejected;
pub(super) mod runs;
pub(super) mod snapshots;
pub(super) mod status;
pub(super) mod submit;
pub(super) mod ticks;
pub(super) mod tiles;

use super::app::App;
use super::fresh::Growth;
use super::guard::Caller;
use super::model::query::From;
use super::problem::Refusal;
use super::reads::Payload;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// What every handler shares.
type Shared = State<Arc<App>>;

/// The caller that the guard let through.
type Known = Extension<Caller>;

/// An answer or a problem.
type Answered = Result<Response, Refusal>;

/// Says whether a payload is all there was.
const PAYLOAD_HEADER: HeaderName = HeaderName::from_static("ledgerline-payload");

/// Somebody else's bytes: never interpreted by a browser, never run.
fn raw(payload: Payload) -> Response {
    let whole = if payload.is_whole { "whole" } else { "cut" };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (PAYLOAD_HEADER, whole),
    ];
    (headers, payload.bytes).into_response()
}

/// How a list that grows goes on: looked at from its newest end, it ends.
fn growth(newest: Option<bool>, from: Option<From>, wait_ms: Option<u64>) -> Result<Growth, Refusal> {
    match (newest == Some(true), from, wait_ms) {
        (true, None, None) => Ok(Growth::Ends),
        (true, ..) => Err(Refusal::bad_parameter("newest", "it looks back; leave from and wait_ms out")),
        (false, from, wait_ms) => {
            Ok(Growth::Grows { from_end: from == Some(From::End), wait_ms: wait_ms.unwrap_or(0) })
        }
    }
}

/// The key of an order, made once per command.
fn idempotency_key(headers: &HeaderMap) -> Result<String, Refusal> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    key.filter(|key| (8..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()))
        .map(str::to_owned)
        .ok_or_else(|| Refusal::bad_parameter("Idempotency-Key", "send a header of 8 to 128 visible characters"))
}
