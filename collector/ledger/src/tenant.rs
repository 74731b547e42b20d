//! The name of a tenant. Never says where a tenant lives: its partition is the caller's to compute.

use std::fmt;

/// A tenant: `[a-z0-9][a-z0-9-]{0,62}`. `p-<n>` is reserved for the tree of partition n, which holds what has no
/// trusted tenant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant(Box<str>);

/// Why a text names no tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TenantFault {
    /// Not of the form above.
    #[error("a tenant is 1 to 63 of a-z, 0-9 and '-', and does not open with '-'")]
    Malformed,
    /// Taken by the trees of partitions.
    #[error("tenants named p-<number> are reserved for partitions; choose another name")]
    Reserved,
}

impl Tenant {
    /// Bytes in the longest name.
    pub const BYTES_MAX: usize = 63;

    /// Reads a tenant that a person or a configuration names; reserved names are refused.
    ///
    /// # Errors
    /// [`TenantFault`]: the text is to be corrected by whoever wrote it.
    pub fn parse(text: &str) -> Result<Self, TenantFault> {
        let tenant = Self::well_formed(text)?;
        if tenant.looks_reserved() { Err(TenantFault::Reserved) } else { Ok(tenant) }
    }

    /// Reads a tenant out of a record: also `p-<n>`, in the one spelling that [`Tenant::partition`] gives.
    ///
    /// # Errors
    /// [`TenantFault`]: the record is not ours.
    pub fn parse_recorded(text: &str) -> Result<Self, TenantFault> {
        let tenant = Self::well_formed(text)?;
        if tenant.looks_reserved() && tenant.as_partition().is_none() { Err(TenantFault::Reserved) } else { Ok(tenant) }
    }

    /// The reserved tenant of a partition.
    #[must_use]
    pub fn partition(number: u32) -> Self {
        Self(format!("p-{number}").into())
    }

    /// The partition whose own tree this is; nothing for an ordinary tenant.
    #[must_use]
    pub fn as_partition(&self) -> Option<u32> {
        let number = self.0.strip_prefix("p-")?.parse().ok()?;
        (Self::partition(number) == *self).then_some(number)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn well_formed(text: &str) -> Result<Self, TenantFault> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let formed = (1..=Self::BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('-');
        if formed { Ok(Self(text.into())) } else { Err(TenantFault::Malformed) }
    }

    fn looks_reserved(&self) -> bool {
        self.0.strip_prefix("p-").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tenant({})", self.0)
    }
}

impl serde::Serialize for Tenant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Tenant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_recorded(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        use TenantFault::{Malformed, Reserved};
        let longest = "a".repeat(63);
        let too_long = "a".repeat(64);
        let check = |text: &str, parsed: Result<(), TenantFault>, recorded: Result<(), TenantFault>| {
            assert_eq!(Tenant::parse(text).map(drop), parsed, "parse {text:?}");
            assert_eq!(Tenant::parse_recorded(text).map(drop), recorded, "parse_recorded {text:?}");
        };
        for good in ["default", "0", "a-", "acme-eu-1", "p", "p-", "p-1a", "pp-1", &longest] {
            check(good, Ok(()), Ok(()));
        }
        for bad in ["", "-a", "A", "a_b", "a.b", "a/b", "a b", "é", "a\n", &too_long] {
            check(bad, Err(Malformed), Err(Malformed));
        }
        for partition in ["p-0", "p-7", "p-4294967295"] {
            check(partition, Err(Reserved), Ok(()));
        }
        for lookalike in ["p-00", "p-07", "p-4294967296", "p-99999999999999999999999"] {
            check(lookalike, Err(Reserved), Err(Reserved));
        }
    }

    #[test]
    fn a_partition_is_read_back() {
        assert_eq!(Tenant::partition(12).as_partition(), Some(12));
        assert_eq!(Tenant::parse("default").map(|tenant| tenant.as_partition()), Ok(None));
    }
}
