//! A place in the log, in the text form used everywhere: `incarnation/partition/offset[/ordinal]`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;
use std::str::FromStr;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// A record's place: which life of the topic, which partition, which offset; on alerts also which of the records
/// derived from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The topic's incarnation: 1 to 64 letters and digits or `-`, drawn at genesis.
    pub incarnation: String,
    /// Partition of `lineage.events`.
    pub partition: u32,
    /// Offset in the partition.
    pub offset: u64,
    /// Place among the records derived from that offset.
    pub ordinal: Option<u32>,
}

/// The text is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no position; write incarnation/partition/offset")]
pub struct PositionError;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.incarnation, self.partition, self.offset)?;
        match self.ordinal {
            Some(ordinal) => write!(f, "/{ordinal}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Position {
    type Err = PositionError;
    fn from_str(text: &str) -> Result<Self, PositionError> {
        let mut parts = text.split('/');
        let incarnation = parts.next().filter(|part| incarnation_is_sound(part)).ok_or(PositionError)?.to_owned();
        let partition = number(parts.next().ok_or(PositionError)?)?;
        let offset = number(parts.next().ok_or(PositionError)?)?;
        let ordinal = parts.next().map(number).transpose()?;
        match parts.next() {
            None => Ok(Self { incarnation, partition, offset, ordinal }),
            Some(_) => Err(PositionError),
        }
    }
}

fn incarnation_is_sound(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Digits only: `parse` alone would take a sign.
fn number<N: FromStr>(text: &str) -> Result<N, PositionError> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().map_err(|_| PositionError) } else { Err(PositionError) }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl utoipa::PartialSchema for Position {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("incarnation/partition/offset, on alerts with /ordinal"))
            .pattern(Some("^[0-9A-Za-z-]{1,64}/[0-9]+/[0-9]+(/[0-9]+)?$"));
        text.into()
    }
}

impl utoipa::ToSchema for Position {}

impl super::Example for Position {
    fn example() -> Self {
        Self { incarnation: "4f1c9a02e7b35d68".to_owned(), partition: 0, offset: 41, ordinal: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, sound: bool) {
        let parsed = text.parse::<Position>();
        assert_eq!(parsed.is_ok(), sound, "{text}");
        if let Ok(position) = parsed {
            assert_eq!(position.to_string(), text);
        }
    }

    #[test]
    fn one_text_form_and_no_other() {
        check("a/0/0", true);
        check("4f1c-9a/12/18446744073709551615", true);
        check("a/0/0/3", true);
        for wrong in [
            "",
            "a",
            "a/0",
            "a/0/",
            "/0/0",
            "a/+1/0",
            "a/-1/0",
            "a/00/1",
            "a/0/1/2/3",
            "a b/0/0",
            "a/0/18446744073709551616",
        ] {
            check(wrong, false);
        }
    }
}
