//! A file of a store, as a manifest names it. Never a path: a name has no place for a separator.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::leaf::Hex;

/// Bytes in the longest file name.
pub const FILE_NAME_BYTES_MAX: usize = 64;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredFile {
    /// Its name in the store's folder.
    pub name: FileName,
    /// Digest of its bytes ([`crate::digest::object_hasher`]), under which it is kept.
    pub digest: Hex<32>,
    /// Its length.
    pub length_bytes: u64,
}

/// Name of a file in a store's folder: 1 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_`, `-`, opening with a letter or digit. So it
/// can name neither another folder nor a hidden file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(Box<str>);

/// The text is no such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a store's file")]
pub struct FileNameFault;

impl FileName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`FileNameFault`].
    pub fn parse(text: &str) -> Result<Self, FileNameFault> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let formed = text.len() <= FILE_NAME_BYTES_MAX
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(allowed);
        if formed { Ok(Self(text.into())) } else { Err(FileNameFault) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl Serialize for FileName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
