//! Where a signing key lives, as configuration writes it. Owns the forms; opens nothing.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A place of signing keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignerPlace {
    /// `file`: the files of the key folder.
    File,
    /// `env:NAME`: the text of a key file in a variable.
    Variable(String),
    /// `pkcs11:token=…;object=…?module-path=…&pin-source=…` (RFC 7512).
    Pkcs11(Pkcs11Place),
    /// `vault:https://HOST:PORT/MOUNT/KEY?token=…`.
    Vault(VaultPlace),
}

/// A key in an HSM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pkcs11Place {
    /// Label of the token.
    pub token: String,
    /// Label of the key pair.
    pub object: String,
    /// The library of whoever made the HSM.
    pub module: PathBuf,
    /// Where the user's PIN is.
    pub pin: SecretPlace,
}

/// A key of Vault's transit engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultPlace {
    /// `https://HOST:PORT`
    pub url: String,
    /// Where the engine is mounted.
    pub mount: String,
    /// The key.
    pub key: String,
    /// Where the token is.
    pub token: SecretPlace,
}

/// Where a secret is: `env:NAME` or `file:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// A variable.
    Variable(String),
    /// A file that its owner alone may read; read anew each time, so that it may be replaced.
    File(PathBuf),
}

/// The forms, for whoever wrote another one.
pub const SIGNER_FORMS: &str = "write \"file\", \"env:NAME\", \
     \"pkcs11:token=LABEL;object=LABEL?module-path=FILE&pin-source=env:NAME\" or \
     \"vault:https://HOST:PORT/MOUNT/KEY?token=env:NAME\"; a PIN or token comes from env:NAME or file:PATH";

impl FromStr for SignerPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = match text.split_once(':') {
            None if text == "file" => Some(SignerPlace::File),
            Some(("env", name)) => named(name).map(SignerPlace::Variable),
            Some(("pkcs11", rest)) => pkcs11(rest).map(SignerPlace::Pkcs11),
            Some(("vault", rest)) => vault(rest).map(SignerPlace::Vault),
            _ => None,
        };
        read.ok_or_else(|| SIGNER_FORMS.to_owned())
    }
}

fn named(name: &str) -> Option<String> {
    let formed = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    formed.then(|| name.to_owned())
}

fn secret(text: &str) -> Option<SecretPlace> {
    match text.split_once(':')? {
        ("env", name) => named(name).map(SecretPlace::Variable),
        ("file", path) if !path.is_empty() => Some(SecretPlace::File(path.into())),
        _ => None,
    }
}

/// `name=value` pairs, each name once.
fn pairs<'t, const N: usize>(text: &'t str, between: char, names: [&str; N]) -> Option<[&'t str; N]> {
    let mut found = [None; N];
    for pair in text.split(between) {
        let (name, value) = pair.split_once('=')?;
        let at = names.iter().position(|known| *known == name)?;
        if value.is_empty() || found[at].replace(value).is_some() {
            return None;
        }
    }
    let mut values = [""; N];
    for (value, found) in values.iter_mut().zip(found) {
        *value = found?;
    }
    Some(values)
}

fn pkcs11(text: &str) -> Option<Pkcs11Place> {
    let (path, query) = text.split_once('?')?;
    let [token, object] = pairs(path, ';', ["token", "object"])?;
    let [module, pin] = pairs(query, '&', ["module-path", "pin-source"])?;
    Some(Pkcs11Place { token: token.to_owned(), object: object.to_owned(), module: module.into(), pin: secret(pin)? })
}

fn vault(text: &str) -> Option<VaultPlace> {
    let (place, query) = text.split_once('?')?;
    let [token] = pairs(query, '&', ["token"])?;
    let (scheme, rest) = place.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(scheme))?;
    let (host, path) = rest.split_once('/')?;
    let (mount, key) = path.rsplit_once('/')?;
    let plain = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !part.is_empty() && part != ".." && part.bytes().all(allowed)
    };
    let formed = !host.is_empty() && !host.contains('@') && mount.split('/').all(plain) && plain(key);
    formed
        .then(|| VaultPlace {
            url: format!("{scheme}://{host}"),
            mount: mount.to_owned(),
            key: key.to_owned(),
            token: secret(token).unwrap_or(SecretPlace::Variable(String::new())),
        })
        .filter(|place| place.token != SecretPlace::Variable(String::new()))
}

/// As configuration writes it; no secret is in it.
impl fmt::Display for SignerPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::Pkcs11(Pkcs11Place { token, object, module, pin }) => {
                write!(f, "pkcs11:token={token};object={object}?module-path={}&pin-source={pin}", module.display())
            }
            Self::Vault(VaultPlace { url, mount, key, token }) => write!(f, "vault:{url}/{mount}/{key}?token={token}"),
        }
    }
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let vault = "vault:https://vault.example:8200/transit/ledger-1?token=env:VAULT_TOKEN";
        let hsm =
            "pkcs11:token=ledgerline;object=ledger-1?module-path=/usr/lib/hsm.so&pin-source=file:/run/secrets/pin";
        for good in ["file", "env:LEDGER_KEY", hsm, vault, &vault.replace("transit", "team/transit")] {
            assert_eq!(good.parse::<SignerPlace>().map(|place| place.to_string()).as_deref(), Ok(good));
        }
        let bad = [
            "",
            "files",
            "env:",
            "env:A B",
            "vault:",
            "pkcs11:",
            "hsm:x",
            &hsm.replace("token=ledgerline;", ""),
            &hsm.replace("&pin-source=file:/run/secrets/pin", ""),
            &hsm.replace("file:/run/secrets/pin", "1234"),
            &format!("{hsm}&pin-value=1234"),
            &vault.replace("https", "ftp"),
            &vault.replace("env:VAULT_TOKEN", "s.secret"),
            &vault.replace("/transit", ""),
            &vault.replace("ledger-1", "a/../b"),
            &vault.replace("vault.ex", "u@vault.ex"),
        ];
        for bad in bad {
            assert_eq!(bad.parse::<SignerPlace>(), Err(SIGNER_FORMS.to_owned()), "{bad}");
        }
    }
}
