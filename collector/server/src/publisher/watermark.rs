//! The watermark: what a partition's publisher has published, as `lineage.recorders` keeps it (key: the partition).
//! Owns its JSON.

use std::sync::Arc;

use ledger::leaf::Hex;
use serde::{Deserialize, Serialize};
use store::tables::{Meta, PublishedRow};

use super::PublisherSettings;
use crate::log::NewRecord;

/// The value of a watermark record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// Incarnation of the source partition, hex.
    pub incarnation: String,
    /// Everything that came from records below this offset is published.
    pub next_offset: u64,
    /// Where a recovery begins to read each alert partition.
    pub delivered: Vec<Delivered>,
    /// Generation of the rule code.
    pub generation: u32,
    /// Where the owner answers.
    pub advertised_url: String,
    /// The owner's seat in the group that shares partitions out; empty where it was written before there were names.
    #[serde(default)]
    pub node: String,
    /// Envelope versions that the owner reads.
    pub envelope_versions: Vec<u16>,
}

/// How far one alert partition is known to hold this publisher's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// The alert partition.
    pub partition: u32,
    /// The offset after the last record known there.
    pub next_offset: u64,
}

impl Watermark {
    pub(super) fn new(meta: &Meta, settings: &PublisherSettings, published: &PublishedRow) -> Self {
        let delivered = |&(partition, next_offset): &(u32, u64)| Delivered { partition, next_offset };
        Watermark {
            incarnation: Hex(meta.incarnation.unwrap_or_default()).to_string(),
            next_offset: published.next_offset,
            delivered: published.delivered.iter().map(delivered).collect(),
            generation: settings.generation,
            advertised_url: settings.advertised_url.clone(),
            node: settings.node.clone(),
            envelope_versions: settings.envelope_versions.clone(),
        }
    }

    /// That of a partition which nobody owns yet: what follows from records below `next_offset` was published elsewhere.
    pub(crate) fn handed_over(incarnation: Hex<16>, next_offset: u64) -> Self {
        Watermark {
            incarnation: incarnation.to_string(),
            next_offset,
            delivered: Vec::new(),
            generation: crate::build::Build::current().generation,
            advertised_url: String::new(),
            node: String::new(),
            envelope_versions: vec![lineage::frame::OLDEST],
        }
    }

    /// Whether both name one owner, which reads and derives the same.
    pub(super) fn names_the_same_owner(&self, other: &Watermark) -> bool {
        let owner = |mark: &Watermark| {
            (mark.advertised_url.clone(), mark.node.clone(), mark.generation, mark.envelope_versions.clone())
        };
        owner(self) == owner(other)
    }

    pub(crate) fn record(&self, topic: &Arc<str>, partition: u32) -> NewRecord {
        let value = serde_json::to_vec(self).expect("a watermark has string keys only");
        NewRecord::new(topic, value).key(partition.to_string())
    }
}
