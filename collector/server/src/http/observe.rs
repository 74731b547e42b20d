//! The outermost layer: a name for each request, a span that follows the caller's trace, figures, and a line at
//! debug level. Never logs a body, a query or a credential.

use super::app::App;
use super::model::Problem;
use super::problem::Refusal;
use crate::metrics::RouteLabel;
use crate::telemetry::{TraceParent, follow};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::any::Any;
use std::sync::Arc;
use tracing::{Instrument as _, debug, info_span};

/// Names a request, in both directions.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest name taken over from a caller.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// The layer.
pub(super) async fn observe(
    State(app): State<Arc<App>>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let began = app.clock.monotonic();
    let request_id = caller_id(request.headers()).unwrap_or_else(|| app.request_id());
    let route = path.as_ref().map_or("other", |path| path.as_str()).to_owned();
    let method = known_method(request.method());
    let span = info_span!("request", otel.kind = "server", otel.name = format!("{method} {route}"), request_id);
    follow(&span, trace_parent(request.headers()));

    let response = next.run(request).instrument(span.clone()).await;

    let mut response = named(response, &request_id);
    let (status, taken) = (response.status().as_u16(), app.clock.monotonic().saturating_sub(began));
    let http = &app.metrics.http;
    http.request_seconds.observe(taken.as_secs_f64());
    span.in_scope(|| debug!(method, route, status, taken_us = taken.as_micros(), "request answered"));
    http.requests.get_or_create(&RouteLabel { route, method, status }).inc();
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The trace a caller is in; of several headers none.
pub(super) fn trace_parent(headers: &HeaderMap) -> Option<TraceParent> {
    let mut values = headers.get_all(crate::telemetry::TRACEPARENT).iter();
    let first = values.next()?;
    values.next().is_none().then(|| first.to_str().ok()?.parse().ok()).flatten()
}

/// Puts the request's name into a problem, whose body is written only here.
fn named(response: Response, request_id: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    let Some(problem) = parts.extensions.get::<Arc<Problem>>() else { return Response::from_parts(parts, body) };
    let instance = Some(format!("urn:ledgerline:request:{request_id}"));
    let problem = Problem { instance, ..Problem::clone(problem) };
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    Response::from_parts(parts, serde_json::to_vec(&problem).unwrap_or_default().into())
}

fn caller_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?;
    let sound = (1..=REQUEST_ID_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    sound.then(|| text.to_owned())
}

fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

/// What a panic becomes. The server goes on; the panic's text stays in the log.
pub(super) fn panicked(app: &App, panic: &(dyn Any + Send)) -> Response {
    let text = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("unknown"), "a handler panicked");
    app.metrics.http.panics.inc();
    Refusal::internal().into_response()
}
