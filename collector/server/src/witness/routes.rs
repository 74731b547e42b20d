//! The witness over HTTP: `POST /add-checkpoint`, with the answers that C2SP names. Owns the bounds of a request.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http_body_util::{BodyExt as _, Limited};
use ledger::witness::Refusal;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{Refused, Witness};
use crate::http::listener::{Bounds, listen};

/// Bytes of a request: a checkpoint with dozens of signatures, post-quantum ones among them, and a proof.
pub const BODY_BYTES_MAX: usize = 256 * 1_024;

/// To receive a request's head, and again its body.
const RECEIVE_MAX: Duration = Duration::from_secs(10);
/// Requests at work at once; more are answered 503.
const IN_FLIGHT_MAX: usize = 64;
const CONNECTIONS_MAX: usize = 256;
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// What the handler shares.
#[derive(Clone)]
struct Shared {
    witness: Arc<Witness>,
    places: Arc<Semaphore>,
}

/// Serves the witness on a bound listener until `stop` is done.
pub async fn serve(witness: Arc<Witness>, listener: TcpListener, stop: impl Future<Output = ()> + Send) {
    let head_timeout_ms = u64::try_from(RECEIVE_MAX.as_millis()).unwrap_or(u64::MAX);
    let bounds = Bounds { connections_max: CONNECTIONS_MAX, head_timeout_ms, drain_max: DRAIN_MAX };
    listen(listener, router(witness), bounds, || (), stop, || ()).await;
}

fn router(witness: Arc<Witness>) -> Router {
    let shared = Shared { witness, places: Arc::new(Semaphore::new(IN_FLIGHT_MAX)) };
    Router::new().route("/add-checkpoint", post(add_checkpoint)).layer(DefaultBodyLimit::disable()).with_state(shared)
}

async fn add_checkpoint(State(shared): State<Shared>, body: Body) -> Response {
    let Ok(_place) = shared.places.try_acquire() else {
        return ([(header::RETRY_AFTER, "1")], said(StatusCode::SERVICE_UNAVAILABLE, "too much at once"))
            .into_response();
    };
    let received = tokio::time::timeout(RECEIVE_MAX, Limited::new(body, BODY_BYTES_MAX).collect()).await;
    let body = match received {
        Err(_) => return said(StatusCode::REQUEST_TIMEOUT, "the request did not come in time"),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return said(StatusCode::PAYLOAD_TOO_LARGE, &format!("a request has at most {BODY_BYTES_MAX} bytes"));
        }
        Ok(Err(_)) => return said(StatusCode::BAD_REQUEST, "the request did not come whole"),
        Ok(Ok(collected)) => collected.to_bytes(),
    };
    // Reads and syncs a file: not for a thread that others wait for.
    let witness = Arc::clone(&shared.witness);
    match tokio::task::spawn_blocking(move || witness.add_checkpoint(&body)).await {
        Ok(Ok(lines)) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], lines).into_response(),
        Ok(Err(refused)) => answered(&refused),
        Err(error) => {
            tracing::error!(%error, "a request ended in a panic");
            said(StatusCode::INTERNAL_SERVER_ERROR, "the witness failed; its log says how")
        }
    }
}

/// The answer to what was not cosigned.
fn answered(refused: &Refused) -> Response {
    let status = match refused {
        Refused::Judged(Refusal::Behind(size) | Refusal::Forked(size)) => {
            let headers = [(header::CONTENT_TYPE, "text/x.tlog.size")];
            return (StatusCode::CONFLICT, headers, format!("{size}\n")).into_response();
        }
        Refused::Malformed(_) | Refused::Judged(Refusal::Reversed) => StatusCode::BAD_REQUEST,
        Refused::Unknown(_) => StatusCode::NOT_FOUND,
        Refused::Unsigned(_) => StatusCode::FORBIDDEN,
        Refused::Judged(Refusal::Inconsistent) => StatusCode::UNPROCESSABLE_ENTITY,
        Refused::Memory(error) => {
            tracing::error!(%error, "a checkpoint could not be judged");
            StatusCode::INTERNAL_SERVER_ERROR
        }
        Refused::Sign(error) => {
            tracing::error!(%error, "a checkpoint could not be cosigned");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    said(status, &refused.to_string())
}

/// A status with its reason in a line of text.
fn said(status: StatusCode, why: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{why}\n")).into_response()
}
