//! The configured tokens, and finding the one that was presented.

use super::{Identity, LOOPBACK_PRINCIPAL, Role};
use crate::config::{TENANT_ANY, Token};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// A longer token is refused before it is hashed.
const TOKEN_BYTES_MAX: usize = 4096;

/// The tokens of a server.
#[derive(Debug, Clone)]
pub struct Credentials {
    tokens: Vec<Token>,
    tenant_default: String,
}

/// Why a caller is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// No `Authorization` header.
    Missing,
    /// A header that is no bearer token.
    Malformed,
    /// A token that is not configured.
    Unknown,
    /// A token past its end.
    Expired,
}

impl Credentials {
    /// The tokens of the configuration; whoever is not bound to a tenant speaks for `tenant_default`.
    pub fn new(tokens: Vec<Token>, tenant_default: &str) -> Self {
        Self { tokens, tenant_default: tenant_default.to_owned() }
    }

    /// Whether the server is open to whoever reaches it. Such a server listens on loopback only.
    pub fn is_open(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Who presents `authorization` at `now_ns`. Every configured hash is compared in full, whatever matches, so
    /// that the time taken tells nothing.
    pub fn identify(&self, authorization: Option<&[u8]>, now_ns: i64) -> Result<Identity, Denied> {
        if self.is_open() {
            return Ok(Identity::new(LOOPBACK_PRINCIPAL, Role::Admin, TENANT_ANY, &self.tenant_default));
        }
        let presented = bearer(authorization.ok_or(Denied::Missing)?).ok_or(Denied::Malformed)?;
        let hash: [u8; 32] = Sha256::digest(presented).into();
        let mut found = Choice::from(0);
        let mut place = 0u64;
        for (candidate, token) in (0u64..).zip(&self.tokens) {
            let same = token.hash.ct_eq(&hash);
            place.conditional_assign(&candidate, same);
            found |= same;
        }
        if !bool::from(found) {
            return Err(Denied::Unknown);
        }
        let token = usize::try_from(place).ok().and_then(|place| self.tokens.get(place)).ok_or(Denied::Unknown)?;
        if token.expires_ns.is_some_and(|end| end <= now_ns) {
            return Err(Denied::Expired);
        }
        Ok(Identity::new(&token.principal, token.role, &token.tenant, &self.tenant_default))
    }
}

/// RFC 6750: the scheme in any case, one or more spaces, the token.
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = header.split_at_checked(7)?;
    let token = rest.trim_ascii();
    let sound = scheme.eq_ignore_ascii_case(b"bearer ") && (1..=TOKEN_BYTES_MAX).contains(&token.len());
    (sound && token.iter().all(u8::is_ascii_graphic)).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::super::TenantDenied;
    use super::*;

    fn token(text: &str, tenant: &str, role: Role, expires_ns: Option<i64>) -> Token {
        let hash = Sha256::digest(text).into();
        Token { hash, tenant: tenant.into(), principal: format!("p-{text}"), role, expires_ns }
    }

    fn credentials() -> Credentials {
        let tokens = vec![
            token("one", "acme", Role::Producer, None),
            token("two", "acme", Role::Auditor, Some(100)),
            token("all", TENANT_ANY, Role::Admin, None),
        ];
        Credentials::new(tokens, "default")
    }

    #[track_caller]
    fn check(header: Option<&str>, now_ns: i64, wanted: Result<&str, Denied>) {
        let found = credentials().identify(header.map(str::as_bytes), now_ns).map(|id| id.principal);
        assert_eq!(found.as_deref().map_err(|e| *e), wanted, "{header:?}");
    }

    #[test]
    fn only_a_configured_token_in_its_time_is_known() {
        check(None, 0, Err(Denied::Missing));
        check(Some("Basic b25l"), 0, Err(Denied::Malformed));
        check(Some("Bearer"), 0, Err(Denied::Malformed));
        check(Some("Bearer "), 0, Err(Denied::Malformed));
        check(Some("Bearer o ne"), 0, Err(Denied::Malformed));
        check(Some("Bearer onE"), 0, Err(Denied::Unknown));
        check(Some("Bearer one"), 0, Ok("p-one"));
        check(Some("bearer   one "), 0, Ok("p-one"));
        check(Some("Bearer two"), 99, Ok("p-two"));
        check(Some("Bearer two"), 100, Err(Denied::Expired));
        check(Some(&format!("Bearer {}", "x".repeat(5000))), 0, Err(Denied::Malformed));
    }

    #[test]
    fn a_credential_fixes_the_tenant() {
        let one = credentials().identify(Some(b"Bearer one"), 0).unwrap();
        assert_eq!(one.tenant(None).unwrap(), "acme");
        assert_eq!(one.tenant(Some("acme")).unwrap(), "acme");
        assert_eq!(one.tenant(Some("other")), Err(TenantDenied));
        let all = credentials().identify(Some(b"Bearer all"), 0).unwrap();
        assert_eq!(all.tenant(None).unwrap(), "default");
        assert_eq!(all.tenant(Some("other")).unwrap(), "other");
        assert_eq!(all.tenant(Some("../x")), Err(TenantDenied));
    }
    #[test]
    fn without_tokens_anyone_on_loopback_is_admin() {
        let open = Credentials::new(Vec::new(), "default").identify(None, 0).unwrap();
        assert_eq!((open.role, open.tenant(None).unwrap().as_str()), (Role::Admin, "default"));
    }
}
