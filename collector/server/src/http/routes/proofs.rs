//! `GET /v1/proof` and `GET /v1/consistency`: what is checked elsewhere, without us.

use super::super::extract::Query;
use super::super::fresh::show;
use super::super::model::query::{ConsistencyQuery, ProofQuery};
use super::super::model::{Consistency, Example, Problem};
use super::{Answered, Known, Shared};
use axum::extract::{Extension, State};

/// Leaves with what proves them: a proof file
#[utoipa::path(
    get, path = "/v1/proof", tag = "ledger", params(ProofQuery),
    responses(
        (status = 200, body = Object, description = "a proof file of the form `ledgerline-proof-1`", example = json!({"format": "ledgerline-proof-1"})),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now, or no published checkpoint covers it yet; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn proof(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<ProofQuery>,
) -> Answered {
    let may = caller.may_read_bodies;
    show(&app, &caller, query.at_least.clone().as_deref(), move |reads, tenant| reads.proof(tenant, &query, may)).await
}

/// That the published tree of one size is the beginning of that of another
#[utoipa::path(
    get, path = "/v1/consistency", tag = "ledger", params(ConsistencyQuery),
    responses(
        (status = 200, body = Consistency, description = "found", example = json!(Consistency::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn consistency(
    State(app): Shared,
    Extension(caller): Known,
    Query(query): Query<ConsistencyQuery>,
) -> Answered {
    show(&app, &caller, query.at_least.clone().as_deref(), move |reads, tenant| reads.consistency(tenant, &query)).await
}
