//! What walks learned of jobs and nodes, kept for the next one: an alert asks what a hundred jobs do, an event changes one.
//! Owns which row makes which part of it untrue. Answers are the same with and without it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use super::standing::Standing;
use crate::id::NodeId;
use crate::row::key::{EdgeKey, Key, LifeChange, Link, NodeKey, prefix};
use crate::row::{self, EdgeRow, FacetKey, NodeRow, Read, Table};

/// What is kept, in the weights below, each of some tens of bytes; beyond it all is forgotten.
const WEIGHT_MAX: usize = 400_000;
/// Neighbours of one kind of link that are kept; a list that is longer is read anew each time.
const NEIGHBOURS_MAX: usize = 5_000;

/// The other end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The other end.
    pub node: NodeId,
    /// Least event time that says so, ns UTC.
    pub first_seen_ns: i64,
}

/// Other ends, in the order of their ids.
pub type Neighbours = Arc<[Neighbour]>;

/// What is known of one tenant's graph. Whoever keeps it tells it of every row that changes.
#[derive(Debug, Default)]
pub struct Known {
    standings: RefCell<HashMap<(NodeId, bool), Arc<Standing>>>,
    neighbours: RefCell<HashMap<(NodeId, Link), Neighbours>>,
    dropped: RefCell<HashMap<NodeId, i64>>,
    nodes: RefCell<HashMap<NodeId, Option<Arc<NodeRow>>>>,
    weight: Cell<usize>,
}

impl Known {
    /// A row was put or deleted: what was learned from it is forgotten.
    pub fn forget(&self, table: Table, key: &[u8]) {
        let Some(node) = key.first_chunk().map(|bytes| NodeId(*bytes)) else { return };
        let freed = match table {
            Table::Timeline | Table::Group | Table::Member | Table::Flow | Table::Declaration => {
                let mut standings = self.standings.borrow_mut();
                [false, true]
                    .into_iter()
                    .filter_map(|ever| standings.remove(&(node, ever)))
                    .map(|one| one.weight())
                    .sum()
            }
            Table::Edge => EdgeKey::parse(key).map_or(0, |key| self.forget_edge(key)),
            Table::Change => self.dropped.borrow_mut().remove(&node).map_or(0, |_| 1),
            Table::Node => self.nodes.borrow_mut().remove(&node).map_or(0, |row| weight_of(row.as_deref())),
            _ => 0,
        };
        self.weight.set(self.weight.get().saturating_sub(freed));
    }

    /// A job that goes on reading what it read before is still the same neighbour.
    fn forget_edge(&self, key: EdgeKey) -> usize {
        let mut neighbours = self.neighbours.borrow_mut();
        let place = (key.node, key.link);
        let stays = matches!(key.link, Link::ReadBy | Link::WrittenBy);
        match neighbours.get(&place) {
            Some(list) if stays && list.binary_search_by(|one| one.node.cmp(&key.other)).is_ok() => 0,
            Some(_) => neighbours.remove(&place).map_or(0, |list| 1 + list.len()),
            None => 0,
        }
    }

    fn make_room(&self, weight: usize) {
        if self.weight.get() + weight > WEIGHT_MAX {
            self.standings.borrow_mut().clear();
            self.neighbours.borrow_mut().clear();
            self.dropped.borrow_mut().clear();
            self.nodes.borrow_mut().clear();
            self.weight.set(0);
        }
        self.weight.set(self.weight.get() + weight);
    }
}

fn weight_of(row: Option<&NodeRow>) -> usize {
    4 + row.map_or(0, |row| 4 * row.registers.len())
}

/// State as it is read through what is known of it.
pub struct View<'v, S> {
    /// The rows.
    pub state: &'v S,
    known: &'v Known,
}

impl<S> Clone for View<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for View<'_, S> {}

impl<'v, S: Read> View<'v, S> {
    /// Reads `state` through `known`, which must have been told of every change since it was empty.
    pub fn new(state: &'v S, known: &'v Known) -> Self {
        View { state, known }
    }

    /// What stands of a job.
    ///
    /// # Errors
    /// The store's own.
    pub fn standing(&self, job: NodeId, ever: bool, log_time_ns: i64) -> Result<Arc<Standing>, S::Error> {
        let known = self.known.standings.borrow().get(&(job, ever)).cloned();
        if let Some(known) = known.as_ref().filter(|known| known.holds_at(log_time_ns)) {
            return Ok(Arc::clone(known));
        }
        let standing = Arc::new(Standing::read(self.state, job, ever, log_time_ns)?);
        let former = known.map_or(0, |former| former.weight());
        self.known.weight.set(self.known.weight.get().saturating_sub(former));
        self.known.make_room(standing.weight());
        self.known.standings.borrow_mut().insert((job, ever), Arc::clone(&standing));
        Ok(standing)
    }

    /// The other ends of a node's edges of one kind, in the order of their ids, at most `nodes_max`.
    ///
    /// # Errors
    /// The store's own.
    pub fn neighbours(&self, node: NodeId, link: Link, nodes_max: usize) -> Result<Neighbours, S::Error> {
        if let Some(known) = self.known.neighbours.borrow().get(&(node, link)) {
            return Ok(if known.len() <= nodes_max { Arc::clone(known) } else { known[..nodes_max].into() });
        }
        let start = prefix(&[&node.0, &[link as u8]]);
        let rows = row::scan::<EdgeRow, S>(self.state, &start, nodes_max)?;
        let list: Neighbours = rows
            .into_iter()
            .map(|(key, edge)| Neighbour { node: key.other, first_seen_ns: edge.first_seen_ns })
            .collect();
        if list.len() < nodes_max && list.len() <= NEIGHBOURS_MAX {
            self.known.make_room(1 + list.len());
            self.known.neighbours.borrow_mut().insert((node, link), Arc::clone(&list));
        }
        Ok(list)
    }

    /// When a dataset was last dropped: what was said of it until then is history. The least time when it never was.
    ///
    /// # Errors
    /// The store's own.
    pub fn dropped(&self, dataset: NodeId) -> Result<i64, S::Error> {
        if let Some(known) = self.known.dropped.borrow().get(&dataset) {
            return Ok(*known);
        }
        let newest = super::last_change(self.state, dataset, LifeChange::Drop)?;
        let dropped = newest.map_or(i64::MIN, |(time_ns, _)| time_ns);
        self.known.make_room(1);
        self.known.dropped.borrow_mut().insert(dataset, dropped);
        Ok(dropped)
    }

    /// The row of a node.
    ///
    /// # Errors
    /// The store's own.
    pub fn node(&self, node: NodeId) -> Result<Option<Arc<NodeRow>>, S::Error> {
        if let Some(known) = self.known.nodes.borrow().get(&node) {
            return Ok(known.clone());
        }
        let row = row::get::<NodeRow, S>(self.state, &NodeKey { node })?.map(Arc::new);
        self.known.make_room(weight_of(row.as_deref()));
        self.known.nodes.borrow_mut().insert(node, row.clone());
        Ok(row)
    }

    /// What a node says in one facet: `postcard` of the facet's facts.
    ///
    /// # Errors
    /// The store's own.
    pub fn facet(&self, node: NodeId, facet: FacetKey) -> Result<Option<Vec<u8>>, S::Error> {
        match self.node(node)? {
            Some(row) => crate::graph::standing(self.state, &row.registers, facet),
            None => Ok(None),
        }
    }
}
