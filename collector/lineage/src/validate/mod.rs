//! Walks an event on the tape, guided by the compiled schemas, and notices what is wrong. Owns the codes, their grades where no
//! schema says, and the bounds. Never reads the text twice, never builds a path unless it has something to say about it,
//! never refuses what `semantics` does not list: a fault inside a facet costs that member and nothing else.

mod code;
mod facets;
mod members;
mod report;
mod scalar;
mod text;
mod walk;

pub use code::Code;
pub(crate) use facets::Keys;
pub(crate) use members::Members;
pub use report::FINDINGS_MAX;
pub(crate) use report::Report;
pub(crate) use walk::{Item, Walk};

/// Bounds of what is accepted and kept. The defaults suit one event of any stock client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest payload, bytes: at most 32 MiB.
    pub payload_bytes_max: usize,
    /// Deepest nesting of arrays and objects; the outermost is 1.
    pub depth_max: usize,
    /// Most values and member names on the tape, 16 bytes each.
    pub nodes_max: usize,
    /// Longest name of a job, dataset or namespace, bytes.
    pub name_bytes_max: usize,
    /// Most datasets of one event, inputs and outputs together, that reach the facts.
    pub datasets_per_run_max: usize,
    /// Most items of any one list in a facet (columns, tags, assertions) that reach the facts.
    pub items_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            payload_bytes_max: 1 << 20,
            depth_max: 64,
            nodes_max: 1 << 20,
            name_bytes_max: 4096,
            datasets_per_run_max: 10_000,
            items_max: 10_000,
        }
    }
}

impl Limits {
    /// Greatest `payload_bytes_max`.
    pub const PAYLOAD_BYTES_CAP: usize = 32 << 20;
}
