//! Names of signing keys. Never the key itself.

use std::fmt;

use crate::origin::Origin;

/// Name of a key that signs: not empty, no white space, no `+`, no control character (`c2sp.org/signed-note`), and at
/// most 255 bytes. The name of a tree's checkpoint key is the tree's origin.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(Box<str>);

/// The text is no key name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key name has 1 to 255 bytes, no white space, no '+' and no control character")]
pub struct KeyNameFault;

impl KeyName {
    /// Bytes in the longest name.
    pub const BYTES_MAX: usize = 255;

    /// Reads a name.
    ///
    /// # Errors
    /// [`KeyNameFault`].
    pub fn parse(text: &str) -> Result<Self, KeyNameFault> {
        let formed = text.len() <= Self::BYTES_MAX
            && signed_note::is_key_name_valid(text)
            && !text.chars().any(char::is_control);
        if formed { Ok(Self(text.into())) } else { Err(KeyNameFault) }
    }

    /// Name of the key that signs a tree's checkpoints.
    #[must_use]
    pub fn of_checkpoints(origin: &Origin) -> Self {
        Self(origin.as_str().into())
    }

    /// Name of the key that authorises a tree's key operations: the origin and `#root`. No origin has a `#`, so a root
    /// key can never pass for a checkpoint key.
    #[must_use]
    pub fn of_root(origin: &Origin) -> Self {
        Self(format!("{origin}#root").into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyName({})", self.0)
    }
}

impl serde::Serialize for KeyName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for KeyName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
