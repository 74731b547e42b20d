//! Ids that are digests, and their hexadecimal text: lower case, no separators. Never shortened when written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is {} hexadecimal digits in lower case", .bytes * 2)]
pub struct HexFault {
    /// How many bytes the id has.
    pub bytes: usize,
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0; $bytes * 2];
                write_hex(&self.0, &mut text);
                f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = HexFault;
            fn from_str(text: &str) -> Result<Self, HexFault> {
                let mut bytes = [0; $bytes];
                read_hex(text.as_bytes(), &mut bytes).map(|()| $name(bytes)).ok_or(HexFault { bytes: $bytes })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                fixed(deserializer).map($name)
            }
        }
    };
}

digest!(
    /// An event: equal for events that say the same, so that a redelivery is known.
    EventId,
    32
);
digest!(
    /// A node of the graph.
    NodeId,
    16
);
digest!(
    /// An alert.
    AlertId,
    32
);

fn write_hex(bytes: &[u8], text: &mut [u8]) {
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[byte >> 4, byte & 15].map(|half| b"0123456789abcdef"[half as usize]));
    }
}

/// Exactly as many lower-case digits as the bytes need, or nothing: an id has one text.
fn read_hex(text: &[u8], bytes: &mut [u8]) -> Option<()> {
    let half = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    if text.len() != bytes.len() * 2 {
        return None;
    }
    for (pair, byte) in text.chunks_exact(2).zip(bytes) {
        *byte = half(pair[0])? << 4 | half(pair[1])?;
    }
    Some(())
}

/// Reads exactly `N` bytes.
pub(super) fn fixed<'de, const N: usize, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; N], D::Error> {
    struct Fixed<const N: usize>;
    impl<const N: usize> serde::de::Visitor<'_> for Fixed<N> {
        type Value = [u8; N];
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{N} bytes")
        }
        fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<[u8; N], E> {
            bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
        }
    }
    deserializer.deserialize_bytes(Fixed::<N>)
}
