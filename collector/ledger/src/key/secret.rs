//! The secrets themselves: 32 bytes that are overwritten when dropped, and texts that hold them.
//! Never shown, compared or copied into anything that is not overwritten too.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::{Zeroize, Zeroizing};

use super::KeyFault;
use crate::digest;
use crate::leaf::Hex;

/// 32 secret bytes.
#[derive(Clone)]
pub(super) struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    pub(super) fn new(mut bytes: [u8; 32]) -> Self {
        let secret = Self(Zeroizing::new(bytes));
        bytes.zeroize();
        secret
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A key as text, to be written to a file that its owner alone may read. Overwritten when dropped; `Debug` hides it.
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    pub(super) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, one line without its end.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText(..)")
    }
}

/// Text of a symmetric key: `<kind>+<owner>+<check, 8 hex digits>+<base64 of the 32 bytes>`. The check value is the
/// keyed digest of kind and owner, cut to 4 bytes: a file that was damaged, or renamed by hand to another owner, shows.
pub(super) fn write(kind: &str, owner: &str, secret: &Secret) -> SecretText {
    let mut data = BASE64_STANDARD.encode(secret.bytes());
    let text = format!("{kind}+{owner}+{}+{data}", check(kind, owner, secret));
    data.zeroize();
    SecretText::new(text)
}

/// Reads what [`write`] wrote: the owner and the secret. One line end after it is allowed, as files have it.
pub(super) fn read<'a>(kind: &str, text: &'a str) -> Result<(&'a str, Secret), KeyFault> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let rest = line.strip_prefix(kind).and_then(|rest| rest.strip_prefix('+')).ok_or(KeyFault::Malformed)?;
    let (owner, rest) = rest.split_once('+').ok_or(KeyFault::Malformed)?;
    let (claimed, data) = rest.split_once('+').ok_or(KeyFault::Malformed)?;
    let data = Zeroizing::new(BASE64_STANDARD.decode(data).map_err(|_| KeyFault::Malformed)?);
    let secret = Secret::new(data.as_slice().try_into().map_err(|_| KeyFault::Malformed)?);
    match () {
        () if check(kind, owner, &secret).to_string() != claimed => Err(KeyFault::Id),
        () if write(kind, owner, &secret).expose() != line => Err(KeyFault::Malformed),
        () => Ok((owner, secret)),
    }
}

fn check(kind: &str, owner: &str, secret: &Secret) -> Hex<4> {
    let digest = digest::keyed(secret.bytes(), digest::KEY_CHECK, &[kind.as_bytes(), owner.as_bytes()]);
    Hex([digest[0], digest[1], digest[2], digest[3]])
}
