//! Parts of fixed width, of which most keys are made.

use super::NewestFirst;
use crate::id::{AlertId, NodeId, RunId};
use crate::row::FlowId;

/// Takes `N` bytes off the front.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk::<N>()?;
    *bytes = tail;
    Some(*head)
}

/// A part of fixed width.
pub(in crate::row) trait Part<const N: usize>: Sized {
    fn part(&self) -> [u8; N];
    fn whole(bytes: [u8; N]) -> Option<Self>;
}

macro_rules! id_part {
    ($($type:ident = $width:literal),+) => {
        $(impl Part<$width> for $type {
            fn part(&self) -> [u8; $width] {
                self.0
            }
            fn whole(bytes: [u8; $width]) -> Option<Self> {
                Some($type(bytes))
            }
        })+
    };
}
id_part!(RunId = 16, NodeId = 16, FlowId = 16, AlertId = 32, NewestFirst = 8, ProducerId = 16, Digest = 16);

/// A producer without its version: what "the same producer" means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ProducerId(pub [u8; 16]);

/// Digest of a facet's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Digest(pub [u8; 16]);
