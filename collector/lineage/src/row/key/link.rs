//! How two nodes that an edge joins stand to one another.

use super::part::Part;

/// How the other node of an edge stands to this one. 2 and 4 stay reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[repr(u8)]
pub enum Link {
    /// This dataset is read by that job, or by that dataset's own declaration. (What a job reads is in its flows.)
    ReadBy = 1,
    /// This dataset is written by that job, or says itself what it is made of.
    WrittenBy = 3,
    /// This job runs before that job.
    Before = 5,
    /// This job runs after that job.
    After = 6,
    /// This job's runs are parents of that job's.
    ParentOf = 7,
    /// This job's runs are children of that job's.
    ChildOf = 8,
    /// This dataset calls itself that, too.
    Alias = 9,
    /// That dataset calls itself this.
    AliasOf = 10,
    /// This dataset had that name before.
    RenamedFrom = 11,
    /// This name became that one.
    RenamedTo = 12,
}

impl Part<1> for Link {
    fn part(&self) -> [u8; 1] {
        [*self as u8]
    }
    fn whole([byte]: [u8; 1]) -> Option<Self> {
        Some(match byte {
            1 => Link::ReadBy,
            3 => Link::WrittenBy,
            5 => Link::Before,
            6 => Link::After,
            7 => Link::ParentOf,
            8 => Link::ChildOf,
            9 => Link::Alias,
            10 => Link::AliasOf,
            11 => Link::RenamedFrom,
            12 => Link::RenamedTo,
            _ => return None,
        })
    }
}
