//! What builds of this software differ in while they work side by side: the envelope versions they read and write, and the rules
//! they judge by. Owns these numbers of this build; two others stand here for the tests that upgrade one into the other.

use lineage::{frame, rule};
use store::failpoint;

/// A build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// The newest envelope version that it reads, and the one that it writes once all owners read it.
    pub envelope_version: u16,
    /// Generation of its rule code: counts changes of what the rules derive, from 1.
    pub generation: u32,
    /// Ids of its rules.
    pub rules: &'static [&'static str],
}

impl Build {
    /// This build.
    pub const THIS: Self = Self { envelope_version: frame::VERSION, generation: 1, rules: &rule::IDS };

    /// This build, unless a test makes the process one of two others: the failpoint `build.former` or `build.next`. They differ in
    /// both numbers, and each has a rule that the other lacks.
    pub fn current() -> Self {
        if failpoint::hit("build.former") {
            return Self { envelope_version: 1, generation: 1, rules: &["failed-run"] };
        }
        if failpoint::hit("build.next") {
            return Self { envelope_version: 2, generation: 2, rules: &["conflicting-duplicate"] };
        }
        Self::THIS
    }

    /// The envelope versions that it reads, ascending.
    pub fn reads(self) -> Vec<u16> {
        (frame::OLDEST..=self.envelope_version).collect()
    }
}
