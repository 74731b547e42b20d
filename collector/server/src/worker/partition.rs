//! What is shown of a partition at work: where it stands, how far behind, why it stopped.

use std::time::Duration;

use parking_lot::Mutex;
use store::Store;

use crate::recorder::{Applied, Halt};

/// Where a partition stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Its store is being opened.
    Starting,
    /// It applies what was there when it was assigned.
    CatchingUp,
    /// It keeps up.
    Running,
    /// It stopped until somebody acts.
    Halted {
        /// Why.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// It was told to stop.
    Stopped,
}

/// Sums since this process took the partition over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Events that became leaves.
    pub recorded: u64,
    /// Events that were leaves before.
    pub duplicates: u64,
    /// Events that intake refused.
    pub rejected: u64,
    /// Alert messages made.
    pub alerts: u64,
}

/// A partition's state, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionStatus {
    /// Where it stands.
    pub state: State,
    /// Next offset to apply.
    pub next_offset: u64,
    /// The log's end, as last seen.
    pub end_offset: u64,
    /// Time of the log, ns UTC; 0 before the first tick.
    pub time_ns: i64,
    /// Everything below this offset is published.
    pub published_offset: u64,
    /// Why nothing is published at the moment.
    pub unpublished: Option<String>,
    /// Sums since start.
    pub totals: Totals,
}

/// A partition that this process owns.
pub struct Partition {
    /// Its number.
    pub number: u32,
    /// Its store.
    pub store: Store,
    shown: Mutex<Shown>,
}

struct Shown {
    status: PartitionStatus,
    /// It has applied what was there when it was assigned.
    at_end: bool,
    /// What is there now is to be looked at anew.
    look_again: bool,
    /// Its trees are those that were published.
    agrees: bool,
    /// Its trees are not those that were published, or another process publishes for it: it answers nothing.
    disowned: bool,
    /// It has applied what was there and agreed with what was published: it answers from then on.
    served: bool,
    /// It is halted, and may go on by itself once its store has been opened again: not before this time of the monotonic
    /// clock.
    passes_at: Option<Duration>,
}

impl Partition {
    /// A partition on its store, with nothing done yet.
    pub fn new(number: u32, store: Store) -> Self {
        let status = PartitionStatus {
            state: State::Starting,
            next_offset: 0,
            end_offset: 0,
            time_ns: 0,
            published_offset: 0,
            unpublished: None,
            totals: Totals::default(),
        };
        Self {
            number,
            store,
            shown: Mutex::new(Shown {
                status,
                at_end: false,
                look_again: false,
                agrees: false,
                disowned: false,
                served: false,
                passes_at: None,
            }),
        }
    }

    /// Its state now.
    pub fn status(&self) -> PartitionStatus {
        self.shown.lock().status.clone()
    }

    pub(super) fn set(&self, state: State) {
        let mut shown = self.shown.lock();
        // A halt stands until the partition is opened anew: the first reason is the one to mend.
        if !matches!(shown.status.state, State::Halted { .. }) {
            shown.status.state = state;
        }
    }

    pub(super) fn halted(&self, halt: &Halt) {
        let mut shown = self.shown.lock();
        if !matches!(shown.status.state, State::Halted { .. }) {
            tracing::error!(partition = halt.partition, reason = %halt.reason, remedy = %halt.remedy, "the partition is halted");
            shown.status.state = State::Halted { reason: halt.reason.clone(), remedy: halt.remedy.clone() };
            shown.passes_at = halt.passing.then_some(Duration::ZERO);
        }
    }

    /// Another process has taken over what this one publishes under: it shows nothing from now on. Where the partition is
    /// still this process's at `passes_at`, it may be opened again.
    pub(super) fn fenced(&self, halt: &Halt, passes_at: Duration) {
        self.halted(halt);
        let mut shown = self.shown.lock();
        shown.disowned = true;
        shown.passes_at.get_or_insert(passes_at);
    }

