//! Where a followed log is read from: an URL, or a folder of the same layout. Owns the bounds of what is taken from there.

use std::io::{ErrorKind, Read as _};
use std::path::PathBuf;
use std::time::Duration;

use reqwest::blocking::Client;
use reqwest::redirect::Policy;

/// For a connection, and for an answer as a whole.
const CONNECT_MAX: Duration = Duration::from_secs(5);
const ANSWER_MAX: Duration = Duration::from_secs(20);
const REDIRECTS_MAX: usize = 3;

/// A place that serves a log.
pub enum Source {
    /// Over HTTP; the prefix without a slash at its end.
    Http {
        /// Asks.
        client: Client,
        /// Before `/checkpoint` and `/tile/…`.
        prefix: String,
    },
    /// A folder with `checkpoint` and `tile` in it.
    Folder(PathBuf),
}

/// What is asked for could not be had.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {why}")]
pub struct SourceError {
    /// The URL or path.
    pub place: String,
    /// Why.
    pub why: String,
}

impl Source {
    /// Reads `http(s)://…`, `file:///…` or a folder's path.
    ///
    /// # Errors
    /// [`SourceError`]; nothing was asked yet.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let wrong = |why: &str| SourceError { place: text.to_owned(), why: why.to_owned() };
        if text.starts_with("http://") || text.starts_with("https://") {
            let builder = Client::builder().connect_timeout(CONNECT_MAX).timeout(ANSWER_MAX);
            let client = builder.redirect(Policy::limited(REDIRECTS_MAX)).build();
            let client = client.map_err(|error| wrong(&error.to_string()))?;
            return Ok(Self::Http { client, prefix: text.trim_end_matches('/').to_owned() });
        }
        match text.strip_prefix("file://") {
            Some(path) if path.starts_with('/') => Ok(Self::Folder(path.into())),
            Some(_) => Err(wrong("write file:///PATH with an absolute path, or the path alone")),
            None if text.contains("://") => Err(wrong("write http://…, https://…, file:///PATH or a folder's path")),
            None => Ok(Self::Folder(text.into())),
        }
    }

    /// What lies at `path` below the log's prefix, at most `bytes_max` of it; nothing where there is no such thing.
    ///
    /// # Errors
    /// [`SourceError`], also where there is more.
    pub fn get(&self, path: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, SourceError> {
        match self {
            Self::Http { client, prefix } => {
                let place = format!("{prefix}/{path}");
                let failed = |why: String| SourceError { place: place.clone(), why };
                let answer = client.get(&place).send().map_err(|error| failed(root(&error)))?;
                match answer.status().as_u16() {
                    200 => bounded(answer, bytes_max).map(Some).map_err(failed),
                    404 | 410 => Ok(None),
                    _ => Err(failed(format!("it answers {}", answer.status()))),
                }
            }
            Self::Folder(folder) => {
                let file = folder.join(path);
                let failed = |why: String| SourceError { place: file.display().to_string(), why };
                match std::fs::File::open(&file) {
                    Ok(open) => bounded(open, bytes_max).map(Some).map_err(failed),
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(failed(error.to_string())),
                }
            }
        }
    }
}

fn bounded(from: impl std::io::Read, bytes_max: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    from.take(limit).read_to_end(&mut bytes).map_err(|error| root(&error))?;
    if bytes.len() > bytes_max { Err(format!("it is longer than {bytes_max} bytes")) } else { Ok(bytes) }
}

/// The innermost reason: the outer ones only say that something failed.
fn root(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
