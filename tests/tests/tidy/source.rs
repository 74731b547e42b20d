//! The files of the tree, as text. Never follows what builds leave behind.

use std::fs;
use std::path::{Path, PathBuf};

/// One file: its path from the root of the repository, with `/`, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
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
                    sources.push(Source { path: path.to_string_lossy().into_owned(), text });
                }
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}
