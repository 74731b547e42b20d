//! What may go wrong in the simulated log, and how often. Decides; never does.

use std::collections::VecDeque;

use crate::random::{Random, SeededRandom};

/// How often each fault strikes: once in that many calls on average, and never where zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// [`Fault::AppendRefused`].
    pub append_refused_one_in: u64,
    /// [`Fault::AppendCut`].
    pub append_cut_one_in: u64,
    /// [`Fault::AppendLostAcknowledgement`].
    pub append_lost_acknowledgement_one_in: u64,
    /// [`Fault::AppendLate`].
    pub append_late_one_in: u64,
    /// [`Fault::AppendDoubled`].
    pub append_doubled_one_in: u64,
    /// [`Fault::CommitAborted`].
    pub commit_aborted_one_in: u64,
    /// [`Fault::CommitLostAcknowledgement`].
    pub commit_lost_acknowledgement_one_in: u64,
    /// [`Fault::CommitVanished`].
    pub commit_vanished_one_in: u64,
    /// [`Fault::CommitLate`].
    pub commit_late_one_in: u64,
    /// [`Fault::ReadStalled`].
    pub read_stalled_one_in: u64,
    /// [`Fault::ReadFailed`].
    pub read_failed_one_in: u64,
}

impl Faults {
    /// Every fault, each once in `one_in` calls.
    pub fn all(one_in: u64) -> Self {
        Self {
            append_refused_one_in: one_in,
            append_cut_one_in: one_in,
            append_lost_acknowledgement_one_in: one_in,
            append_late_one_in: one_in,
            append_doubled_one_in: one_in,
            commit_aborted_one_in: one_in,
            commit_lost_acknowledgement_one_in: one_in,
            commit_vanished_one_in: one_in,
            commit_late_one_in: one_in,
            read_stalled_one_in: one_in,
            read_failed_one_in: one_in,
        }
    }

    fn one_in(&self, fault: Fault) -> u64 {
        match fault {
            Fault::AppendRefused => self.append_refused_one_in,
            Fault::AppendCut => self.append_cut_one_in,
            Fault::AppendLostAcknowledgement => self.append_lost_acknowledgement_one_in,
            Fault::AppendLate => self.append_late_one_in,
            Fault::AppendDoubled => self.append_doubled_one_in,
            Fault::CommitAborted => self.commit_aborted_one_in,
            Fault::CommitLostAcknowledgement => self.commit_lost_acknowledgement_one_in,
            Fault::CommitVanished => self.commit_vanished_one_in,
            Fault::CommitLate => self.commit_late_one_in,
            Fault::ReadStalled => self.read_stalled_one_in,
            Fault::ReadFailed => self.read_failed_one_in,
        }
    }
}

/// One thing going wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is appended, and the caller is told so.
    AppendRefused,
    /// The first records are appended, the others are not; of none the caller learns.
    AppendCut,
    /// All is durable; the caller learns nothing.
    AppendLostAcknowledgement,
    /// Nothing is durable yet; the caller learns nothing. It lands at a later step, or a crash loses it.
    AppendLate,
    /// All is durable, twice, as when a producer's retry crosses a lost session.
    AppendDoubled,
    /// The transaction is aborted, and the caller is told so. Its records keep their offsets, unseen.
    CommitAborted,
    /// The transaction is committed; the caller learns nothing.
    CommitLostAcknowledgement,
    /// The transaction is aborted; the caller learns nothing.
    CommitVanished,
    /// The transaction stays open; the caller learns nothing. It ends at a later step or when its id is taken over, either
    /// way; until then nothing behind it can be read.
    CommitLate,
    /// Nothing is given, though there may be records.
    ReadStalled,
    /// The read fails for the moment.
    ReadFailed,
}

const APPEND: [Fault; 5] =
    [Fault::AppendRefused, Fault::AppendCut, Fault::AppendLostAcknowledgement, Fault::AppendLate, Fault::AppendDoubled];
const COMMIT: [Fault; 4] =
    [Fault::CommitAborted, Fault::CommitLostAcknowledgement, Fault::CommitVanished, Fault::CommitLate];
const READ: [Fault; 2] = [Fault::ReadStalled, Fault::ReadFailed];

/// Draws faults from the seed, and those a test has ordered first.
pub(super) struct Fate {
    pub random: SeededRandom,
    pub faults: Faults,
    ordered: VecDeque<Fault>,
}

impl Fate {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: SeededRandom::new(seed), faults: Faults::default(), ordered: VecDeque::new() }
    }

    /// The next call that can meet this fault meets it.
    pub(super) fn order(&mut self, fault: Fault) {
        self.ordered.push_back(fault);
    }

    pub(super) fn append(&mut self) -> Option<Fault> {
        self.draw(&APPEND)
    }

    pub(super) fn commit(&mut self) -> Option<Fault> {
        self.draw(&COMMIT)
    }

    pub(super) fn read(&mut self) -> Option<Fault> {
        self.draw(&READ)
    }

    fn draw(&mut self, possible: &[Fault]) -> Option<Fault> {
        if let Some(place) = self.ordered.iter().position(|fault| possible.contains(fault)) {
            return self.ordered.remove(place);
        }
        possible.iter().copied().find(|fault| self.random.once_in(self.faults.one_in(*fault)))
    }
}
