//! Bounds on what is held at once: requests, and bytes of bodies.

use super::app::App;
use super::problem::Refusal;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::metrics::gauge::Gauge;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes are counted in units, for a semaphore counts in `u32`.
pub(super) const UNIT_BYTES: usize = 1_024;

/// Routes that must answer whatever the load.
const ALWAYS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// The layer: one place per request, none to wait in.
pub(super) async fn admit(
    State(app): State<Arc<App>>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    if path.is_some_and(|path| ALWAYS.contains(&path.as_str())) {
        return Ok(next.run(request).await);
    }
    let Ok(_place) = app.in_flight.clone().try_acquire_owned() else {
        return Err(Refusal::busy(1, "too-many-requests-in-flight", "the server is at work on all it can; try again"));
    };
    let _counted = Counted::up(&app.metrics.http.in_flight, 1);
    Ok(next.run(request).await)
}

/// A gauge that falls again when this is dropped, also when a client goes away half-way.
pub(super) struct Counted {
    gauge: Gauge,
    by: i64,
}

impl Counted {
    pub fn up(gauge: &Gauge, by: i64) -> Self {
        gauge.inc_by(by);
        Self { gauge: gauge.clone(), by }
    }

    fn more(&mut self, by: i64) {
        self.gauge.inc_by(by);
        self.by = self.by.saturating_add(by);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.gauge.dec_by(self.by);
    }
}

/// Room for a body, growing with it; given back when dropped.
pub(super) struct Room {
    budget: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    bytes: usize,
    counted: Counted,
}

impl Room {
    pub fn new(app: &App) -> Self {
        let counted = Counted::up(&app.metrics.http.in_flight_bytes, 0);
        Self { budget: app.body_budget.clone(), held: None, bytes: 0, counted }
    }

    /// Makes room for `bytes` more, or says that there is none now.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let wanted = self.bytes.saturating_add(bytes);
        let units = wanted.div_ceil(UNIT_BYTES) - self.bytes.div_ceil(UNIT_BYTES);
        let full =
            || Refusal::busy(1, "too-many-bytes-in-flight", "bodies fill the memory set apart for them; try again");
        let units = u32::try_from(units).map_err(|_| full())?;
        if units > 0 {
            let more = self.budget.clone().try_acquire_many_owned(units).map_err(|_| full())?;
            match &mut self.held {
                Some(held) => held.merge(more),
                None => self.held = Some(more),
            }
        }
        self.bytes = wanted;
        self.counted.more(i64::try_from(bytes).unwrap_or(i64::MAX));
        Ok(())
    }
}
