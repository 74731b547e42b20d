//! Where a walk begins that does not begin at a dataset: a job with its descendants, or a run.

use super::{Step, Walk};
use crate::graph::Side;
use crate::id::{NodeId, RunId};
use crate::query::standing::Strength;
use crate::query::{CutReason, Direction, EdgeState, HopKind, descendants, family, is_stale};
use crate::row::key::{FlowKey, RunKey};
use crate::row::{self, FlowRow, Read, RunRow, Terminal};

impl<S: Read> Walk<'_, S> {
    pub(super) fn begin_at_job(&mut self, job: NodeId) -> Result<(), S::Error> {
        let Some(number) = self.reach_job(job, 0)? else { return Ok(()) };
        self.job_sides(number, job, None)?;
        for (child, parent) in descendants(self.view.state, job)? {
            let stale = is_stale(self.view.state, parent, child)?;
            self.job_sides(number, child, Some((child, stale)))?;
        }
        Ok(())
    }

    /// From a job to all that it writes (or up to all that it reads).
    pub(super) fn job_sides(
        &mut self,
        number: usize,
        job: NodeId,
        via: Option<(NodeId, bool)>,
    ) -> Result<(), S::Error> {
        let far = self.side().opposite();
        let depth = self.nodes[number].depth;
        let standing = self.standing(number, job)?;
        for node in standing.datasets(far) {
            let strength = standing.edge(self.view, node, far)?;
            if !self.shows(strength.state) {
                continue;
            }
            let Some(to) = self.reach(node, depth + 1)? else {
                self.stop_at(number, CutReason::Nodes);
                return Ok(());
            };
            let kind = if far == Side::Output { HopKind::Writes } else { HopKind::Reads };
            self.step(Step { from: number, to, kind, owner: job, strength, via, transformations: Vec::new() })?;
        }
        Ok(())
    }

    pub(super) fn begin_at_run(&mut self, run: RunId) -> Result<(), S::Error> {
        for (key, row) in family::runs(self.view.state, run)? {
            let number = if key.run == run || self.nodes.is_empty() {
                let Some(number) = self.reach_job(key.job, 0)? else { return Ok(()) };
                self.nodes[number].run = Some(run);
                number
            } else {
                0
            };
            let via = (key.run != run).then_some((key.job, false));
            self.run_sides(number, &key, &row, via)?;
        }
        Ok(())
    }

    /// What a run itself named, whatever other runs of its job do.
    fn run_sides(
        &mut self,
        number: usize,
        key: &RunKey,
        row: &RunRow,
        via: Option<(NodeId, bool)>,
    ) -> Result<(), S::Error> {
        let state = match row.end.map(|end| end.terminal) {
            None => EdgeState::InProgress,
            Some(Terminal::Complete) => EdgeState::Current,
            Some(Terminal::Abort | Terminal::Fail) => EdgeState::Attempted,
        };
        let strength = Strength { state, confirmed_ns: row.end.map(|end| end.time_ns), observed: true };
        let Some(flow) = row.sets else { return Ok(()) };
        let Some(FlowRow::Sets { inputs, outputs, cited_inputs, cited_outputs, .. }) =
            row::get::<FlowRow, S>(self.view.state, &FlowKey { job: key.job, flow })?
        else {
            return Ok(());
        };
        let (named, cited, kind) = match self.request.direction {
            Direction::Downstream => (outputs, cited_outputs, HopKind::Writes),
            Direction::Upstream => (inputs, cited_inputs, HopKind::Reads),
        };
        for node in named.into_iter().chain(cited) {
            let Some(to) = self.reach(node, 1)? else {
                self.stop_at(number, CutReason::Nodes);
                return Ok(());
            };
            self.step(Step { from: number, to, kind, owner: key.job, strength, via, transformations: vec![] })?;
        }
        Ok(())
    }
}
