//! `GET /v1/status`, `/metrics`, `/openapi.json`.

use super::super::app::App;
use super::super::extract::Query;
use super::super::forward::FORWARDED;
use super::super::fresh::{read, with_known};
use super::super::model::query::ShowQuery;
use super::super::model::{Example, Problem, Status};
use super::super::problem::Refusal;
use super::partitions::all;
use super::{Answered, Known, Shared};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// What is recorded, lagging or halted
#[utoipa::path(
    get, path = "/v1/status", tag = "operation", params(ShowQuery),
    responses(
        (status = 200, body = Status, description = "the state", example = json!(Status::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn status(
    State(app): Shared,
    Extension(caller): Known,
    headers: HeaderMap,
    Query(query): Query<ShowQuery>,
) -> Answered {
    let mut answer = read(&app, &caller, query.at_least.as_deref(), |reads, tenant| reads.status(tenant)).await?;
    // Passed on or not, this process asks the others itself: each says only how its own partitions do.
    let mut headers = headers;
    headers.remove(FORWARDED);
    let partitions = all(&app, &headers).await?;
    if !partitions.is_empty() {
        answer.body.partitions = partitions;
    }
    Ok(with_known(Json(answer.body), &answer.known))
}

/// Figures for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "operation",
    responses(
        (status = 200, body = String, description = "OpenMetrics text", content_type = "application/openmetrics-text"),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "turned off by telemetry.metrics", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn metrics(State(app): Shared) -> Answered {
    match app.metrics_served {
        true => Ok(([(header::CONTENT_TYPE, crate::metrics::CONTENT_TYPE)], app.metrics.text()).into_response()),
        false => Err(Refusal::no_route()),
    }
}

/// This description
#[utoipa::path(
    get, path = "/openapi.json", tag = "operation",
    responses((status = 200, body = Object, description = "OpenAPI 3.1"))
)]
pub(in super::super) async fn openapi(State(app): State<Arc<App>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], app.openapi.clone()).into_response()
}
