//! Nodes of a walk: each numbered once, named once, and told why the walk ends there.

use super::Walk;
use crate::id::NodeId;
use crate::query::{Answer, Cut, CutReason, NodeRef, Reached, Stop};
use crate::row::{NodeKind, Read};

impl<S: Read> Walk<'_, S> {
    /// The number of a dataset or foreign job, queued when it is new; `None` when there is room for no more.
    pub fn reach(&mut self, node: NodeId, depth: u32) -> Result<Option<usize>, S::Error> {
        self.reach_as(node, None, false, depth, false)
    }

    pub fn reach_as(
        &mut self,
        node: NodeId,
        field: Option<String>,
        possible: bool,
        depth: u32,
        at_once: bool,
    ) -> Result<Option<usize>, S::Error> {
        let place = (node, field);
        if let Some(&number) = self.numbers.get(&place) {
            return Ok(Some(number));
        }
        if self.nodes.len() >= self.request.bounds.nodes_max {
            return Ok(None);
        }
        let number = self.nodes.len();
        let field = place.1.clone();
        let node = self.named(node)?;
        self.nodes.push(Reached { node, field, run: None, possible, depth, stop: None });
        self.numbers.insert(place, number);
        if at_once {
            self.queue.push_front(number);
        } else {
            self.queue.push_back(number);
        }
        Ok(Some(number))
    }

    /// The number of a job that is shown but not walked through.
    pub(super) fn reach_job(&mut self, job: NodeId, depth: u32) -> Result<Option<usize>, S::Error> {
        let known = self.numbers.contains_key(&(job, None));
        let number = self.reach(job, depth)?;
        if !known && number.is_some() {
            self.queue.pop_back();
        }
        Ok(number)
    }

    pub fn stop_at(&mut self, number: usize, reason: CutReason) {
        let cut = self.cut.get_or_insert(Cut { reason, frontier: Vec::new() });
        if !cut.frontier.contains(&number) {
            cut.frontier.push(number);
        }
    }

    pub(super) fn named(&mut self, id: NodeId) -> Result<NodeRef, S::Error> {
        if let Some(known) = self.names.get(&id) {
            return Ok(known.clone());
        }
        let node = match self.view.node(id)? {
            Some(row) => NodeRef { id, kind: row.kind, namespace: row.namespace.clone(), name: row.name.clone() },
            None => NodeRef { id, kind: NodeKind::Dataset, namespace: String::new(), name: String::new() },
        };
        self.names.insert(id, node.clone());
        Ok(node)
    }

    pub(super) fn answer(mut self) -> Answer {
        let mut goes_on = vec![false; self.nodes.len()];
        for hop in &self.hops {
            goes_on[hop.from] = true;
        }
        for (number, node) in self.nodes.iter_mut().enumerate() {
            let at_bound = self.cut.as_ref().is_some_and(|cut| cut.frontier.contains(&number));
            node.stop = match (at_bound, goes_on[number]) {
                (true, _) => Some(Stop::Bound),
                (false, false) => Some(Stop::End),
                (false, true) => None,
            };
        }
        Answer { direction: self.request.direction, nodes: self.nodes, hops: self.hops, cut: self.cut }
    }
}
