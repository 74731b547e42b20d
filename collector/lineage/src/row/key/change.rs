//! What can become of a dataset as such, by number.

use super::part::Part;

/// A `lifecycleStateChange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LifeChange {
    /// Its shape changed.
    Alter = 1,
    /// It came into being.
    Create = 2,
    /// It is gone.
    Drop = 3,
    /// All of it was replaced.
    Overwrite = 4,
    /// It has another name.
    Rename = 5,
    /// It was emptied.
    Truncate = 6,
}

impl LifeChange {
    /// Every one, in the order of its number.
    pub const ALL: [LifeChange; 6] = [
        LifeChange::Alter,
        LifeChange::Create,
        LifeChange::Drop,
        LifeChange::Overwrite,
        LifeChange::Rename,
        LifeChange::Truncate,
    ];

    /// As OpenLineage names it.
    pub fn name(self) -> &'static str {
        match self {
            LifeChange::Alter => "ALTER",
            LifeChange::Create => "CREATE",
            LifeChange::Drop => "DROP",
            LifeChange::Overwrite => "OVERWRITE",
            LifeChange::Rename => "RENAME",
            LifeChange::Truncate => "TRUNCATE",
        }
    }

    /// The one with this name.
    pub fn of(name: &str) -> Option<LifeChange> {
        LifeChange::ALL.into_iter().find(|change| change.name() == name)
    }
}

impl Part<1> for LifeChange {
    fn part(&self) -> [u8; 1] {
        [*self as u8]
    }
    fn whole([byte]: [u8; 1]) -> Option<Self> {
        LifeChange::ALL.into_iter().find(|change| *change as u8 == byte)
    }
}
