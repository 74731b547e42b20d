//! The texts that `ingest` was given: files, folders of files, standard input, each plain or gzip. Owns their order. Never looks
//! at an event.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;

use crate::failure::Failure;

/// Ends of names that a folder is searched for, each also with `.gz`.
const ENDS: [&str; 3] = [".json", ".jsonl", ".ndjson"];
/// Folders within folders that are gone into.
const DEPTH_MAX: usize = 32;
/// Files of one call.
const FILES_MAX: usize = 1_000_000;
/// How every gzip text begins.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// One text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Text {
    /// Standard input.
    Input,
    /// A file.
    File(PathBuf),
}

impl Text {
    /// How messages name it.
    pub fn name(&self) -> String {
        match self {
            Text::Input => "-".to_owned(),
            Text::File(path) => path.display().to_string(),
        }
    }

    /// Bytes on disk; `None` of standard input.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Text::Input => None,
            Text::File(path) => std::fs::metadata(path).ok().map(|found| found.len()),
        }
    }

    /// Opens it, unpacked; `bar` moves as bytes are read.
    pub fn open(&self, bar: &ProgressBar) -> Result<Box<dyn BufRead>, Failure> {
        let raw: Box<dyn Read> = match self {
            Text::Input => Box::new(std::io::stdin()),
            Text::File(path) => Box::new(File::open(path).map_err(|error| unread(path, &error))?),
        };
        let mut text = BufReader::with_capacity(1 << 16, bar.wrap_read(raw));
        let head = text.fill_buf().map_err(|error| Failure::unasked(format!("{}: {error}", self.name())))?;
        // A pipe may give its first byte alone: what begins like gzip in one byte begins no JSON.
        let is_gzip = !head.is_empty() && GZIP.starts_with(head.get(..2).unwrap_or(head));
        if is_gzip { Ok(Box::new(BufReader::new(MultiGzDecoder::new(text)))) } else { Ok(Box::new(text)) }
    }
}

/// The texts behind what was named: a folder stands for the files in it, by name. All are there, or none is sent.
pub fn texts(named: &[PathBuf]) -> Result<Vec<Text>, Failure> {
    let mut texts = Vec::new();
    for path in named {
        if path == Path::new("-") {
            texts.push(Text::Input);
            continue;
        }
        let found = std::fs::metadata(path).map_err(|error| unread(path, &error))?;
        if !found.is_dir() {
            texts.push(Text::File(path.clone()));
            continue;
        }
        let before = texts.len();
        gather(path, 0, &mut texts)?;
        if texts.len() == before {
            let ends = ENDS.join(", ");
            return Err(Failure::Usage(format!(
                "{}: no file in this folder ends with {ends}, or one of these and .gz; name the files",
                path.display()
            )));
        }
    }
    if texts.iter().filter(|text| **text == Text::Input).count() > 1 {
        return Err(Failure::Usage("standard input (-) can be read once".to_owned()));
    }
    Ok(texts)
}

fn gather(folder: &Path, depth: usize, texts: &mut Vec<Text>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| unread(folder, &error);
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        entries.push(entry.map_err(failed)?.path());
    }
    entries.sort_unstable();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() && depth < DEPTH_MAX {
            gather(&path, depth + 1, texts)?;
        } else if path.is_file() && ENDS.iter().any(|end| name.strip_suffix(".gz").unwrap_or(&name).ends_with(end)) {
            texts.push(Text::File(path));
        }
        if texts.len() > FILES_MAX {
            return Err(Failure::Usage(format!("more than {FILES_MAX} files: ingest folder by folder")));
        }
    }
    Ok(())
}

fn unread(path: &Path, error: &std::io::Error) -> Failure {
    Failure::unasked(format!("{}: {error}", path.display()))
}
