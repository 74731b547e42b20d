//! `GET /healthz` and `/readyz`: for whoever restarts and routes.

use super::super::app::App;
use super::super::model::{Example, Readiness, ReadinessReason};
use super::Shared;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// Alive
#[utoipa::path(
    get, path = "/healthz", tag = "operation",
    responses((status = 200, body = String, description = "the process answers", content_type = "text/plain"))
)]
pub(in super::super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Caught up enough to answer
///
/// 503 while draining, starting, lagging or halted, with the reason and the command to run.
#[utoipa::path(
    get, path = "/readyz", tag = "operation",
    responses(
        (status = 200, body = Readiness, description = "traffic may come"),
        (status = 503, body = Readiness, description = "not now", example = json!(Readiness::example())),
    )
)]
pub(in super::super) async fn readyz(State(app): Shared) -> Response {
    let readiness = readiness(&app).await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

async fn readiness(app: &Arc<App>) -> Readiness {
    let reason = |reason: &str| ReadinessReason { part: "server".to_owned(), reason: reason.to_owned(), remedy: None };
    if *app.draining.borrow() {
        return Readiness { ready: false, reasons: vec![reason("it is shutting down")] };
    }
    let reads = app.reads.clone();
    let asked = tokio::task::spawn_blocking(move || reads.readiness()).await;
    asked.unwrap_or_else(|_| Readiness { ready: false, reasons: vec![reason("its state could not be read")] })
}
