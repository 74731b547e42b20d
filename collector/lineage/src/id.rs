//! Ids: what makes two events, nodes or alerts the same one. Owns how each is computed and written; every one is a function of
//! its fields alone, so no process has to hand ids out. Vectors: `docs/canonical-form.md`.
//!
//! Every hash is domain-separated and every field is preceded by its length (u32, big-endian), so that no two lists of fields
//! give the same bytes.

mod digest;
mod run;

use blake3::Hasher;

use crate::c14n::{FRAME_BYTES, Form};
use crate::context::{Context, short};

pub use digest::{AlertId, EventId, HexFault, NodeId};
pub use run::{RunId, RunIdFault};

/// What a node of the graph stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// A dataset.
    Dataset,
    /// A job.
    Job,
    /// A run of a job.
    Run,
    /// A dataset as one execution left it.
    DatasetVersion,
    /// A column of a dataset.
    Column,
}

impl NodeKind {
    /// Its name, the first field of a node's id.
    pub fn name(self) -> &'static str {
        match self {
            NodeKind::Dataset => "dataset",
            NodeKind::Job => "job",
            NodeKind::Run => "run",
            NodeKind::DatasetVersion => "dataset-version",
            NodeKind::Column => "column",
        }
    }
}

impl EventId {
    /// Context of the keyed hash.
    pub const CONTEXT: &'static str = "ledgerline v1 event";

    /// The id of the event with this canonical form: BLAKE3 keyed with the tenant's identity key, over [`EventId::CONTEXT`] and
    /// the form.
    pub fn of(identity_key: &[u8; 32], mut form: Form<'_>) -> EventId {
        let mut frame = [0; FRAME_BYTES];
        let (context, length) = frame.split_at_mut(FRAME_BYTES - 4);
        context[..4].copy_from_slice(&length_of(Self::CONTEXT.as_bytes()));
        context[4..].copy_from_slice(Self::CONTEXT.as_bytes());
        length.copy_from_slice(&length_of(form.bytes()));
        EventId(*blake3::keyed_hash(identity_key, form.framed(&frame)).as_bytes())
    }
}

impl NodeId {
    /// Context of the hash.
    pub const CONTEXT: &'static str = "ledgerline v1 node";

    /// A dataset's node.
    pub fn dataset(namespace: &str, name: &str) -> NodeId {
        NodeId::of(NodeKind::Dataset, &[namespace, name])
    }

    /// A job's node.
    pub fn job(namespace: &str, name: &str) -> NodeId {
        NodeId::of(NodeKind::Job, &[namespace, name])
    }

    /// A run's node: over the id's text, lower-cased.
    pub fn run(run: RunId) -> NodeId {
        NodeId::of(NodeKind::Run, &[&run.to_string()])
    }

    /// The node of one version of a dataset.
    pub fn dataset_version(namespace: &str, name: &str, version: &str) -> NodeId {
        NodeId::of(NodeKind::DatasetVersion, &[namespace, name, version])
    }

    /// The node of one column; `column` is its path within the schema.
    pub fn column(namespace: &str, name: &str, column: &str) -> NodeId {
        NodeId::of(NodeKind::Column, &[namespace, name, column])
    }

    fn of(kind: NodeKind, fields: &[&str]) -> NodeId {
        static CONTEXT: Context = Context::new(NodeId::CONTEXT);
        let mut hasher = CONTEXT.hasher();
        field(&mut hasher, kind.name().as_bytes());
        for text in fields {
            field(&mut hasher, text.as_bytes());
        }
        NodeId(short(&hasher))
    }
}

impl AlertId {
    /// Context of the hash.
    pub const CONTEXT: &'static str = "ledgerline v1 alert";

    /// The id of an alert: whose, which rule, about what, and which time it happened (group, version or window). None of them
    /// may depend on the order in which events arrive. It is the key of a compacted topic that all tenants share: two of them may
    /// have jobs and runs of the same names.
    pub fn of(tenant: &str, rule: &str, subject: &[u8], occurrence: &[u8]) -> AlertId {
        let mut hasher = Hasher::new_derive_key(Self::CONTEXT);
        for bytes in [tenant.as_bytes(), rule.as_bytes(), subject, occurrence] {
            field(&mut hasher, bytes);
        }
        AlertId(*hasher.finalize().as_bytes())
    }
}

/// Hashes a field after its length.
fn field(hasher: &mut Hasher, bytes: &[u8]) {
    hasher.update(&length_of(bytes));
    hasher.update(bytes);
}

fn length_of(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).expect("payloads are bounded so that no field comes near 4 GiB").to_be_bytes()
}

/// How an id stands in JSON and other text, for `#[serde(with = "lineage::id::text")]`. By themselves ids are bytes, in every format:
/// Avro's serialisers call themselves human-readable, so that flag can't tell them from JSON.
pub mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes an id as text.
    pub fn serialize<T: Display, S: Serializer>(id: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    /// Reads an id from text.
    pub fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
