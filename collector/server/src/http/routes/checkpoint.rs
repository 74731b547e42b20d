//! `GET /v1/checkpoint`: the newest published checkpoint.

use super::super::extract::Query;
use super::super::fresh::show;
use super::super::model::query::ShowQuery;
use super::super::model::{Checkpoint, Example, Problem};
use super::{Answered, Known, Shared};
use axum::extract::{Extension, State};

/// The newest published checkpoint
#[utoipa::path(
    get, path = "/v1/checkpoint", tag = "ledger", params(ShowQuery),
    responses(
        (status = 200, body = Checkpoint, description = "found", example = json!(Checkpoint::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn checkpoint(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<ShowQuery>,
) -> Answered {
    show(&app, &caller, query.at_least.clone().as_deref(), move |reads, tenant| reads.checkpoint(tenant)).await
}
