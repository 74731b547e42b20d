//! Key files: one key each, one line, readable by their owner alone.
//!
//! | file | what |
//! |---|---|
//! | `ledger.key` | Ed25519 key that signs checkpoints and control records |
//! | `ledger.<n>.key` | the same, after a rotation: the greatest number is the newest |
//! | `ledger-<tenant>.key`, `ledger-<tenant>.<n>.key` | the same, of one tenant's tree alone |
//! | `ledger….pub` | public half of such a key, which stays when the key is destroyed |
//! | `revoked` | verifier keys of revoked keys, one a line: what they signed is not believed |
//! | `root.key` | Ed25519 key that authorises key operations; may be moved offline, then `root.pub` stands for it |
//! | `root.pub` | its public half |
//! | `intake-<id>.key` | 32 bytes that seal envelopes; the greatest id seals |
//! | `identity-<tenant>.key` | 32 bytes behind a tenant's event ids and pseudonyms; never rotates |

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ledger::key::{IdentityKey, IntakeKey, KeyFault, KeyName, SecretText, SigningKey, VerifierKey};
use ledger::{LedgerName, Origin, Tenant};
use lineage::frame;
use zeroize::Zeroizing;

const REVOKED: &str = "revoked";

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
    /// None of the places that keys sign from could be reached.
    #[error("no key is there to sign with: {0}")]
    Unreached(String),
    /// A key that is needed is not there.
    #[error("{what} is missing in {folder}: run `ledgerline keys init`, or copy the deployment's key folder here")]
    Missing {
        /// Which.
        what: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
}

/// Everything in a key folder but the keys that sign.
pub(super) struct Kept {
    pub intake: Vec<frame::IntakeKey>,
    pub identities: BTreeMap<String, IdentityKey>,
    pub root: VerifierKey,
}

/// What a key folder holds of keys that sign.
#[derive(Default)]
pub(super) struct Signing {
    /// Oldest first; those of a tenant apart.
    pub keys: Vec<(SigningFile, SigningKey)>,
    /// Public halves, whether the key itself is there or not.
    pub known: Vec<VerifierKey>,
    /// Under the name of the tree in which each was revoked.
    pub revoked: Vec<VerifierKey>,
}

/// The name of a file with a key that signs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SigningFile {
    /// The tenant whose tree alone it is for.
    pub owner: Option<Tenant>,
    /// From 1.
    pub number: u32,
}

impl SigningFile {
    /// Without its ending.
    pub fn stem(&self) -> String {
        let owner = self.owner.as_ref().map(|tenant| format!("-{tenant}")).unwrap_or_default();
        let number = if self.number == 1 { String::new() } else { format!(".{}", self.number) };
        format!("ledger{owner}{number}")
    }

    /// Reads a name without its ending; nothing where it is none, or another spelling of one.
    fn parse(stem: &str) -> Option<Self> {
        let (name, number) = match stem.rsplit_once('.') {
            Some((name, number)) => (name, number.parse().ok()?),
            None => (stem, 1),
        };
        let owner = match name.strip_prefix("ledger")? {
            "" => None,
            rest => Some(Tenant::parse_recorded(rest.strip_prefix('-')?).ok()?),
        };
        let read = Self { owner, number };
        (read.stem() == stem).then_some(read)
    }
}

/// Reads what every process needs beside the keys that sign.
pub(super) fn kept(folder: &Path) -> Result<Kept, KeyringError> {
    let missing = |what: &str| KeyringError::Missing { what: what.to_owned(), folder: folder.to_owned() };
    let (mut intake, mut identities) = (Vec::new(), BTreeMap::new());
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
    let root = public(&folder.join("root.pub"))?.ok_or_else(|| missing("the root key's public half (root.pub)"))?;
    Ok(Kept { intake, identities, root })
}

/// Reads the keys that sign.
pub(super) fn signing(folder: &Path) -> Result<Signing, KeyringError> {
    let mut signing = Signing::default();
    for path in files(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match name.rsplit_once('.') {
            Some((stem, "key")) => {
                if let Some(file) = SigningFile::parse(stem) {
                    signing.keys.push((file, read(&path, SigningKey::from_text)?));
                }
            }
            Some((stem, "pub")) if SigningFile::parse(stem).is_some() => signing.known.extend(public(&path)?),
            _ => {}
        }
    }
    signing.keys.sort_by(|(one, _), (other, _)| one.cmp(other));
    let path = folder.join(REVOKED);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let key = |line| VerifierKey::from_text(line);
            let read: Result<_, KeyFault> = text.lines().map(key).collect();
            signing.revoked = read.map_err(|fault| KeyringError::Damaged { path, fault })?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(KeyringError::File { path, error }),
    }
    Ok(signing)
}

