//! Fixed bytes as a leaf spells them: lower-case hex, and run ids as UUIDs. Never upper case, never a prefix.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `N` bytes, spelled as 2 × `N` lower-case hex digits. `N` is at most 32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex<const N: usize>(pub [u8; N]);

/// A run id: a UUID, spelled in lower case with hyphens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub [u8; 16]);

/// The text is not the one spelling of such bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not lower-case hex of the right length")]
pub struct HexFault;

/// Digits of the longest value.
const DIGITS_MAX: usize = 64;

impl<const N: usize> Hex<N> {
    /// Reads lower-case hex digits.
    ///
    /// # Errors
    /// [`HexFault`].
    pub fn parse(text: &str) -> Result<Self, HexFault> {
        let mut bytes = [0; N];
        let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match ::hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if lower => Ok(Self(bytes)),
            _ => Err(HexFault),
        }
    }

    fn with_digits<T>(&self, then: impl FnOnce(&str) -> T) -> T {
        let mut digits = [0; DIGITS_MAX];
        let digits = &mut digits[..2 * N];
        ::hex::encode_to_slice(self.0, digits).expect("there is room for two digits a byte");
        then(std::str::from_utf8(digits).expect("hex digits are ASCII"))
    }
}

impl RunId {
    /// Where the hyphens stand.
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];

    /// Reads the lower-case, hyphenated form.
    ///
    /// # Errors
    /// [`HexFault`].
    pub fn parse(text: &str) -> Result<Self, HexFault> {
        let hyphens = Self::HYPHENS.iter().all(|at| text.as_bytes().get(*at) == Some(&b'-'));
        if text.len() != 36 || !hyphens {
            return Err(HexFault);
        }
        Hex::parse(&text.replace('-', "")).map(|hex: Hex<16>| Self(hex.0))
    }

    fn with_text<T>(self, then: impl FnOnce(&str) -> T) -> T {
        Hex(self.0).with_digits(|digits| {
            let mut text = [b'-'; 36];
            let mut digits = digits.bytes();
            for (at, byte) in text.iter_mut().enumerate() {
                if !Self::HYPHENS.contains(&at) {
                    *byte = digits.next().expect("36 places less four hyphens are 32 digits");
                }
            }
            then(std::str::from_utf8(&text).expect("hex digits and hyphens are ASCII"))
        })
    }
}

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_digits(|digits| f.write_str(digits))
    }
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_digits(|digits| f.write_str(digits))
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_digits(|digits| serializer.serialize_str(digits))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
