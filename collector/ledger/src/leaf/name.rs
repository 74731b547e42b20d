//! Names of jobs and datasets as a leaf holds them: whole while they are short, else a prefix and a keyed digest.
//! Never lets a long name pass for a short one: the two are different JSON types.

use serde::{Deserialize, Deserializer, Serialize};

use super::hex::Hex;
use super::text::{encoded_len, encoded_prefix};
use crate::digest;
use crate::key::IdentityKey;

/// Encoded bytes of the longest name that stands whole.
pub const NAME_BYTES_MAX: usize = 512;

/// Encoded bytes of the longest prefix of a name that does not.
pub const NAME_PREFIX_BYTES_MAX: usize = 480;

/// Encoded bytes of the longest character: `\u00xx`. A prefix falls short of its bound by less than that.
const CHAR_BYTES_MAX: usize = 6;

/// A name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(Form);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Whole(Box<str>),
    Long(LongName),
}

/// What stands for a name of more than 512 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongName {
    prefix: Box<str>,
    digest: Hex<32>,
}

impl Name {
    /// Takes any name. One of more than 512 encoded bytes is cut at a character, 480 encoded bytes in at most, and the
    /// whole of it goes into a digest under the tenant's identity key.
    #[must_use]
    pub fn bounded(text: &str, key: &IdentityKey) -> Self {
        if encoded_len(text) <= NAME_BYTES_MAX {
            return Self(Form::Whole(text.into()));
        }
        Self(Form::Long(LongName {
            prefix: encoded_prefix(text, NAME_PREFIX_BYTES_MAX).into(),
            digest: Hex(key.digest(digest::LONG_NAME, &[text.as_bytes()])),
        }))
    }

    /// The name where it stands whole.
    #[must_use]
    pub fn whole(&self) -> Option<&str> {
        match &self.0 {
            Form::Whole(text) => Some(text),
            Form::Long(_) => None,
        }
    }

    /// What can be shown of it: the name, or its prefix.
    #[must_use]
    pub fn shown(&self) -> &str {
        match &self.0 {
            Form::Whole(text) => text,
            Form::Long(long) => &long.prefix,
        }
    }

    /// Whether this is how a leaf holds `text`.
    #[must_use]
    pub fn stands_for(&self, text: &str, key: &IdentityKey) -> bool {
        *self == Self::bounded(text, key)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(deserializer)?;
        let bounded = match &form {
            Form::Whole(text) => encoded_len(text) <= NAME_BYTES_MAX,
            // Only a character that did not fit whole keeps a prefix from its bound.
            Form::Long(long) => (NAME_PREFIX_BYTES_MAX - CHAR_BYTES_MAX + 1..=NAME_PREFIX_BYTES_MAX)
                .contains(&encoded_len(&long.prefix)),
        };
        if bounded { Ok(Self(form)) } else { Err(serde::de::Error::custom("a name of the wrong length")) }
    }
}

/// Name of a job or dataset within its namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualifiedName {
    /// Namespace.
    pub namespace: Name,
    /// Name.
    pub name: Name,
}

/// A job's name.
pub type JobName = QualifiedName;

impl QualifiedName {
    /// Bounds both parts; see [`Name::bounded`].
    #[must_use]
    pub fn bounded(namespace: &str, name: &str, key: &IdentityKey) -> Self {
        Self { namespace: Name::bounded(namespace, key), name: Name::bounded(name, key) }
    }
}
