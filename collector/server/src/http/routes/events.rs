//! `GET /v1/events`: the leaves, in the order of the tree, and what lies behind one.

use super::super::extract::{Query, Segment};
use super::super::fresh::{list, read, show, with_known};
use super::super::model::query::{EventsQuery, ShowQuery};
use super::super::model::{Event, EventSummary, Example, Page, Problem};
use super::raw;
use super::{Answered, Known, Shared, growth};
use axum::extract::{Extension, State};

/// Recorded events, in the order of the ledger
///
/// Give `from=end` and `wait_ms`, then each answer's `next`, to follow what comes; or `newest=true` to look back.
#[utoipa::path(
    get, path = "/v1/events", tag = "ledger", params(EventsQuery),
    responses(
        (status = 200, body = Page<EventSummary>, description = "a page", example = json!(Page::<EventSummary>::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn events(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<EventsQuery>,
) -> Answered {
    let growth = growth(query.newest, query.from, query.wait_ms)?;
    let asked = query.clone();
    list(&app, &caller, "/v1/events", &query, growth, move |reads, tenant, span| reads.events(tenant, &asked, span))
        .await
}

/// One recorded event, by event id or place in the tree
#[utoipa::path(
    get, path = "/v1/events/{key}", tag = "ledger", params(("key" = String, Path), ShowQuery),
    responses(
        (status = 200, body = Event, description = "found", example = json!(Event::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn event(
    State(app): Shared,
    Extension(caller): Known,
    Segment(key): Segment,
    Query(query): Query<ShowQuery>,
) -> Answered {
    show(&app, &caller, query.at_least.clone().as_deref(), move |reads, tenant| reads.event(tenant, &key)).await
}

/// The body of an event
#[utoipa::path(
    get, path = "/v1/events/{key}/body", tag = "ledger", params(("key" = String, Path), ShowQuery),
    responses(
        (status = 200, body = Vec<u8>, description = "the bytes as received; Ledgerline-Payload says whole or cut",
            content_type = "application/octet-stream"),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "it has been erased", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn body(
    State(app): Shared,
    Extension(caller): Known,
    Segment(key): Segment,
    Query(query): Query<ShowQuery>,
) -> Answered {
    let at_least = query.at_least.as_deref();
    let answer = read(&app, &caller, at_least, move |reads, tenant| reads.event_body(tenant, &key)).await?;
    Ok(with_known(raw(answer.body), &answer.known))
}
