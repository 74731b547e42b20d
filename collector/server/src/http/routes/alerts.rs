//! `GET /v1/alerts`: alert messages and alerts; `POST /v1/alerts/test`.

use super::super::controls::ControlOrder;
use super::super::extract::{Order, Query, Segment};
use super::super::fresh::{list, show};
use super::super::model::query::{AlertsQuery, ShowQuery};
use super::super::model::{Alert, AlertSummary, AlertTest, ControlReceipt, Example, Page, Problem};
use super::super::problem::Refusal;
use super::ticks::ordered;
use super::{Answered, Known, Shared, growth};
use axum::extract::{Extension, State};
use axum::http::HeaderMap;

/// Longest message of a test alert, in characters.
const MESSAGE_CHARS_MAX: usize = 256;

/// Alert messages, in the order of the log
///
/// Give `from=end` and `wait_ms`, then each answer's `next`, to follow what comes; or `newest=true` to look back.
#[utoipa::path(
    get, path = "/v1/alerts", tag = "alerts", params(AlertsQuery),
    responses(
        (status = 200, body = Page<AlertSummary>, description = "a page", example = json!(Page::<AlertSummary>::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn alerts(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<AlertsQuery>,
) -> Answered {
    let growth = growth(query.newest, query.from, query.wait_ms)?;
    let asked = query.clone();
    list(&app, &caller, "/v1/alerts", &query, growth, move |reads, tenant, span| reads.alerts(tenant, &asked, span))
        .await
}

/// One alert, in its newest state
#[utoipa::path(
    get, path = "/v1/alerts/{alert_id}", tag = "alerts", params(("alert_id" = String, Path), ShowQuery),
    responses(
        (status = 200, body = Alert, description = "found", example = json!(Alert::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn alert(
    State(app): Shared,
    Extension(caller): Known,
    Segment(alert_id): Segment,
    Query(query): Query<ShowQuery>,
) -> Answered {
    show(&app, &caller, query.at_least.clone().as_deref(), move |reads, tenant| reads.alert(tenant, &alert_id)).await
}

/// Send a test alert the whole way to the topic
#[utoipa::path(
    post, path = "/v1/alerts/test", tag = "alerts",
    params(("Idempotency-Key" = String, Header, description = "made once per command; 8 to 128 visible characters")),
    request_body(content = AlertTest, content_type = "application/json", example = json!(AlertTest::example())),
    responses(
        (status = 201, body = ControlReceipt, description = "durable in the log",
            example = json!(ControlReceipt::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn test(
    State(app): Shared,
    Extension(caller): Known,
    headers: HeaderMap,
    Order(AlertTest { message }): Order<AlertTest>,
) -> Answered {
    if message.chars().count() > MESSAGE_CHARS_MAX {
        return Err(Refusal::bad_parameter("message", format!("it has at most {MESSAGE_CHARS_MAX} characters")));
    }
    ordered(&app, caller, &headers, ControlOrder::AlertTest { message }).await
}
