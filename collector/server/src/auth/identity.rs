//! Who is asking, once it has been established.

use super::Role;
use crate::config::TENANT_ANY;

/// Principal of requests to a server without tokens, which only listens on loopback.
pub const LOOPBACK_PRINCIPAL: &str = "loopback";

/// A caller whose token was valid, or anyone on loopback where no token is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who; recorded with what they send.
    pub principal: String,
    /// What they may do.
    pub role: Role,
    tenant: String,
    tenant_default: String,
}

/// The caller named a tenant that is not theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantDenied;

impl Identity {
    pub(super) fn new(principal: &str, role: Role, tenant: &str, tenant_default: &str) -> Self {
        let [principal, tenant, tenant_default] = [principal, tenant, tenant_default].map(str::to_owned);
        Self { principal, role, tenant, tenant_default }
    }

    /// The tenant of this request. A credential fixes it; only one that speaks for all may name it, and a name
    /// that could be no tenant's is denied like another's.
    pub fn tenant(&self, named: Option<&str>) -> Result<String, TenantDenied> {
        match (self.tenant.as_str(), named) {
            (TENANT_ANY, None) => Ok(self.tenant_default.clone()),
            (TENANT_ANY, Some(named)) if tenant_is_sound(named) => Ok(named.to_owned()),
            (TENANT_ANY, Some(_)) => Err(TenantDenied),
            (own, Some(named)) if own != named => Err(TenantDenied),
            (own, _) => Ok(own.to_owned()),
        }
    }
}

/// A tenant is `[a-z0-9][a-z0-9-]{0,62}`.
fn tenant_is_sound(tenant: &str) -> bool {
    (1..=63).contains(&tenant.len())
        && !tenant.starts_with('-')
        && tenant.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
