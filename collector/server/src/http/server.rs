//! The listener: accepts within a bound, gives slow clients a bound, drains within a bound.

use super::app::Api;
use axum::Router;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::net::SocketAddr;
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

/// A listener that is bound and has not answered yet.
pub struct Server {
    listener: TcpListener,
    api: Api,
}

/// The server could not start.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// Others could reach it, and nobody is asked for a token.
    #[error("{0} can be reached by others and no token is configured; listen on 127.0.0.1, or add one to http.tokens")]
    Open(SocketAddr),
    /// The address can't be had.
    #[error("can't listen on {0}: {1}; stop whoever holds it, or set http.listen")]
    Listen(SocketAddr, std::io::Error),
}

impl Server {
    /// Binds `http.listen`. The loopback rule is judged by the address that was bound, whatever configuration said.
    pub async fn bind(api: Api) -> Result<Self, Failed> {
        let wanted = api.0.settings.listen;
        if api.0.credentials.is_open() && !wanted.ip().is_loopback() {
            return Err(Failed::Open(wanted));
        }
        let listener = TcpListener::bind(wanted).await.map_err(|error| Failed::Listen(wanted, error))?;
        let bound = listener.local_addr().map_err(|error| Failed::Listen(wanted, error))?;
        match api.0.credentials.is_open() && !bound.ip().is_loopback() {
            true => Err(Failed::Open(bound)),
            false => Ok(Self { listener, api }),
        }
    }

    /// Where it listens; the port is known even where 0 was asked for.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is done, then drains for at most `drain_max`: no new connection, waits for news are
    /// answered at once, requests at work are finished.
    pub async fn run(self, stop: impl Future<Output = ()> + Send, drain_max: Duration) {
        let Self { listener, api } = self;
        let router = api.router();
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(api.0.settings.connections_max));
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = next(&listener, &places) => accepted,
                () = &mut stop => break,
            };
            let (stream, place) = accepted;
            serve(&api, &router, &graceful, stream, place);
        }
        drop(listener);
        api.0.draining.send_replace(true);
        if tokio::time::timeout(drain_max, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still at work when the drain ended");
        }
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
fn serve(api: &Api, router: &Router, graceful: &GracefulShutdown, stream: TcpStream, place: OwnedSemaphorePermit) {
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
        .header_read_timeout(Duration::from_millis(api.0.settings.request_timeout_ms))
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let watched = graceful.watch(connection);
    let counted = super::admit::Counted::up(&api.0.metrics.http.connections, 1);
    tokio::spawn(async move {
        let _held = (place, counted);
        if let Err(error) = watched.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}
