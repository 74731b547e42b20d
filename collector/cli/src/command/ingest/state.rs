//! How far an ingest has come, in a file: what `--resume` goes on from. Owns that file. It is written after the server has
//! acknowledged, so it may say less than was sent and never more; what is sent again is a duplicate.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ledger::digest::{Context, digest};
use serde::{Deserialize, Serialize};

use super::files::Text;
use super::split::Event;
use crate::api::Api;
use crate::arguments::{Arguments, Ingest};
use crate::failure::Failure;

const FIRST_EVENT: Context = Context::new("ledgerline v1 ingest first event");
/// The file's form.
const VERSION: u32 = 1;
/// The file's name within a `--data` folder.
const NAME: &str = "ingest-state.json";

/// The file's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    version: u32,
    /// To whom the events went.
    target: String,
    /// By absolute path.
    files: BTreeMap<String, Done>,
}

/// How far one file was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Done {
    /// Events acknowledged or refused, from the file's beginning.
    events: u64,
    /// Digest of the first event: another file under the same name begins anew.
    first: String,
}

/// How far an ingest has come.
pub struct State {
    path: PathBuf,
    content: Content,
}

impl State {
    /// Reads the state that the arguments ask for; `None` where they don't.
    pub fn open(arguments: &Arguments, ingest: &Ingest, api: &Api, texts: &[Text]) -> Result<Option<Self>, Failure> {
        if !ingest.resume {
            return Ok(None);
        }
        let path = match (&ingest.state, &arguments.data) {
            (Some(path), _) => path.clone(),
            (None, Some(folder)) => folder.join(NAME),
            (None, None) => {
                return Err(Failure::Usage("--resume needs a file to remember in: add --state FILE".to_owned()));
            }
        };
        if texts.contains(&Text::Input) {
            return Err(Failure::Usage("standard input can't be resumed: name files".to_owned()));
        }
        let server = api.server().map(str::to_owned);
        let folder = arguments.data.as_deref().map(absolute).unwrap_or_default();
        let tenant = arguments.tenant.as_deref().unwrap_or("default tenant");
        let target = format!("{}, {tenant}", server.unwrap_or(folder));
        let content = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice::<Content>(&bytes)
                .map_err(|error| Failure::Usage(format!("{} is no state of an ingest: {error}", path.display())))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Content { version: VERSION, target: target.clone(), files: BTreeMap::new() }
            }
            Err(error) => return Err(Failure::unasked(format!("{}: {error}", path.display()))),
        };
        if (content.version, &content.target) != (VERSION, &target) {
            return Err(Failure::Usage(format!(
                "{} is the state of an ingest to {}, and this one goes to {target}: name another file with --state",
                path.display(),
                content.target
            )));
        }
        Ok(Some(State { path, content }))
    }

    /// How many events of a text were sent before; `first` is the one it begins with.
    pub fn sent(&self, text: &Text, first: &Event) -> u64 {
        let known = self.content.files.get(&key(text)).filter(|done| done.first == mark(first));
        known.map_or(0, |done| done.events)
    }

    /// Remembers that so many events of a text are done.
    pub fn put(&mut self, text: &Text, first: &Event, events: u64) {
        self.content.files.insert(key(text), Done { events, first: mark(first) });
    }

    /// Writes the file: beside its place, then renamed, so that it is whole or the one before.
    pub fn save(&self) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::unasked(format!("{}: {error}", self.path.display()));
        let partial = self.path.with_extension("partial");
        let bytes = serde_json::to_vec(&self.content).map_err(Failure::unasked)?;
        std::fs::write(&partial, bytes).map_err(failed)?;
        std::fs::rename(&partial, &self.path).map_err(failed)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn key(text: &Text) -> String {
    match text {
        Text::Input => "-".to_owned(),
        Text::File(path) => absolute(path),
    }
}

fn absolute(path: &Path) -> String {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

fn mark(first: &Event) -> String {
    hex::encode(digest(FIRST_EVENT, &[&first.bytes]))
}
