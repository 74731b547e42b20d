//! A folder, asked in this process: the server's own API without a server. Owns the folder while it is open.

use server::log::LogError;
use server::serve::{Folder, Purpose, StartError};
use tokio::runtime::Runtime;

use super::Question;
use crate::arguments::Arguments;
use crate::command::host;
use crate::failure::Failure;
use crate::settings;

/// An open folder.
pub struct Local {
    folder: Folder,
    runtime: Runtime,
}

impl Local {
    pub fn open(arguments: &Arguments, purpose: Purpose) -> Result<Self, Failure> {
        let config = settings::load(arguments, &[])?.config;
        if config.kafka.is_configured() {
            return Err(Failure::Usage(
                "--data works on the embedded log, and kafka.brokers is set: ask a server with --server".to_owned(),
            ));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let folder = Folder::open(config, host(), purpose).map_err(unopened)?;
        Ok(Local { folder, runtime })
    }

    pub fn ask(&self, question: Question<'_>) -> Result<(u16, Vec<u8>), Failure> {
        let headers: Vec<(&str, &str)> = question.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let asked = self.folder.ask(question.method, &question.path, &headers, question.body);
        self.runtime.block_on(asked).map_err(Failure::Usage)
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if !self.folder.close() {
            eprintln!(
                "not everything was done in shutdown_timeout_ms; the rest is done when the folder is opened next"
            );
        }
    }
}

fn unopened(error: StartError) -> Failure {
    match error {
        StartError::Log(LogError::Locked { path }) => Failure::hinted(
            format!("a server holds this folder: {path} is open in another process"),
            "ask that server (leave --data out, or name it with --server URL), or stop it first",
        ),
        error => Failure::unasked(error),
    }
}
