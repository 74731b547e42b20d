//! What has become of a group, as the timeline of its job lists it.

use super::part::Part;

/// What a group of [`Table::Timeline`] is; the order of the numbers is not meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// Succeeded without extraction error, declaring neither side; its time is the group's end.
    CleanNone = 1,
    /// … declaring inputs only.
    CleanInputs = 2,
    /// … declaring outputs only.
    CleanOutputs = 3,
    /// … declaring both.
    CleanBoth = 4,
    /// Succeeded, with an extraction error: it confirms, and retires nothing.
    Partial = 5,
    /// Ended without success.
    Unsuccessful = 6,
    /// Not ended; its time is the group's start.
    Open = 7,
    /// Succeeded without extraction error, naming what intake guessed, on a side that it then need not declare. Comes on top
    /// of the group's other class.
    Inferring = 8,
}

impl Part<1> for Class {
    fn part(&self) -> [u8; 1] {
        [*self as u8]
    }
    fn whole([byte]: [u8; 1]) -> Option<Self> {
        Some(match byte {
            1 => Class::CleanNone,
            2 => Class::CleanInputs,
            3 => Class::CleanOutputs,
            4 => Class::CleanBoth,
            5 => Class::Partial,
            6 => Class::Unsuccessful,
            7 => Class::Open,
            8 => Class::Inferring,
            _ => return None,
        })
    }
}
