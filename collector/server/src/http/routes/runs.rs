//! `GET /v1/runs` and one run.

use super::super::extract::{Query, Segment};
use super::super::fresh::{Growth, list, show};
use super::super::model::query::{RunsQuery, ShowQuery};
use super::super::model::{Example, Page, Problem, Run, RunSummary};
use super::{Answered, Known, Shared};
use axum::extract::{Extension, State};

/// Runs, newest first
#[utoipa::path(
    get, path = "/v1/runs", tag = "lineage", params(RunsQuery),
    responses(
        (status = 200, body = Page<RunSummary>, description = "a page", example = json!(Page::<RunSummary>::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn runs(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<RunsQuery>,
) -> Answered {
    let asked = query.clone();
    list(&app, &caller, "/v1/runs", &query, Growth::Ends, move |reads, tenant, span| reads.runs(tenant, &asked, span))
        .await
}

/// One run
#[utoipa::path(
    get, path = "/v1/runs/{run_id}", tag = "lineage", params(("run_id" = String, Path), ShowQuery),
    responses(
        (status = 200, body = Run, description = "found", example = json!(Run::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn run(
    State(app): Shared,
    Extension(caller): Known,
    Segment(run_id): Segment,
    Query(query): Query<ShowQuery>,
) -> Answered {
    show(&app, &caller, query.at_least.clone().as_deref(), move |reads, tenant| reads.run(tenant, &run_id)).await
}
