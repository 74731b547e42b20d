//! Jobs, datasets, and finding either by name.

use super::super::extract::Query;
use super::super::fresh::{Growth, list, show};
use super::super::model::query::{NodeQuery, NodesQuery, SearchQuery};
use super::super::model::{Dataset, DatasetSummary, Example, Job, JobSummary, Page, Problem, SearchHit};
use super::{Answered, Known, Shared};
use axum::extract::{Extension, State};

/// Jobs by name
#[utoipa::path(
    get, path = "/v1/jobs", tag = "lineage", params(NodesQuery),
    responses(
        (status = 200, body = Page<JobSummary>, description = "a page", example = json!(Page::<JobSummary>::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn jobs(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<NodesQuery>,
) -> Answered {
    let asked = query.clone();
    list(&app, &caller, "/v1/jobs", &query, Growth::Ends, move |reads, tenant, span| reads.jobs(tenant, &asked, span))
        .await
}

/// One job
#[utoipa::path(
    get, path = "/v1/job", tag = "lineage", params(NodeQuery),
    responses(
        (status = 200, body = Job, description = "found", example = json!(Job::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "the name has several readings", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn job(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<NodeQuery>,
) -> Answered {
    show(&app, &caller, query.at_least.clone().as_deref(), move |reads, tenant| reads.job(tenant, &query.node)).await
}

/// Datasets by name
#[utoipa::path(
    get, path = "/v1/datasets", tag = "lineage", params(NodesQuery),
    responses(
        (status = 200, body = Page<DatasetSummary>, description = "a page", example = json!(Page::<DatasetSummary>::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn datasets(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<NodesQuery>,
) -> Answered {
    let asked = query.clone();
    list(&app, &caller, "/v1/datasets", &query, Growth::Ends, move |reads, tenant, span| {
        reads.datasets(tenant, &asked, span)
    })
    .await
}

/// One dataset
#[utoipa::path(
    get, path = "/v1/dataset", tag = "lineage", params(NodeQuery),
    responses(
        (status = 200, body = Dataset, description = "found", example = json!(Dataset::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "the name has several readings", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn dataset(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<NodeQuery>,
) -> Answered {
    show(&app, &caller, query.at_least.clone().as_deref(), move |reads, tenant| reads.dataset(tenant, &query.node))
        .await
}

/// Names that begin so
#[utoipa::path(
    get, path = "/v1/search", tag = "lineage", params(SearchQuery),
    responses(
        (status = 200, body = Page<SearchHit>, description = "a page", example = json!(Page::<SearchHit>::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn search(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<SearchQuery>,
) -> Answered {
    let asked = query.clone();
    list(&app, &caller, "/v1/search", &query, Growth::Ends, move |reads, tenant, span| {
        reads.search(tenant, &asked, span)
    })
    .await
}