/// Makes a key that signs, of the next number, and its public half beside it. Two that do so at once make two keys.
pub(super) fn make_signing(
    folder: &Path,
    owner: Option<&Tenant>,
    name: KeyName,
    seed: [u8; 32],
) -> Result<SigningFile, KeyringError> {
    let key = SigningKey::from_seed(name, seed);
    let last = signing(folder)?
        .keys
        .iter()
        .filter(|(file, _)| file.owner.as_ref() == owner)
        .map(|(file, _)| file.number)
        .max();
    let mut file = SigningFile { owner: owner.cloned(), number: last.unwrap_or(0) + 1 };
    // The public half takes the number: whoever is there first has it, also of several processes over one folder, and a key
    // that was there once keeps it as long as that half is there.
    while !write_new(&folder.join(format!("{}.pub", file.stem())), &key.verifier().to_text())? {
        file.number += 1;
    }
    write(&folder.join(format!("{}.key", file.stem())), key.to_text().expose(), 0o600)?;
    Ok(file)
}

/// Remembers that a key was revoked in a tree.
pub(super) fn revoke(folder: &Path, known: &[VerifierKey], key: &VerifierKey) -> Result<(), KeyringError> {
    let lines: Vec<String> = known.iter().chain([key]).map(VerifierKey::to_text).collect();
    write(&folder.join(REVOKED), &lines.join("\n"), 0o644)
}

/// Makes the keys that are missing for these tenants (and the trees of `partitions` partitions). Existing keys stay as they
/// are. A key that signs is made where `signs` says that files do.
pub(super) fn init(
    folder: &Path,
    ledger: &LedgerName,
    (partitions, tenants): (u32, &[Tenant]),
    signs: bool,
    random: &mut dyn FnMut() -> [u8; 32],
) -> Result<(), KeyringError> {
    // What is sealed under a key is lost with the key: the folder itself must survive power loss, too.
    store::make_durable(folder).map_err(|error| KeyringError::File { path: folder.to_owned(), error })?;
    let origin = Origin::new(ledger, &Tenant::partition(0));
    let shared = signing(folder)?.keys.iter().any(|(file, _)| file.owner.is_none());
    let mut key = |name: &str, text: &dyn Fn([u8; 32]) -> SecretText| match folder.join(name) {
        path if path.exists() => Ok(()),
        path => write(&path, text(random()).expose(), 0o600),
    };
    if signs && !shared {
        key("ledger.key", &|seed| SigningKey::from_seed(KeyName::of_checkpoints(&origin), seed).to_text())?;
    }
    if !folder.join("root.pub").exists() {
        key("root.key", &|seed| SigningKey::from_seed(KeyName::of_root(&origin), seed).to_text())?;
    }
    key("intake-1.key", &|secret| IntakeKey::from_random(1, secret).to_text())?;
    let own = (0..partitions).map(Tenant::partition);
    for tenant in own.chain(tenants.iter().cloned()) {
        let name = format!("identity-{}.key", tenant.as_str());
        key(&name, &|secret| IdentityKey::from_random(tenant.clone(), secret).to_text())?;
    }
    for (file, key) in signing(folder)?.keys {
        write_new(&folder.join(format!("{}.pub", file.stem())), &key.verifier().to_text())?;
    }
    let public = folder.join("root.pub");
    if !public.exists() {
        let root = read(&folder.join("root.key"), SigningKey::from_text)?;
        write(&public, &root.verifier().to_text(), 0o644)?;
    }
    Ok(())
}

/// A key that signs, from a file: the root key, wherever it is kept.
///
/// # Errors
/// When the file is not there, is open to others, or holds no such key.
pub fn signing_key(path: &Path) -> Result<SigningKey, KeyringError> {
    read(path, SigningKey::from_text)
}

/// A secret of another kind, from a file that its owner alone may read.
pub(super) fn secret(path: &Path) -> Result<Zeroizing<String>, KeyringError> {
    read_text(path)
}

/// A public key; nothing where the file is not there.
fn public(path: &Path) -> Result<Option<VerifierKey>, KeyringError> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let key = VerifierKey::from_text(text.trim_end());
            key.map(Some).map_err(|fault| KeyringError::Damaged { path: path.to_owned(), fault })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KeyringError::File { path: path.to_owned(), error }),
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
    parse(read_text(path)?.trim_end()).map_err(|fault| KeyringError::Damaged { path: path.to_owned(), fault })
}

fn read_text(path: &Path) -> Result<Zeroizing<String>, KeyringError> {
    let failed = |error| KeyringError::File { path: path.to_owned(), error };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyringError::Open { path: path.to_owned(), mode });
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(failed)
}

/// Writes a public file unless there is one of that name; says whether it did.
fn write_new(path: &Path, text: &str) -> Result<bool, KeyringError> {
    let failed = |error| KeyringError::File { path: path.to_owned(), error };
    let own = path.with_extension(format!("partial-{}", std::process::id()));
    write(&own, text, 0o644)?;
    let linked = fs::hard_link(&own, path);
    fs::remove_file(&own).map_err(failed)?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(error)),
    }
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
