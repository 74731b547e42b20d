//! One entry for each rule a file must keep. A new rule is an entry here and a row in `each_rule_can_fail`.

use std::collections::BTreeSet;

use crate::code::{lines_with, without_literals, without_tests};
use crate::source::Source;

/// A rule over one file.
pub struct Rule {
    pub name: &'static str,
    /// What to do about it, for the person who reads the failure.
    pub advice: &'static str,
    /// Whether the file must keep it.
    pub applies: fn(&Source) -> bool,
    pub faults: fn(&Source) -> Vec<Fault>,
}

/// Where a rule is broken; lines count from 1.
pub struct Fault {
    pub line: usize,
}

impl Rule {
    /// One line for every fault, in the form editors jump to.
    pub fn check(&self, source: &Source) -> Vec<String> {
        let describe = |fault: Fault| format!("{}:{}: {}: {}", source.path, fault.line, self.name, self.advice);
        (self.faults)(source).into_iter().map(describe).collect()
    }
}

const LINES_MAX: usize = 400;
const TEST_LINES_MAX: usize = 600;

pub const RULES: &[Rule] = &[
    Rule {
        name: "opening",
        advice: "open the file with `//!`: what it owns and what it never does",
        applies: Source::is_rust,
        faults: |source| if source.text.starts_with("//!") { vec![] } else { vec![Fault { line: 1 }] },
    },
    Rule {
        name: "length",
        advice: "over 400 lines (600 in tests): split it, one noun per file",
        applies: Source::is_rust,
        faults: |source| {
            let lines = source.text.lines().count();
            let lines_max = if source.is_test { TEST_LINES_MAX } else { LINES_MAX };
            if lines > lines_max { vec![Fault { line: lines }] } else { vec![] }
        },
    },
    Rule {
        name: "unfinished",
        advice: "finish it; nothing lands with a hole that panics",
        applies: Source::is_rust,
        faults: |source| with_words(&without_literals(&source.text), &["todo!", "unimplemented!"]),
    },
    Rule {
        name: "unwrap",
        advice: "return the error, or `expect` with the reason why it cannot happen",
        applies: |source| source.is_rust() && !source.is_test,
        faults: |source| with_words(&product_code(source), &[".unwrap()"]),
    },
    Rule {
        name: "pure-names",
        advice: "the pure crates know no runtime, broker, storage or web server",
        applies: is_pure,
        faults: |source| with_words(&without_literals(&source.text), &["tokio", "rdkafka", "rocksdb", "axum"]),
    },
    Rule {
        name: "pure-clock",
        advice: "time enters the pure crates as a value",
        applies: is_pure,
        faults: |source| with_words(&without_literals(&source.text), &["SystemTime", "Instant", "::now"]),
    },
    Rule {
        name: "pure-io",
        advice: "the pure crates do no I/O and look at nothing around them; a caller passes it in",
        applies: |source| is_pure(source) && source.path.contains("/src/") && !source.is_test,
        faults: |source| {
            let outside = ["std::fs", "std::net", "std::env", "std::process", "std::thread"];
            with_words(&product_code(source), &outside)
        },
    },
    Rule {
        name: "machine-path",
        advice: "a path of somebody's machine: take it from the environment or from the repository's root",
        applies: |_| true,
        faults: |source| {
            let holds = |line: &str| MACHINE_PATHS.iter().any(|path| line.contains(path));
            let lines = source.text.lines().enumerate().filter(|(_, line)| holds(line));
            lines.map(|(index, _)| Fault { line: index + 1 }).collect()
        },
    },
];

/// In two pieces each, so that this file keeps the rule.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

/// Rust of the two pure crates.
fn is_pure(source: &Source) -> bool {
    let path = &source.path;
    source.is_rust() && (path.starts_with("collector/lineage/") || path.starts_with("collector/ledger/"))
}

fn product_code(source: &Source) -> String {
    without_tests(&without_literals(&source.text))
}

/// One fault for a line, however many of the words it holds.
fn with_words(code: &str, words: &[&str]) -> Vec<Fault> {
    let lines: BTreeSet<usize> = words.iter().flat_map(|word| lines_with(code, word)).collect();
    lines.into_iter().map(|line| Fault { line }).collect()
}
