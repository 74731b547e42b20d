//! `GET /v1/lineage/upstream` and `/downstream`.

use super::super::extract::Query;
use super::super::fresh::show;
use super::super::guard::Caller;
use super::super::model::query::LineageQuery;
use super::super::model::{Direction, Example, Lineage, Problem};
use super::super::{app::App, problem::Refusal};
use super::{Answered, Known, Shared};
use axum::extract::{Extension, State};

/// What fed a node
#[utoipa::path(
    get, path = "/v1/lineage/upstream", tag = "lineage", params(LineageQuery),
    responses(
        (status = 200, body = Lineage, description = "the part of the graph, and whether it is all",
            example = json!(Lineage::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "the name has several readings", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn upstream(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<LineageQuery>,
) -> Answered {
    walk(&app, &caller, Direction::Upstream, query).await
}

/// What a node feeds
#[utoipa::path(
    get, path = "/v1/lineage/downstream", tag = "lineage", params(LineageQuery),
    responses(
        (status = 200, body = Lineage, description = "the part of the graph, and whether it is all",
            example = json!(Lineage::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "the name has several readings", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn downstream(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<LineageQuery>,
) -> Answered {
    walk(&app, &caller, Direction::Downstream, query).await
}

async fn walk(app: &App, caller: &Caller, direction: Direction, query: LineageQuery) -> Answered {
    within("depth", query.depth(), LineageQuery::DEPTH_MAX)?;
    within("nodes_max", query.nodes_max(), LineageQuery::NODES_MAX)?;
    let at_least = query.at_least.clone();
    show(app, caller, at_least.as_deref(), move |reads, tenant| reads.lineage(tenant, direction, &query)).await
}

fn within(parameter: &str, value: u32, max: u32) -> Result<(), Refusal> {
    match (1..=max).contains(&value) {
        true => Ok(()),
        false => Err(Refusal::bad_parameter(parameter, format!("it lies between 1 and {max}"))),
    }
}
