//! The witness's own key, in its folder: `witness.key`, one line, readable by its owner alone. Made at the first start.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ledger::key::{KeyName, SigningKey};
use zeroize::Zeroizing;

use super::WitnessError;
use crate::random::Random;

/// Reads the key that is there, or makes one under `name`. The text is that of any Ed25519 key of a note, as other witnesses
/// take it; what it signs here are cosignatures alone.
pub(super) fn load(folder: &Path, name: Option<&KeyName>, random: &dyn Random) -> Result<SigningKey, WitnessError> {
    let path = folder.join("witness.key");
    let failed = |error| WitnessError::File { path: path.clone(), error };
    let mode = match std::fs::metadata(&path) {
        Ok(found) => found.permissions().mode() & 0o777,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut seed = [0; 32];
            random.fill(&mut seed);
            let key = SigningKey::from_seed(name.cloned().ok_or(WitnessError::Unnamed)?, seed);
            let line = Zeroizing::new(format!("{}\n", key.to_text().expose()));
            store::replace_durably(&path, line.as_bytes(), 0o600).map_err(failed)?;
            return Ok(key);
        }
        Err(error) => return Err(failed(error)),
    };
    if mode & 0o077 != 0 {
        return Err(WitnessError::Open { path, mode });
    }
    let text = Zeroizing::new(std::fs::read_to_string(&path).map_err(failed)?);
    let key = SigningKey::from_text(&text).map_err(|fault| WitnessError::Key { path: path.clone(), fault })?;
    match name {
        Some(name) if name != key.verifier().name() => {
            Err(WitnessError::Renamed { path, is: key.verifier().name().clone() })
        }
        _ => Ok(key),
    }
}
