//! The files of the tree, as text. Never follows what builds leave behind.

use std::fs;
use std::path::{Path, PathBuf};

use crate::code::{test_modules, without_literals};

/// One file.
pub struct Source {
    /// From the root of the repository, with `/`.
    pub path: String,
    pub text: String,
    /// Test code: below a `tests` folder (the package of that name too), a module's `tests.rs`, or a module that
    /// its parent declares under `#[cfg(test)]`.
    pub is_test: bool,
}

impl Source {
    /// A file judged by its own path alone.
    pub fn new(path: String, text: String) -> Self {
        let is_test = path.split('/').any(|part| part == "tests" || part == "tests.rs");
        Self { path, text, is_test }
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Where the test modules that this file declares live: paths without `.rs`.
    fn test_modules(&self) -> Vec<String> {
        let (folder, file) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let own = match file {
            "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
            _ => self.path.trim_end_matches(".rs").to_owned(),
        };
        let names = test_modules(&without_literals(&self.text));
        names.into_iter().map(|name| format!("{own}/{name}")).collect()
    }
}

/// What holds no source of ours (`.git` is a file in a linked worktree).
const SKIPPED: [&str; 4] = [".git", "target", "node_modules", "__pycache__"];

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file of the tree, in the order of their paths.
pub fn tree() -> Vec<Source> {
    let root = root();
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder just listed can be read") {
            let entry = entry.expect("its entries too");
            let path = entry.path();
            let kind = entry.file_type().expect("and their kind");
            if SKIPPED.contains(&entry.file_name().to_string_lossy().as_ref()) {
                continue;
            }
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                let bytes = fs::read(&path).expect("and the files");
                // What is not UTF-8 is an image or a fixture, not a source.
                if let Ok(text) = String::from_utf8(bytes) {
                    let path = path.strip_prefix(&root).expect("it was found below the root");
                    sources.push(Source::new(path.to_string_lossy().into_owned(), text));
                }
            }
        }
    }
    mark_test_modules(&mut sources);
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// Marks what a parent declares under `#[cfg(test)]`, with everything below it.
pub fn mark_test_modules(sources: &mut [Source]) {
    let modules: Vec<String> =
        sources.iter().filter(|source| source.is_rust()).flat_map(Source::test_modules).collect();
    for source in sources {
        let below = |module: &String| {
            source.path.strip_prefix(module.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        source.is_test |= modules.iter().any(below);
    }
}