    /// It is another process's: nothing of it is shown any more.
    pub fn given_up(&self) {
        self.shown.lock().disowned = true;
    }

    /// Whether it is halted for a reason that has passed at `now`, of the monotonic clock.
    pub fn halt_has_passed(&self, now: Duration) -> bool {
        self.shown.lock().passes_at.is_some_and(|at| at <= now)
    }

    /// Whether questions are answered from it: it has caught up and agreed with what was published once, and is ours still.
    /// A halted one answers with what it has.
    pub fn serves(&self) -> bool {
        let shown = self.shown.lock();
        !shown.disowned && (shown.served || matches!(shown.status.state, State::Halted { .. }))
    }

    /// It has applied what was there when it was assigned. It runs once its trees agree with what was published, too.
    pub(super) fn caught_up(&self) {
        let mut shown = self.shown.lock();
        // What an earlier look found does not count.
        shown.at_end = !shown.look_again;
        shown.serve();
    }

    /// Whether it has applied what was there when it was assigned.
    pub(super) fn is_caught_up(&self) -> bool {
        self.shown.lock().at_end
    }

    /// Has the log's end looked at anew: it is caught up again once it has applied what is there from now on.
    pub(super) fn look_again(&self) {
        let mut shown = self.shown.lock();
        (shown.at_end, shown.look_again) = (false, true);
    }

    /// Whether the reader is to be assigned anew; said once.
    pub(super) fn is_to_look_again(&self) -> bool {
        std::mem::take(&mut self.shown.lock().look_again)
    }

    /// Whether a partition that is followed has applied what was there, and goes on.
    pub fn is_current(&self) -> bool {
        let shown = self.shown.lock();
        shown.at_end && !matches!(shown.status.state, State::Halted { .. })
    }

    /// Its trees are not those that were published.
    pub(super) fn disown(&self) {
        self.shown.lock().disowned = true;
    }

    /// Why nothing of it may be shown, where its trees are not those that were published or it is another process's.
    pub fn disowned(&self) -> Option<String> {
        let shown = self.shown.lock();
        match &shown.status.state {
            _ if !shown.disowned => None,
            State::Halted { reason, remedy } => Some(format!("{reason}. {remedy}")),
            // A comparison that is to be tried again, or a revocation.
            _ => Some("the partition is on its way to another process; ask again".to_owned()),
        }
    }

    /// Its trees are those that were published.
    pub(super) fn agreed(&self) {
        let mut shown = self.shown.lock();
        shown.agrees = true;
        shown.serve();
    }

    pub(super) fn applied(&self, applied: &Applied) {
        let mut shown = self.shown.lock();
        let status = &mut shown.status;
        status.next_offset = applied.next_offset;
        status.end_offset = status.end_offset.max(applied.next_offset);
        status.time_ns = applied.time_ns;
        status.totals.recorded += applied.recorded;
        status.totals.duplicates += applied.duplicates;
        status.totals.rejected += applied.rejected;
        status.totals.alerts += applied.alerts;
    }

    pub(super) fn opened(&self, next_offset: u64, time_ns: i64) {
        let mut shown = self.shown.lock();
        let status = &mut shown.status;
        (status.next_offset, status.time_ns) = (next_offset, time_ns);
    }

    pub(super) fn seen_end(&self, end_offset: u64) {
        self.shown.lock().status.end_offset = end_offset;
    }

    pub(super) fn published(&self, next_offset: u64) {
        let mut shown = self.shown.lock();
        let status = &mut shown.status;
        (status.published_offset, status.unpublished) = (next_offset, None);
    }

    pub(super) fn unpublished(&self, why: &str) {
        self.shown.lock().status.unpublished = Some(why.to_owned());
    }
}

impl Shown {
    fn serve(&mut self) {
        if self.at_end && self.agrees && self.status.state == State::CatchingUp {
            self.status.state = State::Running;
            self.served = true;
        }
    }
}
