//! What every handler shares.

use super::controls::Controls;
use super::forward::Forwarder;
use super::intake::Intake;
use super::keys::Keys;
use super::reads::Reads;
use super::snapshots::Snapshots;
use crate::auth::Credentials;
use crate::clock::Clock;
use crate::config;
use crate::metrics::Metrics;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Semaphore, watch};

/// What the edge is made from; the caller owns clock and randomness.
pub struct Parts {
    /// `http.*`
    pub settings: config::Http,
    /// Whether questions and events are answered here; probes and metrics always are.
    pub answers: bool,
    /// Who is whoever names no tenant.
    pub tenant_default: String,
    /// Takes events.
    pub intake: Arc<dyn Intake>,
    /// Answers questions.
    pub reads: Arc<dyn Reads>,
    /// Takes orders.
    pub controls: Arc<dyn Controls>,
    /// Uses the keys that sign.
    pub keys: Arc<dyn Keys>,
    /// Makes and lists snapshots.
    pub snapshots: Arc<dyn Snapshots>,
    /// Where to count.
    pub metrics: Arc<Metrics>,
    /// Whether `/metrics` is served.
    pub metrics_served: bool,
    /// For the end of tokens and the length of requests.
    pub clock: Arc<dyn Clock>,
    /// Begins every request id; drawn anew at each start.
    pub boot: String,
}

/// The edge, ready to be served.
#[derive(Clone)]
pub struct Api(pub(super) Arc<App>);

/// The state behind [`Api`].
pub(super) struct App {
    pub settings: config::Http,
    pub answers: bool,
    pub credentials: Credentials,
    pub intake: Arc<dyn Intake>,
    pub reads: Arc<dyn Reads>,
    pub controls: Arc<dyn Controls>,
    pub keys: Arc<dyn Keys>,
    pub snapshots: Arc<dyn Snapshots>,
    pub metrics: Arc<Metrics>,
    pub metrics_served: bool,
    pub clock: Arc<dyn Clock>,
    pub openapi: String,
    /// Asks the processes that have other partitions.
    pub forwarder: Forwarder,
    /// Requests at work.
    pub in_flight: Arc<Semaphore>,
    /// KiB of bodies held.
    pub body_budget: Arc<Semaphore>,
    /// Reads of the store at once.
    pub read_places: Arc<Semaphore>,
    /// Requests that wait for news; beyond it a request is answered at once, with what there is.
    pub wait_places: Arc<Semaphore>,
    /// Turns true when the server drains: whoever waits for news is answered.
    pub draining: watch::Sender<bool>,
    boot: String,
    requests: AtomicU64,
}

impl Api {
    /// Puts the edge together.
    pub fn new(parts: Parts) -> Self {
        let Parts { settings, answers, tenant_default, intake, reads, controls, keys, .. } = parts;
        let Parts { snapshots, metrics, metrics_served, clock, boot, .. } = parts;
        Self(Arc::new(App {
            credentials: Credentials::new(settings.tokens.clone(), &tenant_default),
            forwarder: Forwarder::default(),
            openapi: super::document().to_json().unwrap_or_default(),
            in_flight: Arc::new(Semaphore::new(settings.in_flight_max)),
            body_budget: Arc::new(Semaphore::new(settings.in_flight_bytes_max.div_ceil(super::admit::UNIT_BYTES))),
            read_places: Arc::new(Semaphore::new(settings.reads_max)),
            wait_places: Arc::new(Semaphore::new(settings.in_flight_max.div_ceil(2))),
            draining: watch::channel(false).0,
            requests: AtomicU64::new(0),
            settings,
            answers,
            intake,
            reads,
            controls,
            keys,
            snapshots,
            metrics,
            metrics_served,
            clock,
            boot,
        }))
    }
}

impl App {
    /// Unique within and across starts.
    pub fn request_id(&self) -> String {
        format!("{}-{}", self.boot, self.requests.fetch_add(1, Ordering::Relaxed))
    }
}
