//! Run ids: UUIDs in the one form that clients send, of any case; written in lower case. Never made here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A run id: a UUID of any version, 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub [u8; 16]);

/// Why a text is not a run id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a run id is a UUID: 32 hexadecimal digits in groups of 8-4-4-4-12")]
pub struct RunIdFault;

/// Where the digits of each byte stand in the text.
const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl FromStr for RunId {
    type Err = RunIdFault;

    fn from_str(text: &str) -> Result<RunId, RunIdFault> {
        let text: &[u8; 36] = text.as_bytes().try_into().map_err(|_| RunIdFault)?;
        if HYPHENS.iter().any(|&at| text[at] != b'-') {
            return Err(RunIdFault);
        }
        let mut bytes = [0; 16];
        for (byte, at) in bytes.iter_mut().zip(PAIRS) {
            *byte = half(text[at]).zip(half(text[at + 1])).map(|(high, low)| high << 4 | low).ok_or(RunIdFault)?;
        }
        Ok(RunId(bytes))
    }
}

fn half(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'-'; 36];
        for (byte, at) in self.0.iter().zip(PAIRS) {
            text[at..at + 2].copy_from_slice(&[byte >> 4, byte & 15].map(|half| b"0123456789abcdef"[half as usize]));
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunId({self})")
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RunId, D::Error> {
        super::digest::fixed(deserializer).map(RunId)
    }
}
