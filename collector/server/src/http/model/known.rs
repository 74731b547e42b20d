//! How fresh an answer is, and how fresh a caller wants it.

use super::Position;
use std::str::FromStr;

/// What the store held when it answered; sent as the headers `Ledgerline-Size` and `Ledgerline-Position`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Leaves in the tenant's tree.
    pub size: u64,
    /// The last record applied; `None` before the first.
    pub position: Option<Position>,
}

/// `?at_least=`: a ledger size or a position that the answer must cover, so that a caller reads its own writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtLeast {
    /// Leaves in the tree.
    Size(u64),
    /// A record applied.
    Position(Position),
}

/// Whether a store covers what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covers {
    /// It does.
    Yes,
    /// Not yet.
    NotYet,
    /// It never will: the position belongs to another life of the topic.
    OtherIncarnation,
}

impl Known {
    /// Compares with `wanted`. A position of another partition than the tenant's own can't be waited for and
    /// counts as another life, as does another incarnation.
    pub fn covers(&self, wanted: &AtLeast) -> Covers {
        match (wanted, &self.position) {
            (AtLeast::Size(size), _) if self.size >= *size => Covers::Yes,
            (AtLeast::Size(_), _) | (AtLeast::Position(_), None) => Covers::NotYet,
            (AtLeast::Position(wanted), Some(own)) => {
                if (&wanted.incarnation, wanted.partition) != (&own.incarnation, own.partition) {
                    Covers::OtherIncarnation
                } else if own.offset >= wanted.offset {
                    Covers::Yes
                } else {
                    Covers::NotYet
                }
            }
        }
    }
}

impl FromStr for AtLeast {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(size) = text.parse() {
            return Ok(Self::Size(size));
        }
        text.parse().map(Self::Position).map_err(|_| "is neither a ledger size nor a position".to_owned())
    }
}
