//! The one encoding of a leaf, and the decoder that takes no other. Never repairs anything.

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Detail, FORMAT, Kind, Leaf};

/// Bytes in the longest leaf.
pub const LEAF_BYTES_MAX: usize = 8 * 1024;

/// Why bytes are no leaf.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafFault {
    /// Over [`LEAF_BYTES_MAX`].
    #[error("a leaf has at most {LEAF_BYTES_MAX} bytes")]
    TooLong,
    /// Of a later format.
    #[error("the leaf is of format {0}; this program reads format {FORMAT}")]
    Format(u32),
    /// Not a leaf of this format.
    #[error("not a leaf: {0}")]
    Malformed(String),
    /// A leaf, but spelled otherwise than we spell it.
    #[error("the leaf is not in canonical encoding")]
    NotCanonical,
}

/// The bytes that are hashed into the tree.
#[must_use]
pub fn encode(leaf: &Leaf) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    encode_into(leaf, &mut bytes);
    bytes
}

/// Appends the bytes of a leaf to `bytes`, for callers that keep a buffer.
pub fn encode_into(leaf: &Leaf, bytes: &mut Vec<u8>) {
    let before = bytes.len();
    serde_json::to_writer(&mut *bytes, leaf).expect("every leaf has a JSON form, and writing to memory can't fail");
    assert!(bytes.len() - before <= LEAF_BYTES_MAX, "field bounds keep a leaf within its bound");
}

/// Reads a leaf, in its one encoding.
///
/// # Errors
/// [`LeafFault`]: these bytes were not written by [`encode`].
pub fn decode(bytes: &[u8]) -> Result<Leaf, LeafFault> {
    if bytes.len() > LEAF_BYTES_MAX {
        return Err(LeafFault::TooLong);
    }
    let leaf: Leaf = serde_json::from_slice(bytes).map_err(|error| fault(bytes, &error))?;
    if encode(&leaf) == bytes { Ok(leaf) } else { Err(LeafFault::NotCanonical) }
}

/// Tells a leaf of another format, which a newer program may read, from bytes that no program will.
fn fault(bytes: &[u8], error: &serde_json::Error) -> LeafFault {
    #[derive(Deserialize)]
    struct Opening {
        format: u32,
    }
    match serde_json::from_slice(bytes) {
        Ok(Opening { format }) if format != FORMAT => LeafFault::Format(format),
        _ => LeafFault::Malformed(error.to_string()),
    }
}

impl Serialize for Leaf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut leaf = serializer.serialize_struct("Leaf", 5)?;
        leaf.serialize_field("format", &FORMAT)?;
        leaf.serialize_field("kind", self.detail.kind().as_str())?;
        leaf.serialize_field("position", &self.position)?;
        leaf.serialize_field("tenant", &self.tenant)?;
        leaf.serialize_field("detail", &self.detail)?;
        leaf.end()
    }
}

impl<'de> Deserialize<'de> for Leaf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

/// Reads the five fields in their order: the kind comes before the detail, which it tells how to read.
struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Leaf;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a leaf")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Leaf, A::Error> {
        if field::<A, u32>(&mut map, "format")? != FORMAT {
            return Err(A::Error::custom("another format"));
        }
        let kind: String = field(&mut map, "kind")?;
        let kind = Kind::parse(&kind).ok_or_else(|| A::Error::custom("no such kind"))?;
        let position = field(&mut map, "position")?;
        let tenant = field(&mut map, "tenant")?;
        key(&mut map, "detail")?;
        let detail: Detail = kind.detail(&mut map)?;
        match map.next_key::<String>()? {
            None => Ok(Leaf { position, tenant, detail }),
            Some(_) => Err(A::Error::custom("a field too many")),
        }
    }
}

fn field<'de, A: MapAccess<'de>, T: Deserialize<'de>>(map: &mut A, name: &'static str) -> Result<T, A::Error> {
    key(map, name)?;
    map.next_value()
}

fn key<'de, A: MapAccess<'de>>(map: &mut A, name: &'static str) -> Result<(), A::Error> {
    match map.next_key::<String>()? {
        Some(key) if key == name => Ok(()),
        _ => Err(A::Error::missing_field(name)),
    }
}
