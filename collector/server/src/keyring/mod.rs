//! The keys that one process holds: it seals with the intake key, makes ids with the tenants', signs checkpoints.
//! Owns them in memory; where they come from is `files`', `pkcs11`'s and `vault`'s. Never prints one, never draws one.

mod files;
mod pkcs11;
mod place;
mod signers;
mod stored;
#[cfg(test)]
mod tests;
mod vault;

pub use files::{KeyringError, signing_key};
pub use place::{Pkcs11Place, SIGNER_FORMS, SecretPlace, SignerPlace, VaultPlace};
pub use signers::{Held, NamedSigner, Unreached};
pub(crate) use stored::restored;
pub use stored::{key_book, key_book_of};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::key::{IdentityKey, KeyBook, KeyName, VerifierKey};
use ledger::{LedgerName, Origin, Tenant};
use lineage::frame::IntakeKey;
use parking_lot::RwLock;

use self::signers::Signers;

/// Keys that sign one control record at most: the newest ones. One of them is enrolled, whichever step a rotation is at.
const SIGNERS_MAX: usize = 4;

/// Where a deployment's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlaces {
    /// Every key that does not sign, and those of the place `file`.
    pub folder: PathBuf,
    /// Where the keys are that every tree may be signed with; the last place has the newest.
    pub shared: Vec<SignerPlace>,
    /// The same of single tenants, instead of the shared ones.
    pub tenants: BTreeMap<Tenant, Vec<SignerPlace>>,
}

impl From<&Path> for KeyPlaces {
    /// A folder with everything in it.
    fn from(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), shared: vec![SignerPlace::File], tenants: BTreeMap::new() }
    }
}

impl From<&PathBuf> for KeyPlaces {
    fn from(folder: &PathBuf) -> Self {
        Self::from(folder.as_path())
    }
}

/// The keys of a deployment, as far as this process holds them.
pub struct Keyring {
    intake: Vec<IntakeKey>,
    /// By tenant name.
    identities: BTreeMap<String, IdentityKey>,
    root: VerifierKey,
    places: KeyPlaces,
    signing: RwLock<Arc<Signing>>,
}

/// Keys that sign, and what is known of those that do no more.
struct Signing {
    signers: Signers,
    known: Vec<VerifierKey>,
    revoked: Vec<VerifierKey>,
}

impl Keyring {
    /// Reads a key folder, and asks the other places for their keys. One that can't be reached is asked again when it is
    /// needed: what it is to sign waits for it.
    ///
    /// # Errors
    /// When a key that every process needs is missing, damaged or open to others.
    pub fn load(places: impl Into<KeyPlaces>) -> Result<Self, KeyringError> {
        let places = places.into();
        let files::Kept { intake, identities, root } = files::kept(&places.folder)?;
        let signing = RwLock::new(Arc::new(Signing::read(&places, &Signers::default())?));
        Ok(Self { intake, identities, root, places, signing })
    }

    /// Makes the keys that are missing for these tenants (and the trees of `partitions` partitions), then reads the folder.
    /// Existing keys stay as they are. `random` draws 32 bytes.
    ///
    /// # Errors
    /// As [`Keyring::load`], or when a file can't be written.
    pub fn init(
        places: impl Into<KeyPlaces>,
        ledger: &LedgerName,
        partitions: u32,
        tenants: &[Tenant],
        random: &mut dyn FnMut() -> [u8; 32],
    ) -> Result<Self, KeyringError> {
        let places = places.into();
        let signs = places.shared.contains(&SignerPlace::File);
        files::init(&places.folder, ledger, (partitions, tenants), signs, random)?;
        Self::load(places)
    }

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

    /// The newest key that is here for a tree, under the tree's own name: what the tree is begun or rotated with.
    ///
    /// # Errors
    /// When none is here; says which place can't be reached, and why.
    pub fn signer(&self, origin: &Origin) -> Result<NamedSigner, KeyringError> {
        self.signers(origin)?.pop().ok_or_else(|| self.none(origin))
    }

    /// The newest keys that are here for a tree, the newest last; at least one. A control record is signed by all of them, for
    /// this process may not know which of them its tree has taken up.
    ///
    /// # Errors
    /// As [`Keyring::signer`].
    pub fn signers(&self, origin: &Origin) -> Result<Vec<NamedSigner>, KeyringError> {
        let signing = self.signing();
        let revoked = |named: &NamedSigner| signing.revoked.contains(named.verifier());
        let mut named: Vec<_> =
            signing.signers.of(origin.tenant()).into_iter().map(|held| held.named(origin)).collect();
        named.retain(|named| !revoked(named));
        let newest = named.split_off(named.len().saturating_sub(SIGNERS_MAX));
        if newest.is_empty() { Err(self.none(origin)) } else { Ok(newest) }
    }

    /// Every key that is here, under the name of a tree: old ones, and those of other trees.
    pub fn all(&self, origin: &Origin) -> Vec<NamedSigner> {
        self.signing().signers.held.iter().map(|held| held.named(origin)).collect()
    }

    /// Whether a key is for the tree of its tenant alone.
    pub fn is_own(&self, key: &VerifierKey, origin: &Origin) -> bool {
        let signing = self.signing();
        signing.signers.find(key.public_bytes()).is_some_and(|held| held.owner.as_ref() == Some(origin.tenant()))
    }

