//! Short texts with a bound: labels, topics and JSON paths. Lengths are counted as encoded: a character that JSON must
//! escape counts as many bytes as its escape has, for it is the leaf that is bounded, not the text.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The text is too long or has characters that have no place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {0}")]
pub struct TextFault(&'static str);

/// A code or a version: 1 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_`, `+`, `-`, opening with a letter or digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(Box<str>);

/// A Kafka topic's name, or the name of another channel (`http`, `file`): 1 to 249 of `A-Z`, `a-z`, `0-9`, `.`, `_`, `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(Box<str>);

/// A JSON path into an event, at most 256 bytes; a longer one is cut and ends with `…`. Holds names of members and
/// indexes, never values.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Box<str>);

impl Label {
    /// Bytes in the longest.
    pub const BYTES_MAX: usize = 64;

    /// Reads a label.
    ///
    /// # Errors
    /// [`TextFault`].
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
        let formed = text.len() <= Self::BYTES_MAX
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(allowed);
        if formed { Ok(Self(text.into())) } else { Err(TextFault("label")) }
    }
}

impl Topic {
    /// Bytes in the longest; Kafka's own bound.
    pub const BYTES_MAX: usize = 249;

    /// Reads a topic's name.
    ///
    /// # Errors
    /// [`TextFault`].
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let formed = (1..=Self::BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed);
        if formed { Ok(Self(text.into())) } else { Err(TextFault("topic name")) }
    }
}

impl Path {
    /// Encoded bytes of the longest.
    pub const BYTES_MAX: usize = 256;

    const CUT: &str = "…";

    /// Takes any path; one that is too long is cut at a character.
    #[must_use]
    pub fn bounded(text: &str) -> Self {
        if encoded_len(text) <= Self::BYTES_MAX {
            return Self(text.into());
        }
        Self(format!("{}{}", encoded_prefix(text, Self::BYTES_MAX - Self::CUT.len()), Self::CUT).into())
    }

    fn parse(text: &str) -> Result<Self, TextFault> {
        if encoded_len(text) <= Self::BYTES_MAX { Ok(Self(text.into())) } else { Err(TextFault("bounded path")) }
    }
}

/// Bytes that JSON spends on a character.
const fn encoded_char_len(c: char) -> usize {
    match c {
        '"' | '\\' | '\u{8}' | '\t' | '\n' | '\u{c}' | '\r' => 2,
        '\0'..='\u{1f}' => 6,
        _ => c.len_utf8(),
    }
}

/// Bytes that JSON spends on a text, without its quotes.
pub(super) fn encoded_len(text: &str) -> usize {
    text.chars().map(encoded_char_len).sum()
}

/// The longest prefix that JSON spends at most `max` bytes on.
pub(super) fn encoded_prefix(text: &str, max: usize) -> &str {
    let mut spent = 0;
    for (at, c) in text.char_indices() {
        spent += encoded_char_len(c);
        if spent > max {
            return &text[..at];
        }
    }
    text
}

/// Reading, writing and showing, alike for each of the texts.
macro_rules! text {
    ($($type:ident),*) => {$(
        impl $type {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

text!(Label, Topic, Path);
