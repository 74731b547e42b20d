//! The raw text of a configuration, before it means anything. Reads one file; everything else is handed in.

use super::Fault;
use super::Origin;
use std::path::{Path, PathBuf};
use toml_edit::{Document, Item, TableLike};

/// Prefix of the variables that are ours.
pub(super) const VARIABLE_PREFIX: &str = "LEDGERLINE_";

/// Variables with our prefix that belong to the command line, not to the configuration.
const VARIABLES_ELSEWHERE: [&str; 4] =
    ["LEDGERLINE_CONFIG", "LEDGERLINE_SERVER", "LEDGERLINE_TENANT", "LEDGERLINE_TOKEN"];

/// Everything a configuration is made from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file, with its text; `None` when there is none.
    pub file: Option<(PathBuf, String)>,
    /// Environment variables; those without our prefix are ignored.
    pub environment: Vec<(String, String)>,
    /// Flags as `(flag, dotted key, value)`; a value is read as the environment's are.
    pub flags: Vec<(String, String, String)>,
}

impl Sources {
    /// Adds the file at `path`. A file that was named must exist; the default one may be absent.
    pub fn with_file(mut self, path: &Path) -> std::io::Result<Self> {
        self.file = Some((path.to_path_buf(), std::fs::read_to_string(path)?));
        Ok(self)
    }

    /// Adds the process's environment.
    pub fn with_environment(mut self) -> Self {
        self.environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        self
    }

    /// Adds one flag that sets `key`.
    pub fn with_flag(mut self, flag: &str, key: &str, value: impl ToString) -> Self {
        self.flags.push((flag.to_owned(), key.to_owned(), value.to_string()));
        self
    }
}

/// One value as it was written.
#[derive(Debug, Clone)]
pub(super) enum Written {
    /// A value of the file, typed by TOML.
    Toml(toml_edit::Value),
    /// Text of a variable or a flag.
    Text(String),
}

/// A dotted key, its value and its source.
pub(super) type Entry = (String, Written, Origin);

/// The leaves of the file, in order. A syntax error is one fault with its line.
pub(super) fn file_entries(path: &Path, text: &str) -> Result<Vec<Entry>, Fault> {
    let document = Document::parse(text).map_err(|error| Fault {
        origin: Origin::File { path: path.to_path_buf(), line: line_of(text, error.span().map_or(0, |s| s.start)) },
        key: String::new(),
        what: format!("is not valid TOML: {}", error.message()),
        remedy: "correct this line; the keys after it were not read".to_owned(),
    })?;
    let mut entries = Vec::new();
    flatten(document.as_table(), "", &mut |key, value, start| {
        let origin = Origin::File { path: path.to_path_buf(), line: line_of(text, start) };
        entries.push((key, Written::Toml(value), origin));
    });
    Ok(entries)
}

/// Walks tables down to their leaves. Arrays of tables are one leaf, so that a list has one owner.
fn flatten(table: &dyn TableLike, prefix: &str, leaf: &mut dyn FnMut(String, toml_edit::Value, usize)) {
    for (name, item) in table.iter() {
        let key = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        let start = table.key(name).and_then(|k| k.span()).or_else(|| item.span()).map_or(0, |span| span.start);
        match item {
            Item::Table(inner) => flatten(inner, &key, leaf),
            Item::Value(toml_edit::Value::InlineTable(inner)) => flatten(inner, &key, leaf),
            Item::Value(value) => leaf(key, value.clone(), start),
            Item::ArrayOfTables(tables) => {
                let start = tables.iter().next().and_then(|t| t.span()).map_or(start, |span| span.start);
                leaf(key, toml_edit::Value::Array(tables.clone().into_array()), start);
            }
            Item::None => {}
        }
    }
}

/// `LEDGERLINE_HTTP__LISTEN` sets `http.listen`; a double underscore stands for the dot.
pub(super) fn variable_entries(environment: &[(String, String)]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = environment
        .iter()
        .filter(|(name, _)| !VARIABLES_ELSEWHERE.contains(&name.as_str()))
        .filter_map(|(name, value)| {
            let key = name.strip_prefix(VARIABLE_PREFIX)?.replace("__", ".").to_lowercase();
            Some((key, Written::Text(value.clone()), Origin::Variable(name.clone())))
        })
        .collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}
