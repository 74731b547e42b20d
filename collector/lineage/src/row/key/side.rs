//! On which side of a job a dataset stands.

use super::part::Part;

/// A side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Side {
    /// It is read.
    Input = 1,
    /// It is written.
    Output = 2,
}

impl Side {
    /// The other side.
    pub fn opposite(self) -> Side {
        match self {
            Side::Input => Side::Output,
            Side::Output => Side::Input,
        }
    }
}

impl Part<1> for Side {
    fn part(&self) -> [u8; 1] {
        [*self as u8]
    }
    fn whole([byte]: [u8; 1]) -> Option<Self> {
        Some(match byte {
            1 => Side::Input,
            2 => Side::Output,
            _ => return None,
        })
    }
}
