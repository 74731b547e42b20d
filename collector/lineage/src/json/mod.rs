//! Reads JSON once, into a tape of spans, and lets walkers look at it. Owns the grammar (RFC 8259, strictly), its limits and
//! its faults. Never copies text, never recurses, never decides what a value means: that is the validator's.
//!
//! ```
//! use lineage::json::{Limits, Tape, scan};
//! let mut tape = Tape::default();
//! let root = scan(br#"{"job":{"name":"daily"}}"#, &Limits::default(), &mut tape)?;
//! let name = root.get("job").and_then(|job| job.get("name"));
//! assert_eq!(name.and_then(|name| name.as_str()).as_deref(), Some("daily"));
//! # Ok::<(), lineage::json::Fault>(())
//! ```

mod escape;
mod fault;
mod keys;
mod number;
mod path;
mod scan;
mod tape;
mod text;
mod value;

pub use escape::Decoded;
pub(crate) use escape::Piece;
pub use fault::{Fault, FaultKind};
pub use keys::key_hash;
pub use scan::scan;
pub use tape::{Kind, Limits, Tape};
pub use value::{Items, Key, Members, Value};

#[cfg(test)]
pub(crate) mod tests;
