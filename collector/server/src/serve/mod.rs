//! The whole server from its configuration: core, reads, HTTP edge. Owns start and stop: nothing is served before the log is
//! open and the ledger begun; a stop takes no new work, finishes what is at hand, ticks, publishes, and ends within its bound.

mod checker;
mod controls;
mod core;
mod error;
mod folder;
mod generation;
mod keeper;
mod key_watch;
mod keys;
mod membership;
mod owners;
mod parts;
mod peers;
mod restorer;
mod snapshots;
mod standby;
mod survey;
pub mod topics;

pub use self::core::{Core, Host};
pub use error::StartError;
pub use folder::{Folder, Purpose};
pub use keeper::{Kept, Newest};
pub use owners::Owners;
pub use parts::{key_places, keys_folder, open_log};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use self::controls::LogControls;
use self::keys::HeldKeys;
use self::snapshots::KeptSnapshots;
use crate::config::Config;
use crate::http::{Api, Parts, Server};
use crate::reads::StoreReads;

/// A server at work.
pub struct Serving {
    core: Arc<Core>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    http: JoinHandle<()>,
}

/// Starts a server; answers once it listens and every part runs. Partitions may still be catching up: `/readyz` says so.
///
/// # Errors
/// [`StartError`]; nothing is left running then.
pub async fn start(config: Config, host: Host) -> Result<Serving, StartError> {
    let core = blocking(move || Core::open(config, host)).await?;
    let reads = Arc::new(StoreReads::new(&core));
    let api = edge(&core, &reads)?;
    let server = Server::bind(api).await?;
    let address =
        server.address().map_err(|error| StartError::System { what: "the listener has no address", error })?;
    let working = Arc::clone(&core);
    let begun = blocking(move || {
        let (roles, url) = (working.config.roles, format!("http://{address}"));
        if working.config.kafka.is_configured() {
            working.follow_peers(&url)?;
        }
        match roles.recorder {
            true => {
                working.work(&url)?;
                working.keep_snapshots(true)?;
                working.ask_witnesses()?;
                working.check_ledgers()?;
            }
            false => working.own_none(),
        }
        if roles.intake {
            working.take_topics()?;
        }
        // A recorder answers what other processes pass on to it.
        if roles.api || roles.recorder { reads.follow() } else { Ok(()) }
    })
    .await;
    if let Err(error) = begun {
        let _ = blocking(move || Ok(core.shutdown(Duration::from_secs(2)))).await;
        return Err(error);
    }
    let (stop, stopped) = oneshot::channel();
    let drain_max = Duration::from_millis(core.config.shutdown_timeout_ms / 2);
    let http = tokio::spawn(server.run(async move { drop(stopped.await) }, drain_max));
    tracing::info!(%address, "the server is at work");
    Ok(Serving { core, address, stop, http })
}

impl Serving {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stands behind the edge.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Comes back, with the reason, once another process has taken this one's seat: then it is to stop.
    pub async fn displaced(&self) -> String {
        self.core.displaced().await
    }

    /// Stops within `shutdown_timeout_ms`: takes no new request, finishes those at hand, ticks, applies, publishes. Returns
    /// whether everything was done; what was not is done after the next start.
    pub async fn shutdown(self) -> bool {
        let Self { core, stop, http, .. } = self;
        let clock = Arc::clone(&core.host.clock);
        let until = clock.monotonic() + Duration::from_millis(core.config.shutdown_timeout_ms);
        drop(stop);
        let drained = http.await.is_ok();
        let left = until.saturating_sub(clock.monotonic());
        let done = tokio::task::spawn_blocking(move || core.shutdown(left)).await.unwrap_or(false);
        tracing::info!(done, "the server has stopped");
        done && drained
    }
}

/// The HTTP API over a core.
fn edge(core: &Arc<Core>, reads: &Arc<StoreReads>) -> Result<Api, StartError> {
    let mut boot = [0; 8];
    core.host.random.fill(&mut boot);
    Ok(Api::new(Parts {
        settings: core.config.http.clone(),
        answers: core.config.roles.api,
        tenant_default: core.config.intake.default_tenant.clone(),
        intake: Arc::new(core.direct("http")?),
        reads: Arc::clone(reads) as Arc<dyn crate::http::Reads>,
        controls: Arc::new(LogControls(Arc::clone(core))),
        keys: Arc::new(HeldKeys(Arc::clone(core))),
        snapshots: Arc::new(KeptSnapshots(Arc::clone(core))),
        metrics: Arc::clone(&core.metrics),
        metrics_served: core.config.telemetry.metrics,
        clock: Arc::clone(&core.host.clock),
        boot: hex::encode(boot),
    }))
}

/// Work that may wait for disk or broker, off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StartError> + Send + 'static,
) -> Result<T, StartError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(StartError::System { what: "starting failed", error: std::io::Error::other(error) }),
    }
}
