//! The merged keys and what became of them: each is taken once, faults are gathered, leftovers are unknown keys.

use super::parse::Parse;
use super::print::{Setting, is_secret_as_written};
use super::source::{Entry, Written, file_entries, variable_entries};
use super::{Fault, Origin, Sources};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// Sections whose keys are names chosen by the user; under them nothing is unknown.
const OPEN_SECTIONS: [&str; 6] =
    ["ledger.signers.", "kafka.", "intake.tenants.", "snapshots.options.", "telemetry.otlp_headers.", "witnesses."];

/// Reads keys in the order of the sections and remembers all that is needed to explain the result.
pub(super) struct Keys {
    written: BTreeMap<String, (Written, Origin)>,
    origins: BTreeMap<String, Origin>,
    known: Vec<String>,
    settings: Vec<Setting>,
    faults: Vec<Fault>,
}

impl Keys {
    /// Merges the sources; the later one wins, key by key.
    pub(super) fn merge(sources: &Sources) -> Self {
        let mut keys = Self {
            written: BTreeMap::new(),
            origins: BTreeMap::new(),
            known: Vec::new(),
            settings: Vec::new(),
            faults: Vec::new(),
        };
        if let Some((path, text)) = &sources.file {
            match file_entries(path, text) {
                Ok(entries) => keys.lay(entries),
                Err(fault) => keys.faults.push(fault),
            }
        }
        keys.lay(variable_entries(&sources.environment));
        keys.lay(
            sources
                .flags
                .iter()
                .map(|(flag, key, value)| (key.clone(), Written::Text(value.clone()), Origin::Flag(flag.clone()))),
        );
        keys
    }

    fn lay(&mut self, entries: impl IntoIterator<Item = Entry>) {
        for (key, written, origin) in entries {
            self.written.insert(key, (written, origin));
        }
    }

    /// The value of `key`, or its default. A value that can't be read is a fault, and the default stands in so that
    /// reading goes on.
    pub(super) fn take<T: Parse>(&mut self, key: &str, default: T) -> T {
        self.taken(key, default, |_| Ok(()))
    }

    /// A number within inclusive bounds.
    pub(super) fn bounded<T: Parse + PartialOrd + Display + Copy>(
        &mut self,
        key: &str,
        default: T,
        bounds: RangeInclusive<T>,
    ) -> T {
        self.taken(key, default, |value| match bounds.contains(value) {
            true => Ok(()),
            false => Err(format!("must lie between {} and {}", bounds.start(), bounds.end())),
        })
    }

    /// A value that must pass `check`, which says in words what it wants.
    pub(super) fn taken<T: Parse>(&mut self, key: &str, default: T, check: impl Fn(&T) -> Result<(), String>) -> T {
        self.known.push(key.to_owned());
        let (value, origin) = match self.written.remove(key) {
            None => (default, Origin::Default),
            Some((written, origin)) => {
                self.origins.insert(key.to_owned(), origin.clone());
                match T::parse(&written).and_then(|value| check(&value).map(|()| value)) {
                    Ok(value) => (value, origin),
                    Err(wanted) => {
                        let seen = seen(key, &written);
                        self.fault(key, format!("can't be {seen}"), wanted);
                        (default, origin)
                    }
                }
            }
        };
        self.settings.push(Setting { key: key.to_owned(), value: value.shown(), origin });
        value
    }

    /// Every key below `section.`, with the section's name cut off; used where users choose the names.
    pub(super) fn take_all<T: Parse>(&mut self, section: &str) -> Vec<(String, T)> {
        let prefix = format!("{section}.");
        let names: Vec<String> =
            self.written.keys().filter_map(|key| key.strip_prefix(&prefix)).map(str::to_owned).collect();
        let mut taken = Vec::with_capacity(names.len());
        for name in names {
            let key = format!("{prefix}{name}");
            let Some((written, origin)) = self.written.remove(&key) else { continue };
            self.origins.insert(key.clone(), origin.clone());
            match T::parse(&written) {
                Ok(value) => {
                    self.settings.push(Setting { key, value: value.shown(), origin });
                    taken.push((name, value));
                }
                Err(wanted) => {
                    let seen = seen(&key, &written);
                    self.fault(&key, format!("can't be {seen}"), wanted);
                }
            }
        }
        taken
    }

    /// Adds a fault at wherever `key` was set.
    pub(super) fn fault(&mut self, key: &str, what: String, remedy: String) {
        let origin = self.origins.get(key).cloned().unwrap_or(Origin::Default);
        self.faults.push(Fault { origin, key: key.to_owned(), what, remedy });
    }

    /// What was read and what was wrong; keys that nobody asked for are faults.
    pub(super) fn finish(mut self) -> (Vec<Setting>, Vec<Fault>) {
        for (key, (_, origin)) in std::mem::take(&mut self.written) {
            let remedy = match nearest(&key, &self.known) {
                Some(known) => format!("did you mean {known}?"),
                None => "remove it; docs/configuration.md lists every key".to_owned(),
            };
            self.faults.push(Fault { origin, key, what: "is no known key".to_owned(), remedy });
        }
        let order = |origin: &Origin| match origin {
            Origin::File { line, .. } => (0, *line, String::new()),
            Origin::Variable(name) => (1, 0, name.clone()),
            Origin::Flag(name) => (2, 0, name.clone()),
            Origin::Default => (3, 0, String::new()),
        };
        self.faults.sort_by_key(|fault| order(&fault.origin));
        (self.settings, self.faults)
    }
}

/// The value as a fault may quote it.
fn seen(key: &str, written: &Written) -> String {
    if is_secret_as_written(key) { "the value given".to_owned() } else { written.shown() }
}

/// The known key that differs in the fewest letters, if it is near enough to be a slip.
fn nearest<'a>(key: &str, known: &'a [String]) -> Option<&'a str> {
    let open = OPEN_SECTIONS.iter().any(|section| key.starts_with(section));
    let candidate = known.iter().map(|name| (distance(key, name), name)).min()?;
    (!open && candidate.0 <= 3).then_some(candidate.1.as_str())
}

/// Levenshtein's distance over bytes; keys are short.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let next = if x == y { corner } else { 1 + corner.min(row[j]).min(row[j + 1]) };
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}
