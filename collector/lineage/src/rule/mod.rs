//! Rules: what in a change deserves an alert, and when that is over. Owns the registry; one file a rule.
//! A rule reads state and never writes it: what it must remember travels in its signal and comes back with the alert.

mod conflicting_duplicate;
mod failed_run;
mod signal;

pub use conflicting_duplicate::ConflictingDuplicate;
pub use failed_run::FailedRun;
pub use signal::{
    Ancestor, Evidence, Fire, Occurrence, OccurrenceKind, Severity, Signal, SubjectKind, SubjectRef, What,
};

use crate::fold::Accepted;
use crate::group::GroupChange;
use crate::row::key::RunKey;
use crate::row::{End, Read, RunRow};
use crate::run::Conflict;

/// What one event changed, as rules see it.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The event's run.
    pub run: Option<RunChange>,
    /// Groups whose row changed.
    pub groups: Vec<GroupChange>,
    /// The event disagrees with another one for its transition.
    pub conflict: Option<Conflict>,
}

/// The event's run, before and after.
#[derive(Clone, Debug)]
pub struct RunChange {
    /// The run.
    pub key: RunKey,
    /// How it had ended before.
    pub ended_before: Option<End>,
    /// As it is.
    pub now: RunRow,
}

/// A rule.
pub trait Rule {
    /// Its id, kebab-case: names the runbook page.
    const ID: &'static str;
    /// Counts changes of what it means, from 1.
    const VERSION: u32;

    /// What it makes of a change: at most a few signals.
    ///
    /// # Errors
    /// The store's own.
    fn evaluate<S: Read>(state: &S, accepted: &Accepted<'_>, change: &Change) -> Result<Vec<Signal>, S::Error>;
}

/// Asks every rule, in the order of their ids.
///
/// # Errors
/// The store's own.
pub fn evaluate<S: Read>(state: &S, accepted: &Accepted<'_>, change: &Change) -> Result<Vec<Signal>, S::Error> {
    let mut signals = ConflictingDuplicate::evaluate(state, accepted, change)?;
    signals.extend(FailedRun::evaluate(state, accepted, change)?);
    Ok(signals)
}

/// Ids of all rules.
pub const IDS: [&str; 2] = [ConflictingDuplicate::ID, FailedRun::ID];

/// Ids of all rules, with their versions.
pub const RULES: [(&str, u32); 2] =
    [(ConflictingDuplicate::ID, ConflictingDuplicate::VERSION), (FailedRun::ID, FailedRun::VERSION)];
