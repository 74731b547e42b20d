//! What intake noticed about an event, as much of it as fits: codes and places, never a value.

use serde::{Deserialize, Deserializer, Serialize};

use super::text::{Label, Path, TextFault, encoded_len};

/// Findings that a leaf lists at most.
pub const FINDINGS_LISTED_MAX: usize = 32;

/// Encoded bytes of codes and paths that a leaf lists at most.
const LISTED_BYTES_MAX: usize = 4_800;

/// The findings of one event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    count: u64,
    listed: Vec<Finding>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What was noticed.
    pub code: Label,
    /// Where.
    pub path: Path,
}

impl Findings {
    /// Takes findings as (code, path), in the order of the envelope. Lists them until 32 are listed, or until the next
    /// would take codes and paths together over 4,800 bytes; counts all.
    ///
    /// # Errors
    /// [`TextFault`] for a code that is no label.
    pub fn collect<'a>(findings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, TextFault> {
        let mut collected = Self::default();
        let mut room = Some(LISTED_BYTES_MAX);
        for (code, path) in findings {
            let finding = Finding { code: Label::parse(code)?, path: Path::bounded(path) };
            collected.count += 1;
            room = room.and_then(|room| room.checked_sub(finding.encoded_len()));
            if room.is_some() && collected.listed.len() < FINDINGS_LISTED_MAX {
                collected.listed.push(finding);
            }
        }
        Ok(collected)
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Those that are listed: all, or the first of them.
    #[must_use]
    pub fn listed(&self) -> &[Finding] {
        &self.listed
    }

    fn is_bounded(&self) -> bool {
        self.listed.len() <= FINDINGS_LISTED_MAX
            && self.listed.len() as u64 <= self.count
            && self.listed.iter().map(Finding::encoded_len).sum::<usize>() <= LISTED_BYTES_MAX
    }
}

impl Finding {
    fn encoded_len(&self) -> usize {
        self.code.as_str().len() + encoded_len(self.path.as_str())
    }
}

impl<'de> Deserialize<'de> for Findings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            count: u64,
            listed: Vec<Finding>,
        }
        let Fields { count, listed } = Fields::deserialize(deserializer)?;
        let findings = Self { count, listed };
        if findings.is_bounded() {
            Ok(findings)
        } else {
            Err(serde::de::Error::custom("more findings than a leaf lists"))
        }
    }
}
