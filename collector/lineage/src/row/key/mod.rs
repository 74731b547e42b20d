//! Table numbers and key bytes, named once; a number that was released is never used for anything else.
//! Owns the order of keys: fixed-width ids, big-endian times (inverted where the newest comes first), terminated text.

mod change;
mod class;
mod fixed;
mod link;
mod name;
mod part;
mod side;
mod table;
mod text;
mod time;

pub use change::LifeChange;
pub use class::Class;
pub use fixed::{
    AlertKey, ChangeKey, ChildKey, ContentKey, DeclarationKey, EdgeKey, FlowGroupKey, FlowKey, GroupKey, HistoryKey,
    MemberKey, NodeKey, OpenAlertKey, RunKey, TimelineKey, UseKey,
};
pub use link::Link;
pub use name::{Index, NameKey};
pub(super) use part::Part;
pub use part::{Digest, ProducerId};
pub use side::Side;
pub use table::Table;
pub use text::{TEXT_BYTES_MAX, open_text, terminated};
pub use time::{NewestFirst, newest_first, time_of};

use smallvec::SmallVec;

/// Bytes of a key or of the beginning of one.
pub type KeyBytes = SmallVec<[u8; 72]>;

/// A key of one table.
pub trait Key: Sized {
    /// Its bytes.
    fn bytes(&self) -> KeyBytes;
    /// Reads its bytes; `None` when they are not such a key.
    fn parse(bytes: &[u8]) -> Option<Self>;
}

/// Strings the parts together: the beginning of a key.
pub fn prefix(parts: &[&[u8]]) -> KeyBytes {
    let mut bytes = KeyBytes::new();
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}
