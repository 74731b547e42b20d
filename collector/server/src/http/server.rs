//! The edge's listener: bound to loopback unless tokens are asked for, bounded by `http.*`.

use super::admit::Counted;
use super::app::Api;
use super::listener::{Bounds, listen};
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

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
        let settings = &api.0.settings;
        let bounds = Bounds {
            connections_max: settings.connections_max,
            head_timeout_ms: settings.request_timeout_ms,
            drain_max,
        };
        let counted = || Counted::up(&api.0.metrics.http.connections, 1);
        let draining = || {
            api.0.draining.send_replace(true);
        };
        listen(listener, api.router(), bounds, counted, stop, draining).await;
    }
}
