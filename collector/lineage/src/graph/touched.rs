//! The nodes that one event names: their ids, computed once, and on which side they stand.

use crate::id::NodeId;
use crate::row::Value;
use crate::row::key::{Link, Side};

/// A dataset that the event names on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The dataset.
    pub node: NodeId,
    /// The side.
    pub side: Side,
    /// Only a lineage facet names it.
    pub cited: bool,
    /// Intake guessed it.
    pub inferred: bool,
    /// This run had not named it on this side before.
    pub fresh: bool,
    /// The run's sets had room for it.
    pub kept: bool,
}

/// What one event touches. Names borrow from the event's facts.
#[derive(Clone, Debug, Default)]
pub struct Touched<'a> {
    /// The event's job.
    pub job: Option<NodeId>,
    /// The dataset of a DatasetEvent.
    pub dataset: Option<NodeId>,
    /// Datasets by side: inputs and outputs in the event's order, then those that only facets name.
    pub named: Vec<Named>,
    /// Edges between jobs, and between the names of one dataset.
    pub links: Vec<(NodeId, Link, NodeId)>,
    /// The job's facets by number, with a digest each.
    pub job_facets: Vec<(u8, u32)>,
    /// The schemas that its outputs come with.
    pub schemas: Vec<(NodeId, Value)>,
    /// How many of `known` have their row.
    rows: usize,
    /// Ids already computed.
    known: Vec<(bool, &'a str, &'a str, NodeId)>,
}

impl<'a> Touched<'a> {
    /// A dataset's id, hashed once an event.
    pub fn dataset_id(&mut self, namespace: &'a str, name: &'a str) -> NodeId {
        self.id(true, namespace, name)
    }

    /// A job's id, hashed once an event.
    pub fn job_id(&mut self, namespace: &'a str, name: &'a str) -> NodeId {
        self.id(false, namespace, name)
    }

    /// Adds a dataset on a side unless it is there.
    pub fn add(&mut self, node: NodeId, side: Side, cited: bool, inferred: bool) {
        match self.named.iter_mut().find(|named| named.node == node && named.side == side) {
            Some(named) => {
                named.cited &= cited;
                named.inferred &= inferred;
            }
            None => self.named.push(Named { node, side, cited, inferred, fresh: true, kept: true }),
        }
    }

    /// A dataset on a side.
    pub fn on(&self, side: Side, node: NodeId) -> Option<Named> {
        self.named.iter().find(|named| named.node == node && named.side == side).copied()
    }

    /// Adds an edge unless it is there.
    pub fn link(&mut self, from: NodeId, link: Link, to: NodeId) {
        if !self.links.contains(&(from, link, to)) {
            self.links.push((from, link, to));
        }
    }

    /// Everything named so far has a row.
    pub fn has_rows(&mut self) {
        self.rows = self.known.len();
    }

    /// Names that came up since [`Touched::has_rows`]: true for a dataset, namespace, name, id.
    pub fn without_row(&self) -> &[(bool, &'a str, &'a str, NodeId)] {
        &self.known[self.rows..]
    }

    fn id(&mut self, dataset: bool, namespace: &'a str, name: &'a str) -> NodeId {
        let same = |known: &&(bool, &str, &str, NodeId)| known.0 == dataset && known.2 == name && known.1 == namespace;
        // The newest first: a column facet names one source many times in a row.
        if let Some(known) = self.known.iter().rev().find(same) {
            return known.3;
        }
        let id = if dataset { NodeId::dataset(namespace, name) } else { NodeId::job(namespace, name) };
        self.known.push((dataset, namespace, name, id));
        id
    }
}
