//! `GET /v1/keys`, and the steps of an order about a key: the next key, its signatures, the order itself, what became of it.

use super::super::controls::{Control, ControlOrder};
use super::super::extract::{Order, Segment};
use super::super::fresh::{POSITION_HEADER, show};
use super::super::keys::NoKey;
use super::super::model::{
    ControlReceipt, Example, KeyOrderNote, KeyOrderOutcome, NextKey, NextKeyOrder, Problem, TreeKeys,
};
use super::super::problem::Refusal;
use super::{Answered, Known, Shared};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use ledger::key::KeyOrder;
use ledger::leaf::Hex;
use ledger::note::Note;
use std::time::Duration;

/// The keys that sign a tenant's ledger
///
/// For the tenant `p-<n>` those of every ledger of partition n.
#[utoipa::path(
    get, path = "/v1/keys", tag = "ledger",
    responses(
        (status = 200, body = Vec<TreeKeys>, description = "each tree with its keys", example = json!([TreeKeys::example()])),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "nothing of that name", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(State(app): Shared, Extension(caller): Known) -> Answered {
    show(&app, &caller, None, |reads, tenant| reads.keys(tenant)).await
}

/// The key that a ledger would be rotated to, as this process holds it; with `make` a new one
///
/// It signs nothing before an order enrols it. Other processes need its file, too.
#[utoipa::path(
    post, path = "/v1/keys/next", tag = "ledger",
    request_body(content = NextKeyOrder, content_type = "application/json", example = json!(NextKeyOrder::example())),
    responses(
        (status = 200, body = NextKey, description = "the newest key", example = json!(NextKey::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn next(
    State(app): Shared,
    Extension(caller): Known,
    Order(NextKeyOrder { make, own }): Order<NextKeyOrder>,
) -> Answered {
    Ok(Json(app.keys.next(caller.tenant, make, own).await?).into_response())
}

/// Sign an order about a key with those of its keys that this process holds
///
/// The replaced key signs a rotation, the new one every order that takes it up. Nothing is written.
#[utoipa::path(
    post, path = "/v1/keys/sign", tag = "ledger",
    request_body(content = KeyOrderNote, content_type = "application/json", example = json!(KeyOrderNote::example())),
    responses(
        (status = 200, body = KeyOrderNote, description = "the note with more signatures", example = json!(KeyOrderNote::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn sign(
    State(app): Shared,
    Extension(caller): Known,
    Order(KeyOrderNote { note }): Order<KeyOrderNote>,
) -> Answered {
    let note = app.keys.sign(caller.tenant, note).await?;
    Ok(Json(KeyOrderNote { note }).into_response())
}

/// Order something about a key
///
/// The note's signatures are the authority; the recorder judges them, and the leaf says what came of it.
#[utoipa::path(
    post, path = "/v1/keys/operations", tag = "ledger",
    request_body(content = KeyOrderNote, content_type = "application/json", example = json!(KeyOrderNote::example())),
    responses(
        (status = 201, body = ControlReceipt, description = "durable in the log", example = json!(ControlReceipt::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn operate(
    State(app): Shared,
    Extension(caller): Known,
    Order(KeyOrderNote { note }): Order<KeyOrderNote>,
) -> Answered {
    // One that nobody has signed is not written: it would be refused, and its signed form would then be its repeat.
    let unsigned = |_| Refusal::bad_parameter("note", "it is no order about a key that somebody has signed");
    let read = Note::from_bytes(note.as_bytes()).map_err(unsigned)?;
    let order = KeyOrder::from_note(&read).map_err(|fault| Refusal::bad_parameter("note", fault.to_string()))?;
    if order.origin.tenant().as_str() != caller.tenant {
        let reason = format!("it is about {}, and the caller speaks for {}", order.origin, caller.tenant);
        return Err(Refusal::bad_parameter("note", reason));
    }
    // Made once per command, and signed with the rest: whoever sends it again sends the same order.
    let control = Control {
        tenant: caller.tenant,
        principal: caller.principal,
        idempotency_key: order.order.to_string(),
        order: ControlOrder::Key { order: order.order.0, note: note.into_bytes() },
    };
    let limit = Duration::from_millis(app.settings.request_timeout_ms);
    let position = tokio::time::timeout(limit, app.controls.order(control))
        .await
        .map_err(|_| Refusal::busy(1, "durability-timeout", "not known to be durable; send the same note again"))??;
    let header = [(POSITION_HEADER, position.to_string())];
    Ok((StatusCode::CREATED, header, Json(ControlReceipt { position })).into_response())
}

/// What became of an order about a key
#[utoipa::path(
    get, path = "/v1/keys/operations/{order}", tag = "ledger", params(("order" = String, Path, description = "32 hex digits, as the note has them")),
    responses(
        (status = 200, body = KeyOrderOutcome, description = "it was carried out, or refused", example = json!(KeyOrderOutcome::example())),
        (status = 400, description = "what was sent can't be read or used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "the log has not told of it", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "not now; see Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn outcome(
    State(app): Shared,
    Extension(caller): Known,
    Segment(order): Segment,
) -> Answered {
    let order = Hex::<16>::parse(&order).map_err(|fault| Refusal::bad_parameter("order", fault.to_string()))?;
    show(&app, &caller, None, move |reads, tenant| reads.key_order(tenant, &order.0)).await
}

impl From<NoKey> for Refusal {
    fn from(no: NoKey) -> Self {
        match no {
            NoKey::Malformed { reason } => Self::bad_parameter("note", reason),
            NoKey::Unavailable { reason } => Self::busy(5, "unavailable", reason),
        }
    }
}
