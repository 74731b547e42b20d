//! `GET /ledger/{tenant}/…`: the tree as C2SP `tlog-tiles` lays it out, for tools that others wrote.

use super::super::fresh::{read, with_known};
use super::super::model::Problem;
use super::super::problem::Refusal;
use super::{Answered, Known, Shared};
use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use ledger::tile::TilePath;

/// How long a checkpoint may be kept by a cache.
const CHECKPOINT_CACHE: &str = "max-age=5";

/// A tile never changes.
const TILE_CACHE: &str = "max-age=31536000, immutable";

/// The newest published checkpoint, as a signed note
#[utoipa::path(
    get, path = "/ledger/{tenant}/checkpoint", tag = "ledger", params(("tenant" = String, Path)),
    responses(
        (status = 200, body = String, description = "a C2SP tlog-checkpoint", content_type = "text/plain; charset=utf-8"),
        (status = 404, description = "nothing is published of that tree", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn checkpoint(State(app): Shared, Extension(caller): Known) -> Answered {
    let answer = read(&app, &caller, None, |reads, tenant| reads.checkpoint(tenant)).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, CHECKPOINT_CACHE)];
    Ok(with_known((headers, answer.body.note), &answer.known))
}

/// A tile of hashes, or a bundle of leaves
///
/// `<level>/<number>` or `entries/<number>`, with `.p/<width>` for a partial one.
#[utoipa::path(
    get, path = "/ledger/{tenant}/tile/{*place}", tag = "ledger",
    params(("tenant" = String, Path), ("place" = String, Path)),
    responses(
        (status = 200, body = Vec<u8>, description = "its bytes", content_type = "application/octet-stream"),
        (status = 404, description = "the published tree has no such tile", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn tile(
    State(app): Shared,
    Extension(caller): Known,
    Path((_, place)): Path<(String, String)>,
) -> Answered {
    let path = TilePath::parse(&format!("tile/{place}"))
        .map_err(|fault| Refusal::new(StatusCode::NOT_FOUND, "not-found", "Not found", fault.to_string()))?;
    let answer = read(&app, &caller, None, move |reads, tenant| reads.tile(tenant, &path)).await?;
    let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, TILE_CACHE)];
    Ok((headers, answer.body).into_response())
}

/// Openings and bodies of a bundle of leaves
///
/// `<number>`, with `.p/<width>` for a partial one: the form of an archive, before it is compressed.
#[utoipa::path(
    get, path = "/ledger/{tenant}/bodies/{*place}", tag = "ledger",
    params(("tenant" = String, Path), ("place" = String, Path)),
    responses(
        (status = 200, body = Vec<u8>, description = "its bytes", content_type = "application/octet-stream"),
        (status = 404, description = "the published tree has no such bundle", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn bodies(
    State(app): Shared,
    Extension(caller): Known,
    Path((_, place)): Path<(String, String)>,
) -> Answered {
    let path = TilePath::parse(&format!("tile/entries/{place}"))
        .map_err(|fault| Refusal::new(StatusCode::NOT_FOUND, "not-found", "Not found", fault.to_string()))?;
    let answer = read(&app, &caller, None, move |reads, tenant| reads.bodies(tenant, &path)).await?;
    // What is shown today may be erased tomorrow: no cache keeps it.
    let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, answer.body).into_response())
}
