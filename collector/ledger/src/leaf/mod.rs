//! Leaves: what a tree records, one small JSON text each. `docs/ledger-format.md` and `schemas/ledgerline/Leaf.avsc` say
//! what every field means; here are the types and the one encoding.
//! Never holds a value out of a payload, and never reads two spellings of one leaf.
//!
//! The encoding: JSON, keys in the order of the schema, an absent optional left out, no white space, integers only, and
//! the least escapes (`\"`, `\\`, `\b`, `\t`, `\n`, `\f`, `\r`, and `\u00xx` in lower case for the other control
//! characters). Types bound every field, so that no leaf exceeds [`LEAF_BYTES_MAX`].

mod codec;
mod control;
mod event;
mod findings;
mod genesis;
mod hex;
mod intake;
mod name;
mod outside;
mod text;
mod upkeep;

pub use codec::{LEAF_BYTES_MAX, LeafFault, decode, encode, encode_into};
pub use control::{
    Artefacts, Control, KeyAction, KeyOperation, KeyPurpose, Outcome, SIGNATURES_LISTED_MAX, SignatureCheck, Signatures,
};
pub use event::{Event, Mode, SourcePosition, Subject, Verdict};
pub use findings::{FINDINGS_LISTED_MAX, Finding, Findings};
pub use genesis::{Genesis, Previous};
pub use hex::{Hex, HexFault, RunId};
pub use intake::{CodeCount, CodeCounts, Coverage, GAPS_LISTED_MAX, Gap, Gaps, Rejections, Source, SourceSpan};
pub use name::{JobName, LongName, NAME_BYTES_MAX, NAME_PREFIX_BYTES_MAX, Name, QualifiedName};
pub use outside::{Foreign, Refused, Unappliable, record_digest};
pub use text::{Label, Path, TextFault, Topic};
pub use upkeep::{AuditedRead, CheckFault, CheckScope, Decision, Heartbeat, IntegrityCheck, Snapshot, SnapshotAction};

use crate::tenant::Tenant;

/// Version of this format, the first field of every leaf.
pub const FORMAT: u32 = 1;

/// One leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The record of `lineage.events` that it was made from.
    pub position: Position,
    /// The tenant whose tree it is in.
    pub tenant: Tenant,
    /// What happened.
    pub detail: Detail,
}

/// A place in `lineage.events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Which life of the topic: drawn once, in the partition's genesis record.
    pub incarnation: Hex<16>,
    /// Partition.
    pub partition: u32,
    /// Offset.
    pub offset: u64,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.incarnation, self.partition, self.offset)
    }
}

/// Writes `Detail`, `Kind` and the ways between them, so that a kind is named once.
macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// What a leaf records.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(clippy::large_enum_variant, reason = "the largest is the event, which nearly every leaf is")]
        pub enum Detail {
            $($(#[doc = $doc])* $variant($variant),)*
        }

        /// The kinds of leaf. A name is never reused for something else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in the leaf.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Reads a name.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($name => Some(Self::$variant),)* _ => None }
            }

            fn detail<'de, A: serde::de::MapAccess<'de>>(self, map: &mut A) -> Result<Detail, A::Error> {
                match self { $(Self::$variant => map.next_value().map(Detail::$variant),)* }
            }
        }

        impl Detail {
            /// Its kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$variant(_) => Kind::$variant,)* }
            }
        }

        impl serde::Serialize for Detail {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$variant(detail) => detail.serialize(serializer),)* }
            }
        }

        $(impl From<$variant> for Detail {
            fn from(detail: $variant) -> Self {
                Self::$variant(detail)
            }
        })*
    };
}

kinds! {
    /// Leaf 0 of every tree.
    Genesis = "genesis",
    /// An accepted OpenLineage event.
    Event = "event",
    /// A control record other than one about keys, applied or refused.
    Control = "control",
    /// A control record about a key, applied or refused.
    KeyOperation = "key_operation",
    /// What intake rejected from one source partition since the tick before.
    Rejections = "rejections",
    /// How far one source partition was taken in.
    Coverage = "coverage",
    /// A signed copy of a store: made, checked, used or given up.
    Snapshot = "snapshot",
    /// A check of the record against itself.
    IntegrityCheck = "integrity_check",
    /// Someone read what reading rules cover.
    AuditedRead = "audited_read",
    /// The tree was idle for a day.
    Heartbeat = "heartbeat",
    /// A record without our magic.
    Foreign = "foreign",
    /// A record with our magic that is not to be trusted.
    Refused = "refused",
    /// A trusted record that can't be applied.
    Unappliable = "unappliable",
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod schema_test;
#[cfg(test)]
mod tests;
