//! Ids as bytes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident = $width:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub [u8; $width]);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fixed;
                impl serde::de::Visitor<'_> for Fixed {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(f, "{} bytes", $width)
                    }
                    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<$name, E> {
                        Ok($name(bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))?))
                    }
                }
                deserializer.deserialize_bytes(Fixed)
            }
        }
    };
}

id! {
    /// A run id: a UUID, 16 bytes.
    RunId = 16
}
id! {
    /// A job, dataset or column.
    NodeId = 16
}
id! {
    /// An event.
    EventId = 32
}
id! {
    /// An alert.
    AlertId = 32
}
