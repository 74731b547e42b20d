//! Key files: one key each, one line, readable by their owner alone.
//!
//! | file | what |
//! |---|---|
//! | `ledger.key` | Ed25519 key that signs checkpoints and control records |
//! | `root.key` | Ed25519 key that authorises key operations; may be moved offline, then `root.pub` stands for it |
//! | `root.pub` | its public half |
//! | `intake-<id>.key` | 32 bytes that seal envelopes; the greatest id seals |
//! | `identity-<tenant>.key` | 32 bytes behind a tenant's event ids and pseudonyms; never rotates |

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ledger::key::{IdentityKey, IntakeKey, KeyFault, KeyName, SecretText, SigningKey, VerifierKey};
use ledger::{LedgerName, Origin, Tenant};
use lineage::frame;
use zeroize::Zeroizing;

use super::Keyring;

/// A key folder that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// A file can't be read or written.
    #[error("key file {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Others than its owner may read it.
    #[error(
        "key file {path} can be read by others (mode {mode:o}): run `chmod 600` on it, and change the key if they may have"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It does not hold a key.
    #[error("key file {path} holds no such key ({fault}): restore it from its copy")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: KeyFault,
    },
    /// A key that is needed is not there.
    #[error("{what} is missing in {folder}: run `ledgerline keys init`, or copy the deployment's key folder here")]
    Missing {
        /// Which.
        what: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
}

impl Keyring {
    /// Reads a key folder.
    ///
    /// # Errors
    /// When a key that every process needs is missing, damaged or open to others.
    pub fn load(folder: &Path) -> Result<Self, KeyringError> {
        let missing = |what: &str| KeyringError::Missing { what: what.to_owned(), folder: folder.to_owned() };
        let (mut intake, mut identities) = (Vec::new(), std::collections::BTreeMap::new());
        for path in files(folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("intake-") && name.ends_with(".key") {
                let key = read(&path, IntakeKey::from_text)?;
                intake.push(frame::IntakeKey::new(key.id(), key.expose()));
            } else if name.starts_with("identity-") && name.ends_with(".key") {
                let key = read(&path, IdentityKey::from_text)?;
                identities.insert(key.tenant().as_str().to_owned(), key);
            }
        }
        intake.sort_by_key(frame::IntakeKey::id);
        if intake.is_empty() {
            return Err(missing("the intake key (intake-1.key)"));
        }
        let signing = folder.join("ledger.key");
        let signing = match signing.exists() {
            true => read(&signing, SigningKey::from_text)?,
            false => return Err(missing("the ledger's signing key (ledger.key)")),
        };
        let public = folder.join("root.pub");
        let root = match fs::read_to_string(&public) {
            Ok(text) => VerifierKey::from_text(text.trim_end())
                .map_err(|fault| KeyringError::Damaged { path: public, fault })?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(missing("the root key's public half (root.pub)"));
            }
            Err(error) => return Err(KeyringError::File { path: public, error }),
        };
        Ok(Keyring { intake, identities, signing, root, folder: folder.to_owned() })
    }

    /// Makes the keys that are missing for these tenants (and the trees of `partitions` partitions), then reads the folder.
    /// Existing keys stay as they are. `random` draws 32 bytes.
    ///
    /// # Errors
    /// As [`Keyring::load`], or when a file can't be written.
    pub fn init(
        folder: &Path,
        ledger: &LedgerName,
        partitions: u32,
        tenants: &[Tenant],
        random: &mut dyn FnMut() -> [u8; 32],
    ) -> Result<Self, KeyringError> {
        // What is sealed under a key is lost with the key: the folder itself must survive power loss, too.
        store::make_durable(folder).map_err(|error| KeyringError::File { path: folder.to_owned(), error })?;
        let origin = Origin::new(ledger, &Tenant::partition(0));
        let mut key = |name: &str, text: &dyn Fn([u8; 32]) -> SecretText| match folder.join(name) {
            path if path.exists() => Ok(()),
            path => write(&path, text(random()).expose(), 0o600),
        };
        key("ledger.key", &|seed| SigningKey::from_seed(KeyName::of_checkpoints(&origin), seed).to_text())?;
        key("root.key", &|seed| SigningKey::from_seed(KeyName::of_root(&origin), seed).to_text())?;
        key("intake-1.key", &|secret| IntakeKey::from_random(1, secret).to_text())?;
        let own = (0..partitions).map(Tenant::partition);
        for tenant in own.chain(tenants.iter().cloned()) {
            let name = format!("identity-{}.key", tenant.as_str());
            key(&name, &|secret| IdentityKey::from_random(tenant.clone(), secret).to_text())?;
        }
        let public = folder.join("root.pub");
        if !public.exists() {
            let root = read(&folder.join("root.key"), SigningKey::from_text)?;
            write(&public, &root.verifier().to_text(), 0o644)?;
        }
        Self::load(folder)
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, KeyringError> {
    let failed = |error| KeyringError::File { path: folder.to_owned(), error };
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
    }
}

fn read<T>(path: &Path, parse: impl Fn(&str) -> Result<T, KeyFault>) -> Result<T, KeyringError> {
    let failed = |error| KeyringError::File { path: path.to_owned(), error };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyringError::Open { path: path.to_owned(), mode });
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
    parse(text.trim_end()).map_err(|fault| KeyringError::Damaged { path: path.to_owned(), fault })
}

/// Writes beside its place, syncs, and renames: a key file is whole or not there.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), KeyringError> {
    let failed = |error| KeyringError::File { path: path.to_owned(), error };
    let partial = path.with_extension("partial");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&partial).map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    fs::rename(&partial, path).map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}
