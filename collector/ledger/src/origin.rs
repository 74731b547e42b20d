//! The name of a tree: which ledger, which tenant. It is the checkpoint's origin line and the name of the tree's key.
//! Never holds a scheme, host or port: a ledger keeps its name when it moves.

use std::fmt;

use crate::tenant::{Tenant, TenantFault};

/// The name of a deployment's ledger (`ledger.name`): 1 to 128 bytes of `a-z`, `0-9`, `.`, `_`, `-` and `/`, no part
/// between slashes empty, `.` or `..`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerName(Box<str>);

/// Why a text names no ledger or no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginFault {
    /// The ledger's part is not of the form above.
    #[error("a ledger name is 1 to 128 of a-z, 0-9, '.', '_', '-' and '/', with no empty or dotted part")]
    Ledger,
    /// The tenant's part is no tenant.
    #[error(transparent)]
    Tenant(#[from] TenantFault),
    /// There is no slash between ledger and tenant.
    #[error("an origin is LEDGER/TENANT")]
    Incomplete,
}

impl LedgerName {
    /// Bytes in the longest name.
    pub const BYTES_MAX: usize = 128;

    /// Reads a ledger's name.
    ///
    /// # Errors
    /// [`OriginFault::Ledger`].
    pub fn parse(text: &str) -> Result<Self, OriginFault> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        let part = |part: &str| !part.is_empty() && part.bytes().all(allowed) && part != "." && part != "..";
        let formed = text.len() <= Self::BYTES_MAX && text.split('/').all(part);
        if formed { Ok(Self(text.into())) } else { Err(OriginFault::Ledger) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `<ledger.name>/<tenant>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    text: Box<str>,
    tenant: Tenant,
}

impl Origin {
    /// Names the tree of `tenant` in `ledger`.
    #[must_use]
    pub fn new(ledger: &LedgerName, tenant: &Tenant) -> Self {
        Self { text: format!("{}/{tenant}", ledger.0).into(), tenant: tenant.clone() }
    }

    /// Reads an origin, that of a partition's tree too.
    ///
    /// # Errors
    /// [`OriginFault`].
    pub fn parse(text: &str) -> Result<Self, OriginFault> {
        let (ledger, tenant) = text.rsplit_once('/').ok_or(OriginFault::Incomplete)?;
        Ok(Self::new(&LedgerName::parse(ledger)?, &Tenant::parse_recorded(tenant)?))
    }

    /// The tenant's part.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The ledger's part.
    #[must_use]
    pub fn ledger(&self) -> LedgerName {
        let len = self.text.len() - self.tenant.as_str().len() - 1;
        LedgerName(self.text[..len].into())
    }

    /// The whole.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for LedgerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LedgerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LedgerName({})", self.0)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({})", self.text)
    }
}

impl serde::Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> serde::Deserialize<'de> for Origin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let longest = format!("{}/t", "l".repeat(128));
        for good in ["ledgerline/default", "data.example.org/prod/acme", "l/p-3", "a_b-c/0", &longest] {
            assert_eq!(Origin::parse(good).map(|origin| origin.to_string()).as_deref(), Ok(good));
        }
        let check = |text: &str, fault: OriginFault| assert_eq!(Origin::parse(text), Err(fault), "{text:?}");
        check("default", OriginFault::Incomplete);
        check("", OriginFault::Incomplete);
        check("/default", OriginFault::Ledger);
        check("a//default", OriginFault::Ledger);
        check("a/../default", OriginFault::Ledger);
        check("https://a/default", OriginFault::Ledger);
        check("a:5000/default", OriginFault::Ledger);
        check("A/default", OriginFault::Ledger);
        check("a b/default", OriginFault::Ledger);
        check("a+b/default", OriginFault::Ledger);
        check(&format!("{}/t", "l".repeat(129)), OriginFault::Ledger);
        check("a/", OriginFault::Tenant(TenantFault::Malformed));
        check("a/Default", OriginFault::Tenant(TenantFault::Malformed));
        check("a/p-01", OriginFault::Tenant(TenantFault::Reserved));
    }

    #[test]
    fn parts_come_back() {
        let origin = Origin::parse("data.example.org/prod/acme").expect("well formed");
        assert_eq!(origin.ledger().as_str(), "data.example.org/prod");
        assert_eq!(origin.tenant().as_str(), "acme");
    }
}
