//! What each route needs. The guard denies a route that has no row here, so that a new one can't be open by
//! omission.

use super::Permission;

/// What a caller must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: probes and the description of the API.
    Public,
    /// Any valid token.
    Known,
    /// A role that holds this permission.
    May(Permission),
}

/// Method, path as the router knows it, need.
#[rustfmt::skip]
pub const ROUTES: &[(&str, &str, Need)] = &[
    ("GET",  "/healthz",                  Need::Public),
    ("GET",  "/readyz",                   Need::Public),
    ("GET",  "/openapi.json",             Need::Public),
    ("GET",  "/metrics",                  Need::Known),
    ("GET",  "/v1/status",                Need::Known),
    ("GET",  "/v1/partitions",            Need::Known),
    ("POST", "/v1/takeover",              Need::May(Permission::Control)),
    ("POST", "/api/v1/lineage",           Need::May(Permission::Submit)),
    ("POST", "/api/v1/lineage/batch",     Need::May(Permission::Submit)),
    ("GET",  "/v1/lineage/upstream",      Need::May(Permission::ReadGraph)),
    ("GET",  "/v1/lineage/downstream",    Need::May(Permission::ReadGraph)),
    ("GET",  "/v1/runs",                  Need::May(Permission::ReadGraph)),
    ("GET",  "/v1/runs/{run_id}",         Need::May(Permission::ReadGraph)),
    ("GET",  "/v1/jobs",                  Need::May(Permission::ReadGraph)),
    ("GET",  "/v1/job",                   Need::May(Permission::ReadGraph)),
    ("GET",  "/v1/datasets",              Need::May(Permission::ReadGraph)),
    ("GET",  "/v1/dataset",               Need::May(Permission::ReadGraph)),
    ("GET",  "/v1/search",                Need::May(Permission::ReadGraph)),
    ("GET",  "/v1/events",                Need::May(Permission::ReadGraph)),
    ("GET",  "/v1/events/{key}",          Need::May(Permission::ReadGraph)),
    ("GET",  "/v1/events/{key}/body",     Need::May(Permission::ReadEvents)),
    ("GET",  "/v1/alerts",                Need::May(Permission::ReadGraph)),
    ("GET",  "/v1/alerts/{alert_id}",     Need::May(Permission::ReadGraph)),
    ("POST", "/v1/alerts/test",           Need::May(Permission::Control)),
    ("POST", "/v1/ticks",                 Need::May(Permission::Control)),
    ("GET",  "/v1/keys",                  Need::May(Permission::ReadLedger)),
    ("POST", "/v1/keys/next",             Need::May(Permission::Operate)),
    ("POST", "/v1/keys/sign",             Need::May(Permission::Operate)),
    ("POST", "/v1/keys/operations",       Need::May(Permission::Operate)),
    ("GET",  "/v1/keys/operations/{order}", Need::May(Permission::ReadLedger)),
    ("POST", "/v1/snapshots",             Need::May(Permission::Operate)),
    ("GET",  "/v1/snapshots",             Need::May(Permission::Operate)),
    ("GET",  "/v1/rejected",              Need::May(Permission::ReadRejected)),
    ("GET",  "/v1/rejected/{key}",        Need::May(Permission::ReadRejected)),
    ("GET",  "/v1/rejected/{key}/payload", Need::May(Permission::ReadRejected)),
    ("GET",  "/v1/checkpoint",            Need::May(Permission::ReadLedger)),
    ("GET",  "/v1/proof",                 Need::May(Permission::ReadLedger)),
    ("GET",  "/v1/consistency",           Need::May(Permission::ReadLedger)),
    ("GET",  "/ledger/{tenant}/checkpoint", Need::May(Permission::ReadLedger)),
    ("GET",  "/ledger/{tenant}/tile/{*place}", Need::May(Permission::ReadLedger)),
    ("GET",  "/ledger/{tenant}/bodies/{*place}", Need::May(Permission::ReadEvents)),
];

/// The row of a route; `None` denies. A `HEAD` needs what its `GET` needs.
pub fn need_of(method: &str, path: &str) -> Option<Need> {
    let method = if method == "HEAD" { "GET" } else { method };
    ROUTES.iter().find(|(m, p, _)| *m == method && *p == path).map(|(_, _, need)| *need)
}
