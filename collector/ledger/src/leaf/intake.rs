//! Leaves about what intake took in and what it left out.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::hex::Hex;
use super::text::{Label, Topic};

/// Codes that a leaf lists at most.
const CODES_LISTED_MAX: usize = 32;

/// Gaps that a leaf lists at most.
pub const GAPS_LISTED_MAX: usize = 16;

/// What intake rejected for this tenant from one source partition, since the tick before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejections {
    /// The tick, ns UTC.
    pub tick_at_ns: i64,
    /// Where from.
    pub source: SourceSpan,
    /// How many.
    pub count: u64,
    /// How many for each reason.
    pub codes: CodeCounts,
    /// Keyed digest of the list of positions, which the store keeps.
    pub positions_digest: Hex<32>,
}

/// How far one source partition was taken in, since its coverage leaf before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The tick, ns UTC.
    pub tick_at_ns: i64,
    /// Which source partition.
    pub source: Source,
    /// First offset that this leaf covers.
    pub first_offset: u64,
    /// Offset after the last that this leaf covers.
    pub next_offset: u64,
    /// Events recorded.
    pub recorded: u64,
    /// Events that had been recorded before.
    pub duplicate: u64,
    /// Events rejected.
    pub rejected: u64,
    /// Offsets that the source had dropped before intake read them.
    pub gaps: Gaps,
}

/// A partition of an input topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Topic.
    pub topic: Topic,
    /// Partition.
    pub partition: u32,
}

/// A stretch of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSpan {
    /// Topic; `http` or `file` for those channels.
    pub topic: Topic,
    /// Partition; absent for those channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<u32>,
    /// First offset in the list.
    pub first_offset: u64,
    /// Last offset in the list.
    pub last_offset: u64,
}

/// How often each code occurred: the 32 most frequent (of two as frequent, the one that sorts first) in the order of
/// their names, and how often the others did together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CodeCounts {
    listed: Vec<CodeCount>,
    other: u64,
}

/// How often one code occurred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeCount {
    /// The code.
    pub code: Label,
    /// How often.
    pub count: u64,
}

impl CodeCounts {
    /// Takes all counts.
    #[must_use]
    pub fn collect(counts: BTreeMap<Label, u64>) -> Self {
        let mut listed: Vec<CodeCount> = counts.into_iter().map(|(code, count)| CodeCount { code, count }).collect();
        // Stable: among equals the order of names stays.
        listed.sort_by_key(|entry| std::cmp::Reverse(entry.count));
        let rest = listed.split_off(listed.len().min(CODES_LISTED_MAX));
        listed.sort_by(|one, other| one.code.cmp(&other.code));
        Self { listed, other: rest.iter().fold(0, |sum: u64, entry| sum.saturating_add(entry.count)) }
    }

    /// The most frequent, by name.
    #[must_use]
    pub fn listed(&self) -> &[CodeCount] {
        &self.listed
    }

    /// How often the others occurred together.
    #[must_use]
    pub fn other(&self) -> u64 {
        self.other
    }
}

impl<'de> Deserialize<'de> for CodeCounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            listed: Vec<CodeCount>,
            other: u64,
        }
        let Fields { listed, other } = Fields::deserialize(deserializer)?;
        let ordered = listed.windows(2).all(|pair| pair[0].code < pair[1].code);
        let bounded = listed.len() <= CODES_LISTED_MAX && (other == 0 || listed.len() == CODES_LISTED_MAX);
        if ordered && bounded {
            Ok(Self { listed, other })
        } else {
            Err(serde::de::Error::custom("codes out of order"))
        }
    }
}

/// Offsets that are missing from a source: the first 16 stretches, how many there were, and how many offsets in all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Gaps {
    count: u64,
    missing: u64,
    listed: Vec<Gap>,
}

/// Missing offsets, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// First missing offset.
    pub first: u64,
    /// Last missing offset.
    pub last: u64,
}

impl Gaps {
    /// Takes the gaps in order of offset.
    #[must_use]
    pub fn collect(gaps: impl IntoIterator<Item = Gap>) -> Self {
        let mut collected = Self::default();
        for gap in gaps {
            collected.count += 1;
            collected.missing = collected.missing.saturating_add(gap.last.saturating_sub(gap.first).saturating_add(1));
            if collected.listed.len() < GAPS_LISTED_MAX {
                collected.listed.push(gap);
            }
        }
        collected
    }

    /// How many stretches.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many offsets.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// The first stretches.
    #[must_use]
    pub fn listed(&self) -> &[Gap] {
        &self.listed
    }
}

impl<'de> Deserialize<'de> for Gaps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            count: u64,
            missing: u64,
            listed: Vec<Gap>,
        }
        let Fields { count, missing, listed } = Fields::deserialize(deserializer)?;
        if listed.len() as u64 == count.min(GAPS_LISTED_MAX as u64) {
            Ok(Self { count, missing, listed })
        } else {
            Err(serde::de::Error::custom("other gaps than a leaf lists"))
        }
    }
}
