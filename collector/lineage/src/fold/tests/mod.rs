//! The fold against semantics.md line by line, against a naive model on random histories, and its alerts.

mod alerts;
pub(crate) mod event;
pub(crate) mod model;
pub(crate) mod order;
mod semantics;

use super::{Accepted, Applied, Position, apply};
use crate::alert::Settings;
use crate::envelope::Mode;
use crate::query::Known;
use crate::row::memory::Memory;
use event::Ev;

/// The log's time in tests: event time plus this.
pub(crate) const LAG_NS: i64 = 5;

/// Applies one event.
pub(crate) fn feed(state: &mut Memory, ev: &Ev, mode: Mode) -> Applied {
    feed_knowing(state, ev, mode, &Known::default())
}

/// The same, with what is known of the state.
pub(crate) fn feed_knowing(state: &mut Memory, ev: &Ev, mode: Mode, known: &Known) -> Applied {
    let facts = ev.facts();
    let accepted = Accepted {
        tenant: "acme",
        position: Position { incarnation: [7; 16], partition: 0, offset: 100 + ev.leaf as i64 },
        event_id: ev.id(),
        leaf: ev.leaf,
        received_at_ns: ev.time,
        mode,
        facts: &facts,
    };
    apply(state, &accepted, ev.time + LAG_NS, &Settings::default(), known).expect("memory does not fail")
}

/// Applies a history in its order.
pub(crate) fn fed(history: &[Ev]) -> Memory {
    let mut state = Memory::default();
    for ev in history {
        feed(&mut state, ev, Mode::Live);
    }
    state
}
