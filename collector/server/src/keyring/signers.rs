//! Which keys sign, and where each of them lives: a file, a variable, an HSM, Vault. Owns the order among them (the last one is
//! the newest) and the check that every signature has to pass before it is used. Never shows a key; a key that can't be reached
//! is remembered with the reason, and asked for again.

use std::sync::Arc;

use ledger::key::{Algorithm, KeyBook, KeyId, KeyName, SignError, Signer, SigningKey, VerifierKey};
use ledger::{Origin, Tenant};
use zeroize::Zeroizing;

use super::place::SignerPlace;
use super::{files, pkcs11, vault};

/// A key that this process may sign with.
#[derive(Clone)]
pub struct Held {
    public: [u8; 32],
    /// The tenant whose tree alone it is for; none for a shared one.
    pub owner: Option<Tenant>,
    /// Where it lives, in words.
    pub provider: String,
    signer: Arc<dyn Signer>,
}

/// A place that a key should have come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreached {
    /// Where, in words.
    pub provider: String,
    /// Why not.
    pub reason: String,
}

/// A key under the name of one tree, whose every signature is checked before it is given out.
#[derive(Clone)]
pub struct NamedSigner {
    verifier: VerifierKey,
    signer: Arc<dyn Signer>,
}

impl Held {
    /// A key as a place gave it.
    pub(super) fn new(public: [u8; 32], owner: Option<&Tenant>, provider: String, signer: Arc<dyn Signer>) -> Self {
        Self { public, owner: owner.cloned(), provider, signer }
    }

    /// A key held in memory.
    pub(super) fn in_memory(key: SigningKey, owner: Option<&Tenant>, provider: String) -> Self {
        Self::new(*key.verifier().public_bytes(), owner, provider, Arc::new(key))
    }

    /// The public key.
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// It under the name of a tree.
    pub(super) fn named(&self, origin: &Origin) -> NamedSigner {
        let verifier = VerifierKey::from_ed25519(KeyName::of_checkpoints(origin), &self.public)
            .expect("a key that is held was checked when it came");
        NamedSigner { verifier, signer: Arc::clone(&self.signer) }
    }
}

impl NamedSigner {
    /// What its signatures are checked with.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }
}

impl Signer for NamedSigner {
    fn key_name(&self) -> &KeyName {
        self.verifier.name()
    }

    fn key_id(&self) -> KeyId {
        self.verifier.id()
    }

    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let signature = self.signer.sign(message)?;
        match self.verifier.verify(message, &signature) {
            Ok(()) => Ok(signature),
            Err(_) => Err(SignError::Refused(format!(
                "what signs as {} ({}) gave a signature that its own public key does not accept",
                self.verifier.name(),
                self.verifier.id()
            ))),
        }
    }
}

impl std::fmt::Debug for NamedSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NamedSigner({}, ..)", self.verifier)
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Held({}, ..)", self.provider)
    }
}

/// What is in the places, at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Signers {
    /// Oldest first.
    pub held: Vec<Held>,
    pub unreached: Vec<Unreached>,
}

impl Signers {
    /// The keys that a tree would be begun or rotated with, oldest first: its tenant's own where there are any.
    pub fn of(&self, tenant: &Tenant) -> Vec<&Held> {
        let own: Vec<&Held> = self.held.iter().filter(|held| held.owner.as_ref() == Some(tenant)).collect();
        if own.is_empty() { self.held.iter().filter(|held| held.owner.is_none()).collect() } else { own }
    }

    pub fn find(&self, public: &[u8; 32]) -> Option<&Held> {
        self.held.iter().find(|held| held.public == *public)
    }

    /// Those that are to sign a checkpoint of this size and are here.
    pub fn of_book(&self, book: &KeyBook, size: u64) -> Vec<NamedSigner> {
        let found = |verifier: &VerifierKey| self.find(verifier.public_bytes()).map(|held| held.named(book.origin()));
        book.signers(size).into_iter().filter_map(|key| found(&key.verifier)).collect()
    }

    /// Asks a place for its keys. What it gave before stays where it can't be asked now.
    pub fn take(&mut self, place: &SignerPlace, owner: Option<&Tenant>, known: &Signers) {
        let provider = place.to_string();
        let held = |public, provider: String, signer| Held::new(public, owner, provider, signer);
        let opened: Result<Vec<Held>, String> = match place {
            SignerPlace::File => Ok(Vec::new()),
            SignerPlace::Variable(name) => {
                from_variable(name).map(|key| vec![Held::in_memory(key, owner, provider.clone())])
            }
            SignerPlace::Pkcs11(place) => pkcs11::open(place).map(|(public, signer)| {
                vec![known.find(&public).cloned().unwrap_or_else(|| held(public, provider.clone(), Arc::new(signer)))]
            }),
            SignerPlace::Vault(place) => vault::open(place).map(|versions| {
                let version = |(public, signer): ([u8; 32], vault::VaultSigner)| {
                    held(public, format!("{provider} version {}", signer.version()), Arc::new(signer))
                };
                versions.into_iter().map(version).collect()
            }),
        };
        match opened.and_then(|found| found.into_iter().map(sound).collect()) {
            Ok(found) => self.held.extend::<Vec<Held>>(found),
            Err(reason) => {
                let before = known.held.iter().filter(|held| held.provider.starts_with(&provider));
                self.held.extend(before.cloned());
                self.unreached.push(Unreached { provider, reason });
            }
        }
    }
}

/// A public key that a provider named is a canonical point of large order, or it is none of ours.
fn sound(held: Held) -> Result<Held, String> {
    let name = KeyName::parse("any").expect("a name of three letters");
    let checked = VerifierKey::from_ed25519(name, &held.public);
    checked.map(|_| held).map_err(|fault| format!("its public key can't be used: {fault}"))
}

fn from_variable(name: &str) -> Result<SigningKey, String> {
    let text = std::env::var(name).map(Zeroizing::new).map_err(|_| format!("the variable {name} is not set"))?;
    SigningKey::from_text(text.trim_end()).map_err(|fault| format!("the variable {name} holds no signing key: {fault}"))
}

/// A secret that a provider wants, out of the variable or file that the configuration names; never longer than a page.
pub(super) fn secret(source: &super::place::SecretPlace) -> Result<Zeroizing<String>, String> {
    use super::place::SecretPlace;
    let mut text = match source {
        SecretPlace::Variable(name) => {
            std::env::var(name).map(Zeroizing::new).map_err(|_| format!("the variable {name} is not set"))?
        }
        SecretPlace::File(path) => files::secret(path).map_err(|error| error.to_string())?,
    };
    let len = text.trim_end().len();
    text.truncate(len);
    Ok(text)
}
