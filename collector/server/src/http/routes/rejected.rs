//! `GET /v1/rejected`: what intake refused, why, and the bytes to send again.

use super::super::extract::{Query, Segment};
use super::super::fresh::{Growth, list, read, show, with_known};
use super::super::model::query::{RejectedQuery, ShowQuery};
use super::super::model::{Example, Page, Problem, Rejected, RejectedSummary};
use super::raw;
use super::{Answered, Known, Shared};
use axum::extract::{Extension, State};

/// Rejections, newest first
#[utoipa::path(
    get, path = "/v1/rejected", tag = "intake", params(RejectedQuery),
    responses(
        (status = 200, body = Page<RejectedSummary>, description = "a page", example = json!(Page::<RejectedSummary>::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn rejected(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<RejectedQuery>,
) -> Answered {
    let asked = query.clone();
    list(&app, &caller, "/v1/rejected", &query, Growth::Ends, move |reads, tenant, span| {
        reads.rejected(tenant, &asked, span)
    })
    .await
}

/// One rejection
#[utoipa::path(
    get, path = "/v1/rejected/{key}", tag = "intake", params(("key" = String, Path), ShowQuery),
    responses(
        (status = 200, body = Rejected, description = "found", example = json!(Rejected::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn rejection(
    State(app): Shared,
    Extension(caller): Known,
    Segment(key): Segment,
    Query(query): Query<ShowQuery>,
) -> Answered {
    show(&app, &caller, query.at_least.clone().as_deref(), move |reads, tenant| reads.rejection(tenant, &key)).await
}

/// The bytes that were rejected
#[utoipa::path(
    get, path = "/v1/rejected/{key}/payload", tag = "intake", params(("key" = String, Path), ShowQuery),
    responses(
        (status = 200, body = Vec<u8>, description = "the bytes as received; Ledgerline-Payload says whole or cut",
            content_type = "application/octet-stream"),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "it has been erased", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn payload(
    State(app): Shared,
    Extension(caller): Known,
    Segment(key): Segment,
    Query(query): Query<ShowQuery>,
) -> Answered {
    let at_least = query.at_least.as_deref();
    let answer = read(&app, &caller, at_least, move |reads, tenant| reads.rejected_payload(tenant, &key)).await?;
    Ok(with_known(raw(answer.body), &answer.known))
}
