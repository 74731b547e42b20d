//! How a command fails: what happened, where, and the next step; and the exit status that says it to scripts.

use std::process::ExitCode;

use crate::output::{BAD, STRONG, painted_aside};

/// A command that did not end with "yes".
#[derive(Debug)]
pub enum Failure {
    /// The answer is no: not found, a check that fails. Exit status 1.
    No(String),
    /// The command was given something it can't use. Exit status 2.
    Usage(String),
    /// It could not ask: network, lock, disk. Exit status 3.
    Unasked {
        /// What happened.
        what: String,
        /// The next step.
        hint: Option<String>,
    },
    /// The reader of our output went away, as `head` does.
    Closed,
}

impl Failure {
    /// Could not ask, with no better hint than what happened.
    pub fn unasked(what: impl ToString) -> Self {
        Failure::Unasked { what: what.to_string(), hint: None }
    }

    /// Could not ask, and what to do about it.
    pub fn hinted(what: impl ToString, hint: impl Into<String>) -> Self {
        Failure::Unasked { what: what.to_string(), hint: Some(hint.into()) }
    }

    /// Writes it for a person, to standard error.
    pub fn tell(&self) {
        match self {
            Failure::No(what) => eprintln!("{what}"),
            Failure::Usage(what) | Failure::Unasked { what, hint: None } => eprintln!("{} {what}", error()),
            Failure::Unasked { what, hint: Some(hint) } => {
                eprintln!("{} {what}\n{} {hint}", error(), painted_aside("hint:", STRONG));
            }
            Failure::Closed => {}
        }
    }

    /// The exit status.
    pub fn status(&self) -> ExitCode {
        match self {
            Failure::No(_) => ExitCode::from(1),
            Failure::Usage(_) => ExitCode::from(2),
            Failure::Unasked { .. } => ExitCode::from(3),
            Failure::Closed => ExitCode::SUCCESS,
        }
    }
}

fn error() -> String {
    painted_aside("error:", BAD)
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::unasked(error),
        }
    }
}
