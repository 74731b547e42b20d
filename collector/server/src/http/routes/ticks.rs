//! `POST /v1/ticks`, and what orders have in common.

use super::super::app::App;
use super::super::controls::{Control, ControlOrder};
use super::super::extract::Order;
use super::super::fresh::POSITION_HEADER;
use super::super::guard::Caller;
use super::super::model::{ControlReceipt, Example, Problem, TickOrder};
use super::super::problem::Refusal;
use super::{Answered, Known, Shared, idempotency_key};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use std::time::Duration;

/// Write the passing of time now
#[utoipa::path(
    post, path = "/v1/ticks", tag = "operation",
    params(("Idempotency-Key" = String, Header, description = "made once per command; 8 to 128 visible characters")),
    request_body(content = TickOrder, content_type = "application/json", example = json!(TickOrder::example())),
    responses(
        (status = 201, body = ControlReceipt, description = "durable in the log",
            example = json!(ControlReceipt::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn tick(
    State(app): Shared,
    Extension(caller): Known,
    headers: HeaderMap,
    Order(TickOrder {}): Order<TickOrder>,
) -> Answered {
    ordered(&app, caller, &headers, ControlOrder::Tick).await
}

/// Hands an order over and waits, within the bound, until it is durable.
pub(super) async fn ordered(app: &App, caller: Caller, headers: &HeaderMap, order: ControlOrder) -> Answered {
    let idempotency_key = idempotency_key(headers)?;
    let Caller { tenant, principal, .. } = caller;
    let limit = Duration::from_millis(app.settings.request_timeout_ms);
    let answer = app.controls.order(Control { tenant, principal, idempotency_key, order });
    let position = tokio::time::timeout(limit, answer).await.map_err(|_| {
        Refusal::busy(1, "durability-timeout", "not known to be durable; order it again with the same key")
    })??;
    let header = [(POSITION_HEADER, position.to_string())];
    Ok((StatusCode::CREATED, header, Json(ControlReceipt { position })).into_response())
}
