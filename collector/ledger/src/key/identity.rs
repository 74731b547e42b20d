//! The key behind a tenant's event ids and keyed digests. Does not rotate: a second key would give every event a second
//! id. Never leaves the process, and never makes anything that an outside verifier needs.

use super::KeyFault;
use super::secret::{self, Secret, SecretText};
use crate::digest::{self, Context};
use crate::leaf::Hex;
use crate::tenant::Tenant;

const KIND: &str = "LEDGERLINE+IDENTITY+KEY";

/// A tenant's identity key. The tree of a partition has one too, under its reserved tenant.
#[derive(Clone)]
pub struct IdentityKey {
    tenant: Tenant,
    secret: Secret,
}

impl IdentityKey {
    /// Takes 32 bytes drawn by the caller.
    #[must_use]
    pub fn from_random(tenant: Tenant, bytes: [u8; 32]) -> Self {
        Self { tenant, secret: Secret::new(bytes) }
    }

    /// Reads the text form: `LEDGERLINE+IDENTITY+KEY+<tenant>+<check>+<base64>`, with at most one line end after it.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn from_text(text: &str) -> Result<Self, KeyFault> {
        let (owner, secret) = secret::read(KIND, text)?;
        let tenant = Tenant::parse_recorded(owner).map_err(|_| KeyFault::Malformed)?;
        Ok(Self { tenant, secret })
    }

    /// The text form, for a file that its owner alone may read.
    #[must_use]
    pub fn to_text(&self) -> SecretText {
        secret::write(KIND, self.tenant.as_str(), &self.secret)
    }

    /// Whose key it is.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The key's bytes, for the event id that `lineage` derives. Not to be kept, shown or stored.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.secret.bytes()
    }

    /// A digest of `fields` that nobody without the key can recompute or guess.
    #[must_use]
    pub fn digest(&self, context: Context, fields: &[&[u8]]) -> [u8; 32] {
        digest::keyed(self.secret.bytes(), context, fields)
    }

    /// What stands in a leaf for a principal: the first 16 bytes of its keyed digest. Who it is, the tree never says.
    #[must_use]
    pub fn pseudonym(&self, principal: &str) -> Hex<16> {
        let digest = self.digest(digest::PRINCIPAL, &[principal.as_bytes()]);
        let mut cut = [0; 16];
        cut.copy_from_slice(&digest[..16]);
        Hex(cut)
    }
}

impl std::fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdentityKey({}, ..)", self.tenant)
    }
}
