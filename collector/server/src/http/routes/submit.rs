//! `POST /api/v1/lineage`: one event, answered when durable.

use super::super::body::receive;
use super::super::fresh::POSITION_HEADER;
use super::super::intake::{Accepted, Mode, Refused, Submission};
use super::super::model::{Example, Finding, Problem, Receipt};
use super::super::{app::App, guard::Caller, observe::trace_parent, problem::Refusal};
use super::{Answered, Known, Shared};
use crate::telemetry::TraceParent;
use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use std::time::Duration;

/// How events are to be taken: `live` (the default), `backfill` or `drill`.
const MODE_HEADER: &str = "ledgerline-mode";

/// Record one OpenLineage event
///
/// Takes a RunEvent, JobEvent or DatasetEvent, plain or with `Content-Encoding: gzip`. The answer comes once the
/// event is durable; sent twice it is recorded once and answered the same.
#[utoipa::path(
    post, path = "/api/v1/lineage", tag = "intake",
    params(("Ledgerline-Mode" = Option<String>, Header, description = "live, backfill or drill")),
    request_body(content = Object, content_type = "application/json", description = "an OpenLineage event"),
    responses(
        (status = 201, description = "durable", body = Receipt,
            headers(("Ledgerline-Position" = String, description = "where it stands")),
            example = json!(Receipt::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "the body did not arrive in time", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "media type or encoding not taken", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "rejected; names the field", body = Problem,
            content_type = "application/problem+json", example = json!(Problem::example())),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn submit(
    State(app): Shared,
    Extension(caller): Known,
    headers: HeaderMap,
    body: Body,
) -> Answered {
    let channel = Channel::of(&caller, &headers)?;
    let received = receive(&app, &headers, body).await?;
    let submission = channel.submission(received.bytes.clone());
    let mut answers = made_durable(&app, vec![submission]).await?;
    let accepted = answers.pop().ok_or_else(Refusal::internal)??;
    let receipt = Receipt {
        event_id: hex::encode(accepted.event_id),
        findings: accepted.findings.iter().map(Finding::from).collect(),
        position: accepted.position,
    };
    let position = [(POSITION_HEADER, receipt.position.to_string())];
    Ok((StatusCode::CREATED, position, Json(receipt)).into_response())
}

/// What the request says of each event in it.
pub(super) struct Channel {
    caller: Caller,
    traceparent: Option<TraceParent>,
    mode: Mode,
}

impl Channel {
    pub fn of(caller: &Caller, headers: &HeaderMap) -> Result<Self, Refusal> {
        let mode = match headers.get(MODE_HEADER).map(|value| value.as_bytes()) {
            None | Some(b"live") => Mode::Live,
            Some(b"backfill") => Mode::Backfill,
            Some(b"drill") => Mode::Drill,
            Some(_) => return Err(Refusal::bad_parameter("Ledgerline-Mode", "send live, backfill or drill")),
        };
        // Our own span where traces are on, else the caller's context as it came.
        let traceparent = TraceParent::of(&tracing::Span::current()).or_else(|| trace_parent(headers));
        Ok(Self { caller: caller.clone(), traceparent, mode })
    }

    pub fn submission(&self, payload: Bytes) -> Submission {
        let Caller { tenant, principal, .. } = self.caller.clone();
        Submission { tenant, principal, payload, traceparent: self.traceparent, mode: self.mode }
    }
}

/// Hands events over and waits, within the bound, until each is durable or refused.
pub(super) async fn made_durable(
    app: &App,
    submissions: Vec<Submission>,
) -> Result<Vec<Result<Accepted, Refused>>, Refusal> {
    let (count, limit_ms) = (submissions.len(), app.settings.request_timeout_ms);
    let answers = tokio::time::timeout(Duration::from_millis(limit_ms), app.intake.submit(submissions)).await;
    let answers = answers.map_err(|_| {
        let detail = format!("not known to be durable after {limit_ms} ms; send it again, it is recorded once");
        Refusal::busy(1, "durability-timeout", detail)
    })?;
    if answers.len() == count {
        return Ok(answers);
    }
    tracing::error!(sent = count, answered = answers.len(), "intake gave another number of answers than of events");
    Err(Refusal::internal())
}