    /// The keys that are to sign a checkpoint of this size, as far as they are here. Where one is missing, the places are
    /// looked at again.
    pub fn signers_of(&self, book: &KeyBook, size: u64) -> Vec<NamedSigner> {
        let wanted = book.signers(size).len();
        let here = self.signing().signers.of_book(book, size);
        if here.len() == wanted {
            return here;
        }
        if let Err(error) = self.refresh() {
            tracing::warn!(%error, "the keys can't be read anew");
        }
        self.signing().signers.of_book(book, size)
    }

    /// The public halves of all keys that are or were here, under the name of a tree, but for those that were revoked in it.
    pub fn verifiers(&self, origin: &Origin) -> Vec<VerifierKey> {
        let signing = self.signing();
        let held = signing.signers.held.iter().map(Held::public);
        let mut publics: Vec<[u8; 32]> = held.copied().collect();
        publics.extend(signing.known.iter().map(|key| *key.public_bytes()));
        publics.sort_unstable();
        publics.dedup();
        let named = |public: &[u8; 32]| VerifierKey::from_ed25519(KeyName::of_checkpoints(origin), public).ok();
        publics.iter().filter_map(named).filter(|key| !signing.revoked.contains(key)).collect()
    }

    /// Where a key lives, where it is here.
    pub fn provider(&self, key: &VerifierKey) -> Option<String> {
        self.signing().signers.find(key.public_bytes()).map(|held| held.provider.clone())
    }

    /// Places that could not be reached when they were last asked.
    pub fn unreached(&self) -> Vec<Unreached> {
        self.signing().signers.unreached.clone()
    }

    /// Looks at every place again: keys that were added since are here from now on.
    ///
    /// # Errors
    /// When a file is damaged or open to others: the keys stay as they were.
    pub fn refresh(&self) -> Result<(), KeyringError> {
        let known = self.signing();
        let read = Signing::read(&self.places, &known.signers)?;
        *self.signing.write() = Arc::new(read);
        Ok(())
    }

    /// Makes a file key, shared or for one tenant's tree alone, out of 32 random bytes. It signs nothing before it is enrolled.
    ///
    /// # Errors
    /// When the place `file` is not the last one, or the file can't be written.
    pub fn make(&self, origin: &Origin, own: bool, seed: [u8; 32]) -> Result<NamedSigner, KeyringError> {
        let owner = own.then(|| origin.tenant());
        let place = owner.and_then(|tenant| self.places.tenants.get(tenant)).unwrap_or(&self.places.shared).last();
        if let Some(place) = place.filter(|place| **place != SignerPlace::File) {
            return Err(KeyringError::Unreached(format!(
                "new keys come from {place}: make one there (a version, or a pair whose place follows in ledger.signer), \
                 restart if the configuration changed, and rotate again"
            )));
        }
        let name = KeyName::of_checkpoints(origin);
        let file = files::make_signing(&self.places.folder, owner, name, seed)?;
        self.refresh()?;
        let provider = self.places.folder.join(format!("{}.key", file.stem())).display().to_string();
        let signing = self.signing();
        let made = signing.signers.held.iter().find(|held| held.provider == provider);
        made.map(|held| held.named(origin)).ok_or_else(|| self.none(origin))
    }

    /// Remembers that a key was revoked in the tree that it is named for: it signs nothing there, and what it alone signed is
    /// not believed.
    ///
    /// # Errors
    /// When that can't be written.
    pub fn revoke(&self, key: &VerifierKey) -> Result<(), KeyringError> {
        let signing = self.signing();
        if signing.revoked.contains(key) {
            return Ok(());
        }
        files::revoke(&self.places.folder, &signing.revoked, key)?;
        self.refresh()
    }

    /// The folder that the keys are in.
    pub fn folder(&self) -> &Path {
        &self.places.folder
    }

    /// The public half of the root key, which authorises key operations.
    pub fn root(&self) -> &VerifierKey {
        &self.root
    }

    fn signing(&self) -> Arc<Signing> {
        Arc::clone(&self.signing.read())
    }

    fn none(&self, origin: &Origin) -> KeyringError {
        let unreached = self.unreached();
        if unreached.is_empty() {
            let what = format!("a key that signs {origin} (ledger.key)");
            return KeyringError::Missing { what, folder: self.places.folder.clone() };
        }
        let told = |one: &Unreached| format!("{}: {}", one.provider, one.reason);
        KeyringError::Unreached(unreached.iter().map(told).collect::<Vec<_>>().join("; "))
    }
}

impl Signing {
    fn read(places: &KeyPlaces, known: &Signers) -> Result<Self, KeyringError> {
        let files::Signing { keys, known: publics, revoked } = files::signing(&places.folder)?;
        let mut signers = Signers::default();
        let path = |file: &files::SigningFile| places.folder.join(format!("{}.key", file.stem())).display().to_string();
        let mut files: Vec<Held> =
            keys.into_iter().map(|(file, key)| Held::in_memory(key, file.owner.as_ref(), path(&file))).collect();
        let owners = places.tenants.iter().map(|(tenant, places)| (Some(tenant), places));
        for (owner, places) in std::iter::once((None, &places.shared)).chain(owners) {
            for place in places {
                let (taken, left) = files
                    .into_iter()
                    .partition(|held: &Held| *place == SignerPlace::File && held.owner.as_ref() == owner);
                files = left;
                signers.held.extend::<Vec<Held>>(taken);
                signers.take(place, owner, known);
            }
        }
        // Keys whose place is configured no more sign on while their tree has them; nothing is begun with them.
        files.extend(signers.held);
        signers.held = files;
        Ok(Self { signers, known: publics, revoked })
    }
}
