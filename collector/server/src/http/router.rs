//! Every route, once, with its description; and the layers around all of them.

use super::app::{Api, App};
use super::problem::Refusal;
use super::routes::{
    alerts, batch, checkpoint, events, health, keys, lineage, nodes, partitions, proofs, rejected, runs, snapshots,
    status, submit, ticks, tiles,
};
use super::{admit, forward, guard, observe, openapi};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::from_fn_with_state;
use std::any::Any;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and their description, which can't differ: each handler carries its own.
pub(super) fn described() -> (Router<Arc<App>>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(openapi::Described::openapi())
        .routes(routes!(submit::submit))
        .routes(routes!(batch::batch))
        .routes(routes!(lineage::upstream))
        .routes(routes!(lineage::downstream))
        .routes(routes!(runs::runs))
        .routes(routes!(runs::run))
        .routes(routes!(nodes::jobs))
        .routes(routes!(nodes::job))
        .routes(routes!(nodes::datasets))
        .routes(routes!(nodes::dataset))
        .routes(routes!(nodes::search))
        .routes(routes!(events::events))
        .routes(routes!(events::event))
        .routes(routes!(events::body))
        .routes(routes!(alerts::alerts))
        .routes(routes!(alerts::alert))
        .routes(routes!(alerts::test))
        .routes(routes!(ticks::tick))
        .routes(routes!(rejected::rejected))
        .routes(routes!(rejected::rejection))
        .routes(routes!(rejected::payload))
        .routes(routes!(checkpoint::checkpoint))
        .routes(routes!(proofs::proof))
        .routes(routes!(proofs::consistency))
        .routes(routes!(tiles::checkpoint))
        .routes(routes!(tiles::tile))
        .routes(routes!(tiles::bodies))
        .routes(routes!(keys::list))
        .routes(routes!(keys::next))
        .routes(routes!(keys::sign))
        .routes(routes!(keys::operate))
        .routes(routes!(keys::outcome))
        .routes(routes!(snapshots::create, snapshots::list))
        .routes(routes!(status::status))
        .routes(routes!(partitions::partitions))
        .routes(routes!(partitions::take_over))
        .routes(routes!(status::metrics))
        .routes(routes!(status::openapi))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .split_for_parts()
}

impl Api {
    /// Answers one request without a listener: status and body. For commands that work on a folder in their own process.
    pub async fn answer(&self, request: Request) -> (u16, Vec<u8>) {
        let Ok(response) = tower::ServiceExt::oneshot(self.router(), request).await;
        let status = response.status().as_u16();
        // Our own answers are whole and in memory already: there is nothing that could fail or have no end.
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
        (status, body.into())
    }

    /// The whole edge as one service. The last layer named is the outermost.
    pub(super) fn router(&self) -> Router {
        let app = self.0.clone();
        let catching = app.clone();
        let catch = CatchPanicLayer::custom(move |panic: Box<dyn Any + Send>| observe::panicked(&catching, &*panic));
        described()
            .0
            .fallback(async || Refusal::no_route())
            .method_not_allowed_fallback(async || Refusal::method_not_allowed())
            .layer(from_fn_with_state(app.clone(), forward::forward))
            .layer(from_fn_with_state(app.clone(), guard::guard))
            .layer(from_fn_with_state(app.clone(), admit::admit))
            .layer(catch)
            .layer(from_fn_with_state(app.clone(), observe::observe))
            // Bodies are bounded where they are received, by what the configuration says.
            .layer(DefaultBodyLimit::disable())
            .with_state(app)
    }
}
