//! The keys that one process holds: it seals with the intake key, makes ids with the tenants', signs checkpoints.
//! Owns them in memory; their files are `files`'. Never prints one, never draws one.

mod files;

pub use files::KeyringError;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ledger::key::{IdentityKey, KeyName, SigningKey, VerifierKey};
use ledger::{Origin, Tenant};
use lineage::frame::IntakeKey;

/// The keys of a deployment, as far as this process holds them.
pub struct Keyring {
    intake: Vec<IntakeKey>,
    /// By tenant name.
    identities: BTreeMap<String, IdentityKey>,
    signing: SigningKey,
    root: VerifierKey,
    folder: PathBuf,
}

impl Keyring {
    /// Keys that verify envelopes; the last one seals.
    pub fn intake_keys(&self) -> &[IntakeKey] {
        &self.intake
    }

    /// The key that seals envelopes.
    pub fn intake_key(&self) -> &IntakeKey {
        self.intake.last().expect("a keyring has an intake key")
    }

    /// The identity key of a tenant, where this process holds it.
    pub fn identity(&self, tenant: &Tenant) -> Option<&IdentityKey> {
        self.identities.get(tenant.as_str())
    }

    /// The key that signs the checkpoints of a tree, under the tree's own name.
    pub fn signer(&self, origin: &Origin) -> SigningKey {
        self.signing.named(KeyName::of_checkpoints(origin))
    }

    /// The folder that the keys are in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The public half of the root key, which authorises key operations.
    pub fn root(&self) -> &VerifierKey {
        &self.root
    }
}
