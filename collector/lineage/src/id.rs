//! Ids: run ids for now.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A run id: a UUID, 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RunId(pub [u8; 16]);

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fixed;
        impl serde::de::Visitor<'_> for Fixed {
            type Value = RunId;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "16 bytes")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<RunId, E> {
                Ok(RunId(bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))?))
            }
        }
        deserializer.deserialize_bytes(Fixed)
    }
}
