//! Who may pass. Denies whatever has no row in [`crate::auth::ROUTES`].

use super::app::App;
use super::forward::FORWARDED;
use super::problem::Refusal;
use crate::auth::{Denied, Identity, Need, Permission, ROUTES, need_of};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

/// Names the tenant, for a caller that may.
pub(super) const TENANT_HEADER: &str = "ledgerline-tenant";

/// Served whatever the roles of the process.
const METRICS: &str = "/metrics";

/// The caller of a request that passed.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub principal: String,
    pub tenant: String,
    /// Whether the role includes bodies, for answers that hold them among other things.
    pub may_read_bodies: bool,
}

/// Routes whose path names the tenant.
const OF_A_TREE: &str = "/ledger/{tenant}/";

/// The layer: identify, compare with the route's need, fix the tenant.
pub(super) async fn guard(
    State(app): State<Arc<App>>,
    path: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let Some(path) = path else { return Ok(next.run(request).await) };
    let need = match need_of(request.method().as_str(), path.as_str()) {
        Some(need) => need,
        // The path is known and the method is not: the router answers 405, and no handler runs.
        None if ROUTES.iter().any(|(_, known, _)| *known == path.as_str()) => return Ok(next.run(request).await),
        None => return Err(Refusal::forbidden("this route has no rule of access, so nobody may use it")),
    };
    if need == Need::Public {
        return Ok(next.run(request).await);
    }
    // Without the role it still answers for its own partitions what a process that has it passes on.
    let passed_on = request.headers().contains_key(FORWARDED);
    if !app.answers && !passed_on && path.as_str() != METRICS {
        return Err(Refusal::no_role());
    }
    let identity = identify(&app, request.headers())?;
    if let Need::May(permission) = need
        && !identity.role.may(permission)
    {
        return Err(Refusal::forbidden(format!(
            "the role {} does not include {permission:?}; ask for a token of another role",
            identity.role
        )));
    }
    let in_path = path.as_str().starts_with(OF_A_TREE).then(|| request.uri().path().split('/').nth(2)).flatten();
    let caller = caller(&identity, in_path, request.headers())?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

fn identify(app: &App, headers: &HeaderMap) -> Result<Identity, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let authorization = values.next().map(|value| value.as_bytes());
    if values.next().is_some() {
        return Err(Refusal::unauthenticated("there are several Authorization headers; send one", "Bearer"));
    }
    app.credentials.identify(authorization, app.clock.now_ns()).map_err(|denied| match denied {
        Denied::Missing => Refusal::unauthenticated("send Authorization: Bearer <token>", "Bearer"),
        Denied::Malformed => Refusal::unauthenticated(
            "the Authorization header holds no bearer token",
            "Bearer error=\"invalid_request\"",
        ),
        Denied::Unknown => Refusal::unauthenticated("the token is not known here", "Bearer error=\"invalid_token\""),
        Denied::Expired => Refusal::unauthenticated(
            "the token has expired; ask for a new one",
            "Bearer error=\"invalid_token\", error_description=\"expired\"",
        ),
    })
}

fn caller(identity: &Identity, in_path: Option<&str>, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let named = headers.get(TENANT_HEADER).map(|value| value.to_str().unwrap_or_default());
    let tenant = identity
        .tenant(in_path.or(named))
        .map_err(|_| Refusal::forbidden("this token does not speak for that tenant"))?;
    let may_read_bodies = identity.role.may(Permission::ReadEvents);
    Ok(Caller { principal: identity.principal.clone(), tenant, may_read_bodies })
}
