//! One accepted event into state: run, execution groups, graph, rules, in that order. Owns the order; the parts know
//! nothing of one another. Never does I/O, never reads a clock: times come from the event and from the log.

mod accepted;
#[cfg(test)]
pub(crate) mod tests;
mod watched;

pub use accepted::{Accepted, Applied, Position, Writer};

use crate::alert::{self, Settings};
use crate::facts::EventKind;
use crate::graph::{self, Touched};
use crate::group::Groups;
use crate::query::Known;
use crate::row::State;
use crate::rule::{self, Change};
use crate::run;
use watched::Watched;

/// Applies an event that was recorded for the first time. `log_time_ns` is the greatest tick so far; `known` is what was
/// learned of this state by the calls before, or nothing.
///
/// Applying an event again, or the events of a history in another order, leaves the same rows; only alert rows, whose
/// messages have a sequence, depend on what came first.
///
/// # Errors
/// The store's own, [`crate::row::Corrupt`] among them. The batch must then be dropped.
pub fn apply<S: State>(
    state: &mut S,
    accepted: &Accepted<'_>,
    log_time_ns: i64,
    settings: &Settings,
    known: &Known,
) -> Result<Applied, S::Error> {
    let state = &mut Watched { state, known };
    let facts = accepted.facts;
    let mut touched = Touched::default();
    graph::name(state, accepted, &mut touched)?;
    let change = match (facts.kind, &facts.run, touched.job) {
        (EventKind::Run, Some(run), Some(job)) => {
            let mut groups = Groups::default();
            let change = run::fold(state, accepted, run, job, &mut touched, &mut groups)?;
            let groups = groups.write(state)?;
            Change { groups, ..change }
        }
        _ => {
            graph::declare(state, accepted, &mut touched)?;
            Change::default()
        }
    };
    graph::link(state, accepted, &touched)?;
    let mut signals = rule::evaluate(state, accepted, &change)?;
    signals.retain(|signal| settings.rules.contains(&signal.rule));
    let alerts = alert::advance(state, known, accepted, signals, log_time_ns, settings)?;
    Ok(Applied { alerts })
}
