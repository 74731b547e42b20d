//! `POST /api/v1/lineage/batch`: an array of events, each judged by itself.

use super::super::body::receive;
use super::super::fresh::POSITION_HEADER;
use super::super::intake::{Accepted, Refused};
use super::super::model::{BatchReceipt, BatchStatus, BatchSummary, Example, FailedEvent, Position, Problem};
use super::super::problem::Refusal;
use super::super::split::{Unsplit, split};
use super::submit::{Channel, made_durable};
use super::{Answered, Known, Shared};
use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse as _;
use lineage::finding::Grade;
use std::collections::BTreeMap;

/// Record several OpenLineage events
///
/// Takes a JSON array, plain or gzip. Each event stands for itself: the answer lists those that failed and whether
/// sending them again can succeed; all others are durable. When none is durable and each may be sent again, the
/// answer is 503 instead.
#[utoipa::path(
    post, path = "/api/v1/lineage/batch", tag = "intake",
    params(("Ledgerline-Mode" = Option<String>, Header, description = "live, backfill or drill")),
    request_body(content = Vec<Object>, content_type = "application/json", description = "OpenLineage events"),
    responses(
        (status = 200, description = "answered event by event", body = BatchReceipt,
            example = json!(BatchReceipt::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "the body did not arrive in time", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "media type or encoding not taken", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn batch(
    State(app): Shared,
    Extension(caller): Known,
    headers: HeaderMap,
    body: Body,
) -> Answered {
    let channel = Channel::of(&caller, &headers)?;
    let received = receive(&app, &headers, body).await?;
    let spans = split(&received.bytes, app.settings.batch_events_max).map_err(|unsplit| match unsplit {
        Unsplit::TooMany => Refusal::batch_too_large(app.settings.batch_events_max),
        Unsplit::NotAnArray => {
            Refusal::bad_body("batch-not-an-array", "a batch is a JSON array; a single event goes to /api/v1/lineage")
        }
        Unsplit::Broken(at) => Refusal::bad_body("batch-broken", format!("the array is broken at byte {at}")),
    })?;
    let submissions = spans.into_iter().map(|span| channel.submission(received.bytes.slice(span))).collect();
    let outcomes = made_durable(&app, submissions).await?;
    if let Some(refused) = nothing_durable_yet(&outcomes) {
        return Err(refused.into());
    }
    let receipt = receipt(outcomes);
    let mut response = Json(&receipt).into_response();
    if let [position] = receipt.positions.as_slice()
        && let Ok(value) = position.to_string().parse()
    {
        response.headers_mut().insert(POSITION_HEADER, value);
    }
    Ok(response)
}

/// The refusal of the last event, if each was refused and each may be sent again.
fn nothing_durable_yet(outcomes: &[Result<Accepted, Refused>]) -> Option<Refused> {
    let all = outcomes.iter().all(|outcome| matches!(outcome, Err(Refused::Busy { .. } | Refused::Unavailable { .. })));
    if all { outcomes.last()?.as_ref().err().cloned() } else { None }
}

fn receipt(outcomes: Vec<Result<Accepted, Refused>>) -> BatchReceipt {
    let mut failed_events = Vec::new();
    let mut furthest: BTreeMap<(String, u32), Position> = BTreeMap::new();
    let mut summary = BatchSummary::default();
    for (index, outcome) in (0u64..).zip(outcomes) {
        summary.received += 1;
        match outcome {
            Ok(Accepted { position, .. }) => {
                summary.successful += 1;
                let place = (position.incarnation.clone(), position.partition);
                let known = furthest.entry(place).or_insert_with(|| position.clone());
                if known.offset < position.offset {
                    *known = position;
                }
            }
            Err(refused) => {
                let event = failed(index, refused);
                summary.failed += 1;
                summary.retriable += u64::from(event.retriable);
                summary.non_retriable += u64::from(!event.retriable);
                failed_events.push(event);
            }
        }
    }
    let status = match (summary.successful, summary.failed) {
        (_, 0) => BatchStatus::Success,
        (0, _) => BatchStatus::Failure,
        _ => BatchStatus::PartialSuccess,
    };
    BatchReceipt { status, summary, failed_events, positions: furthest.into_values().collect() }
}

fn failed(index: u64, refused: Refused) -> FailedEvent {
    let (reason, code, path, retriable) = match refused {
        Refused::Busy { .. } => {
            ("more is waiting than is held at once; send it again".to_owned(), "back-pressure".to_owned(), None, true)
        }
        Refused::Unavailable { reason } => (reason, "unavailable".to_owned(), None, true),
        Refused::Rejected(findings) => {
            let named = findings.iter().position(|finding| finding.grade == Grade::Reject).unwrap_or(0);
            match findings.into_iter().nth(named) {
                Some(finding) => (finding.message, finding.code, Some(finding.path), false),
                None => ("the event was rejected".to_owned(), "event-rejected".to_owned(), None, false),
            }
        }
    };
    FailedEvent { index, reason, retriable, code, path }
}
