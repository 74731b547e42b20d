//! `POST /v1/snapshots`, `GET /v1/snapshots`.

use super::super::extract::Order;
use super::super::model::{Example, Page, Problem, SnapshotOrder, SnapshotOrdered, SnapshotSummary};
use super::super::problem::Refusal;
use super::super::snapshots::NoSnapshots;
use super::{Answered, Known, Shared, idempotency_key};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use std::time::Duration;

/// Make a snapshot of each partition that this process owns
///
/// A large store takes longer than a request may: the answer is then 202, and the same request again, with the same
/// `Idempotency-Key`, waits for the same snapshots.
#[utoipa::path(
    post, path = "/v1/snapshots", tag = "operation",
    params(("Idempotency-Key" = String, Header, description = "made once per command; 8 to 128 visible characters")),
    request_body(content = SnapshotOrder, content_type = "application/json", example = json!(SnapshotOrder::example())),
    responses(
        (status = 200, body = SnapshotOrdered, description = "done: what was made, and what was not",
            example = json!(SnapshotOrdered::example())),
        (status = 202, body = SnapshotOrdered, description = "not done yet; ask again with the same key",
            example = json!(SnapshotOrdered::default())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(app): Shared,
    Extension(_): Known,
    headers: HeaderMap,
    Order(SnapshotOrder {}): Order<SnapshotOrder>,
) -> Answered {
    let key = idempotency_key(&headers)?;
    // Half of what a request may take: the other half is for whoever is slow to ask again.
    let limit = Duration::from_millis(app.settings.request_timeout_ms / 2);
    match tokio::time::timeout(limit, app.snapshots.order(key)).await {
        Ok(ordered) => Ok(Json(ordered?).into_response()),
        Err(_) => Ok((StatusCode::ACCEPTED, Json(SnapshotOrdered::default())).into_response()),
    }
}

/// Snapshots that are there, the newest last
#[utoipa::path(
    get, path = "/v1/snapshots", tag = "operation",
    responses(
        (status = 200, body = Page<SnapshotSummary>, description = "the newest ones; truncated where there are more",
            example = json!(Page::<SnapshotSummary>::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(State(app): Shared, Extension(_): Known) -> Answered {
    let limit = Duration::from_millis(app.settings.request_timeout_ms);
    let listed = tokio::time::timeout(limit, app.snapshots.list()).await.map_err(|_| {
        Refusal::busy(5, "read-timeout", "the snapshots could not be listed in time; see `ledgerline doctor`")
    })?;
    let (items, truncated) = listed?;
    Ok(Json(Page { items, next: None, truncated }).into_response())
}

impl From<NoSnapshots> for Refusal {
    fn from(no: NoSnapshots) -> Self {
        match no {
            NoSnapshots::Off => {
                Self::bad_parameter("snapshots.url", "no place for snapshots is configured here: set snapshots.url")
            }
            NoSnapshots::Unavailable { reason } => Self::busy(5, "unavailable", reason),
        }
    }
}
