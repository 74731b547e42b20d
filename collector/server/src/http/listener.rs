//! Accepting connections within a bound and draining them within another: what every listener of this program has in common.
//! Never looks into a request.

use axum::Router;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 64 * 1_024;

/// Headers of a request.
const HEADERS_MAX: usize = 128;

/// Pause after the process ran out of file descriptors, so that the listener does not spin.
const ACCEPT_PAUSE_MS: u64 = 50;

/// How much a listener takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Open connections; more wait in the system's backlog.
    pub connections_max: usize,
    /// How long a request's head may take, ms.
    pub head_timeout_ms: u64,
    /// How long requests at work may take after the stop.
    pub drain_max: Duration,
}

/// Serves until `stop` is done, then calls `draining`, takes no new connection, and finishes the requests at work. What
/// `opened` gives is held as long as its connection.
pub(crate) async fn listen<H: Send + 'static>(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    opened: impl Fn() -> H,
    stop: impl Future<Output = ()> + Send,
    draining: impl FnOnce(),
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(bounds.connections_max));
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, place) = tokio::select! {
            accepted = next(&listener, &places) => accepted,
            () = &mut stop => break,
        };
        serve(&router, bounds, &graceful, stream, (place, opened()));
    }
    drop(listener);
    draining();
    if tokio::time::timeout(bounds.drain_max, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still at work when the drain ended");
    }
}

/// The next connection, once there is a place for it. Connections beyond the bound wait in the system's backlog.
async fn next(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
            }
        }
    }
}

/// Serves one connection on a task of its own.
fn serve(router: &Router, bounds: Bounds, graceful: &GracefulShutdown, stream: TcpStream, held: impl Send + 'static) {
    // Answers are small and whole: waiting to fill a packet would only add to the way.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(tower::service_fn({
        let router = router.clone();
        move |request: hyper::Request<Incoming>| {
            let router = router.clone();
            async move { tower::ServiceExt::oneshot(router, request.map(axum::body::Body::new)).await }
        }
    }));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(bounds.head_timeout_ms))
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        let _held = held;
        if let Err(error) = watched.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}
