//! One question's view of one tenant: its partition, its row, and how fresh the answer is. Never answers for a partition that
//! lives elsewhere.

use std::ops::ControlFlow;
use std::sync::Arc;

use ledger::leaf::Hex;
use lineage::id::NodeId;
use lineage::query::{FoundKind, NodeRef, Resolution, Subject, node_text, resolve, search};
use lineage::row::key::NodeKey;
use lineage::row::{self, NodeKind, NodeRow};
use store::tables::{self, Graph, Meta, TenantRow};
use store::{Read as _, Scan, Store, StoreError, Table};

use crate::config::Witness;
use crate::http::model::{Known, Node, Position};
use crate::http::{Answer, ReadError};
use crate::serve::Core;
use crate::worker::Partition;

/// Names that a text without a kind may stand for.
const READINGS_MAX: usize = 64;
/// Number of a tenant that has no leaf yet: nothing is stored under it.
const NO_NUMBER: u32 = u32::MAX;

pub(super) struct Scope {
    pub partition: Arc<Partition>,
    pub number: u32,
    pub size: u64,
    /// Taken before the answer is read, so that the answer is at least as fresh.
    pub known: Known,
    /// Time of the log, ns UTC.
    pub time_ns: i64,
    /// How many of whose cosignatures a checkpoint needs to be shown.
    pub witness: Witness,
}

impl Scope {
    pub fn of(core: &Core, tenant: &str) -> Result<Self, ReadError> {
        let home = core.desk.homes.of(tenant);
        let Some(partition) = core.owners().and_then(|owners| owners.get(home.partition)) else {
            let reason = format!(
                "partition {} is not open in this process; it is starting, or another process has it",
                home.partition
            );
            return Err(ReadError::Unavailable { reason });
        };
        let meta = tables::get::<Meta>(&partition.store, &[]).map_err(broken)?;
        let row = tables::get::<TenantRow>(&partition.store, tenant.as_bytes()).map_err(broken)?;
        let incarnation = Hex(home.incarnation).to_string();
        let begun = meta.as_ref().filter(|meta| meta.next_offset > 0 && meta.incarnation.is_some());
        let position = begun.map(|meta| Position {
            incarnation,
            partition: home.partition,
            offset: meta.next_offset - 1,
            ordinal: None,
        });
        let size = row.as_ref().map_or(0, |row| row.size);
        Ok(Self {
            number: row.map_or(NO_NUMBER, |row| row.number),
            size,
            known: Known { size, position },
            time_ns: meta.map_or(0, |meta| meta.time_ns),
            witness: core.config.witness.clone(),
            partition,
        })
    }

    pub fn store(&self) -> &Store {
        &self.partition.store
    }

    pub fn graph(&self) -> Graph<'_, Store> {
        self.partition.store.graph(self.number)
    }

    /// Whether rows wait to be published.
    pub fn has_unpublished(&self) -> Result<bool, ReadError> {
        let mut waits = false;
        let scanned = self.store().scan(Scan::prefix(Table::Outbox, &[]), &mut |_, _| {
            waits = true;
            ControlFlow::Break(())
        });
        scanned.map_err(broken)?;
        Ok(waits)
    }

    pub fn answer<T>(self, body: T) -> Answer<T> {
        Answer { body, known: self.known }
    }

    /// Reads a NODE text; without a kind in front, each of `kinds` is tried, then names that are exactly so.
    pub fn subject(&self, text: &str, kinds: &[&str]) -> Result<Subject, ReadError> {
        let graph = self.graph();
        let mut readings: Vec<(Subject, String)> = Vec::new();
        let mut add = |resolution: Resolution, said: &str| match resolution {
            Resolution::One(subject) => readings.push((subject, said.to_owned())),
            Resolution::Several(several) => {
                readings.extend(several.into_iter().map(|(subject, node)| (subject, node_text(&node))));
            }
            Resolution::Unknown | Resolution::Search => {}
        };
        let named = kinds.iter().any(|kind| text.strip_prefix(kind).is_some_and(|rest| rest.starts_with(':')));
        if named {
            add(resolve(&graph, text).map_err(broken)?, text);
        } else {
            for kind in kinds {
                let text = format!("{kind}:{text}");
                add(resolve(&graph, &text).map_err(broken)?, &text);
            }
        }
        if readings.is_empty() && !named {
            readings = self.by_name(text, kinds)?;
        }
        let mut readings = readings.into_iter();
        match (readings.next(), readings.next()) {
            (None, _) => Err(ReadError::NotFound { what: text.to_owned() }),
            (Some((subject, _)), None) => Ok(subject),
            (Some(first), Some(second)) => {
                let candidates = [first, second].into_iter().chain(readings).map(|(_, said)| said).collect();
                Err(ReadError::Ambiguous { candidates })
            }
        }
    }

    /// Nodes whose whole name is `text`, in whatever namespace.
    fn by_name(&self, text: &str, kinds: &[&str]) -> Result<Vec<(Subject, String)>, ReadError> {
        let wanted: Vec<FoundKind> = [("dataset", FoundKind::Dataset), ("job", FoundKind::Job)]
            .into_iter()
            .filter_map(|(name, kind)| kinds.contains(&name).then_some(kind))
            .collect();
        let found = search(&self.graph(), text, &wanted, READINGS_MAX).map_err(broken)?;
        let exact = found.into_iter().filter(|found| found.node.name == text);
        Ok(exact
            .map(|found| {
                let subject = match found.node.kind {
                    NodeKind::Dataset => Subject::Dataset(found.node.id),
                    NodeKind::Job => Subject::Job(found.node.id),
                };
                (subject, node_text(&found.node))
            })
            .collect())
    }

    /// A job or dataset by its id.
    pub fn node(&self, id: NodeId) -> Result<Option<(NodeRow, Node)>, ReadError> {
        let row = row::get::<NodeRow, _>(&self.graph(), &NodeKey { node: id }).map_err(broken)?;
        Ok(row.map(|row| {
            let node = node_of(row.kind, &row.namespace, &row.name);
            (row, node)
        }))
    }

    /// The same, without its row; an id that nothing is stored under is left out by callers.
    pub fn name(&self, id: NodeId) -> Result<Option<Node>, ReadError> {
        Ok(self.node(id)?.map(|(_, node)| node))
    }
}

pub(super) fn node_of(kind: NodeKind, namespace: &str, name: &str) -> Node {
    match kind {
        NodeKind::Dataset => Node::dataset(namespace, name),
        NodeKind::Job => Node::job(namespace, name),
    }
}

pub(super) fn node_ref(node: &NodeRef) -> Node {
    node_of(node.kind, &node.namespace, &node.name)
}

/// A store that fails on a read is our fault.
pub(super) fn broken(error: StoreError) -> ReadError {
    ReadError::Internal(error.to_string())
}
